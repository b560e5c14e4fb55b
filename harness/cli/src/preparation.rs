//! What has to be there before a run: which twins to run, and the packages that they import.

use bloathound_driver::{Cache, Environment, PythonProgram};
use bloathound_scenario::{Scenario, Variant};
use bloathound_vocabulary::PartitionRecord;

use crate::args::{RunArguments, VariantChoice};
use crate::error::CliError;
use crate::home::Home;
use crate::suite::Planned;
use crate::{output, progress};

/// The twins to run, in order, after choice of variant and partition; and which part of what they are.
pub(crate) fn plan<'s>(
    chosen: &[&'s Scenario],
    arguments: &RunArguments,
) -> Result<(Vec<Planned<'s>>, Option<PartitionRecord>), CliError> {
    let wanted = |variant: Variant| match arguments.variant {
        VariantChoice::All => true,
        VariantChoice::Buggy => variant == Variant::Buggy,
        VariantChoice::Fixed => variant == Variant::Fixed,
    };
    let all: Vec<Planned<'_>> = chosen
        .iter()
        .flat_map(|scenario| scenario.variants.keys().map(move |variant| (*scenario, *variant)))
        .filter(|(_, variant)| wanted(*variant))
        .collect();
    if all.is_empty() {
        return Err(CliError::Usage(
            "none of these scenarios has that variant; `bloathound list` shows which have".into(),
        ));
    }
    let Some((part, of)) = arguments.partition else { return Ok((all, None)) };
    let partition = PartitionRecord { part, of, plan: Some(sum(&all)) };
    let of_part = all.into_iter().enumerate().filter(|(n, _)| *n as u32 % of == part - 1).map(|(_, one)| one);
    let of_part: Vec<_> = of_part.collect();
    if of_part.is_empty() {
        output::message(&format!("part {part} of {of} has no run: there are fewer; its results are empty and whole"));
    }
    Ok((of_part, Some(partition)))
}

/// What tells one whole from another, of which they would be parts with the same numbers.
fn sum(all: &[Planned<'_>]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for (scenario, variant) in all {
        // A name has no line break.
        sum.update(format!("{}\n{}\n{}\n", scenario.name, variant.as_str(), scenario.seed).as_bytes());
    }
    sum.finalize()
}

/// The environment of the user's cache, made where it isn't there yet.
pub(crate) fn environment(home: &Home, interpreter: &PythonProgram) -> Result<Environment, CliError> {
    let cache = Cache::of_user()?;
    Ok(cache.prepare(interpreter, &home.lock_file(), &mut |event| progress::environment(&event))?)
}
