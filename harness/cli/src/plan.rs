//! What is to be run: which twins of which scenarios, under which traffic, and which part of them.

use std::borrow::Cow;

use bloathound_scenario::{Scenario, Traffic, Variant};
use bloathound_vocabulary::{PartitionRecord, name_under};

use crate::args::RunArguments;
use crate::choices::{TrafficChoice, VariantChoice};
use crate::error::CliError;
use crate::output;

/// Which twin of which scenario.
pub(crate) type Planned<'s> = (&'s Scenario, Variant);

/// What a scenario's runs are called in a line: `leak`, `leak bursts`.
pub(crate) fn name(scenario: &Scenario) -> String {
    name_under(
        &scenario.name,
        scenario.on.as_deref(),
        (scenario.traffic != Traffic::Steady).then_some(scenario.traffic),
    )
}

/// The scenarios as they are, or each under the traffic that is asked for. Those that have no rounds are left out then, and
/// named.
///
/// # Errors
/// None of them has rounds.
pub(crate) fn under_traffic<'s>(
    chosen: &'s [Scenario],
    traffic: Option<TrafficChoice>,
) -> Result<Vec<Cow<'s, Scenario>>, CliError> {
    let profiles: &[Traffic] = match &traffic {
        None => return Ok(chosen.iter().map(Cow::Borrowed).collect()),
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

/// The twins to run, in order, after choice of variant and partition; and which part of what they are.
pub(crate) fn plan<'s>(
    chosen: &'s [Cow<'_, Scenario>],
    arguments: &RunArguments,
) -> Result<(Vec<Planned<'s>>, Option<PartitionRecord>), CliError> {
    let wanted = |variant: Variant| match arguments.variant {
        VariantChoice::All => true,
        VariantChoice::Buggy => variant == Variant::Buggy,
        VariantChoice::Fixed => variant == Variant::Fixed,
    };
    let all: Vec<Planned<'_>> = chosen
        .iter()
        .flat_map(|scenario| scenario.variants.keys().map(move |variant| (scenario.as_ref(), *variant)))
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
        sum.update(format!("{}\n{}\n{}\n", name(scenario), variant.as_str(), scenario.seed).as_bytes());
    }
    sum.finalize()
}
