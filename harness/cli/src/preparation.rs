//! What has to be there before a run: which twins to run, and the packages that they import.

use bloathound_driver::{Cache, Environment, PythonProgram};
use bloathound_scenario::{Scenario, Variant};

use crate::args::{RunArguments, VariantChoice};
use crate::error::CliError;
use crate::home::Home;
use crate::progress;

/// The twins to run, in order, after choice of variant and partition.
pub(crate) fn plan<'s>(
    chosen: &[&'s Scenario],
    arguments: &RunArguments,
) -> Result<Vec<(&'s Scenario, Variant)>, CliError> {
    let wanted = |variant: Variant| match arguments.variant {
        VariantChoice::All => true,
        VariantChoice::Buggy => variant == Variant::Buggy,
        VariantChoice::Fixed => variant == Variant::Fixed,
    };
    let all: Vec<(&Scenario, Variant)> = chosen
        .iter()
        .flat_map(|scenario| scenario.variants.keys().map(move |variant| (*scenario, *variant)))
        .filter(|(_, variant)| wanted(*variant))
        .collect();
    if all.is_empty() {
        return Err(CliError::Usage(
            "none of these scenarios has that variant; `bloathound list` shows which have".into(),
        ));
    }
    let Some((part, of)) = arguments.partition else { return Ok(all) };
    Ok(all.into_iter().enumerate().filter(|(n, _)| *n as u32 % of == part - 1).map(|(_, one)| one).collect())
}

/// The environment of the user's cache, made where it isn't there yet.
pub(crate) fn environment(home: &Home, interpreter: &PythonProgram) -> Result<Environment, CliError> {
    let cache = Cache::of_user()?;
    Ok(cache.prepare(interpreter, &home.lock_file(), &mut |event| progress::environment(&event))?)
}
