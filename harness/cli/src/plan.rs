//! What is to be run: which twins of which scenarios, under which traffic, and which part of them.

use std::borrow::Cow;

use bloathound_scenario::{Scenario, Traffic, Variant};
use bloathound_vocabulary::name_under;

use crate::args::RunArguments;
use crate::choices::{TrafficChoice, VariantChoice};
use crate::error::CliError;
use crate::output;

/// What a scenario's runs are called in a line: `leak`, `leak bursts`.
pub(crate) fn name(scenario: &Scenario) -> String {
    name_under(&scenario.name, (scenario.traffic != Traffic::Steady).then_some(scenario.traffic))
}

/// The scenarios as they are, or each under the traffic that is asked for. Those that have no rounds are left out then, and
/// named.
///
/// # Errors
/// None of them has rounds.
pub(crate) fn under_traffic<'s>(
    chosen: &[&'s Scenario],
    traffic: Option<TrafficChoice>,
) -> Result<Vec<Cow<'s, Scenario>>, CliError> {
    let profiles: &[Traffic] = match &traffic {
        None => return Ok(chosen.iter().map(|scenario| Cow::Borrowed(*scenario)).collect()),
        Some(TrafficChoice::One(one)) => std::slice::from_ref(one),
        Some(TrafficChoice::All) => &Traffic::ALL,
    };
    let (able, left_out): (Vec<&Scenario>, Vec<&Scenario>) = chosen.iter().partition(|scenario| scenario.has_rounds());
    if able.is_empty() {
        return Err(CliError::Usage(
            "none of these scenarios has rounds of load that traffic could spread over".into(),
        ));
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|scenario| scenario.name.as_str()).collect();
        output::message(&format!("left out, since they have no rounds of load: {}", names.join(", ")));
    }
    let under = |scenario: &Scenario, traffic| Cow::Owned(Scenario { traffic, ..scenario.clone() });
    Ok(able.iter().flat_map(|scenario| profiles.iter().map(|traffic| under(scenario, *traffic))).collect())
}

/// The twins to run, in order, after choice of variant and partition.
pub(crate) fn plan<'s>(
    chosen: &'s [Cow<'_, Scenario>],
    arguments: &RunArguments,
) -> Result<Vec<(&'s Scenario, Variant)>, CliError> {
    let wanted = |variant: Variant| match arguments.variant {
        VariantChoice::All => true,
        VariantChoice::Buggy => variant == Variant::Buggy,
        VariantChoice::Fixed => variant == Variant::Fixed,
    };
    let all: Vec<(&Scenario, Variant)> = chosen
        .iter()
        .flat_map(|scenario| scenario.variants.keys().map(move |variant| (scenario.as_ref(), *variant)))
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
