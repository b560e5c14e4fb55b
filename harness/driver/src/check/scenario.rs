//! A scenario of a service of one's own as what a check does.

use std::path::Path;
use std::time::Duration;

use bloathound_scenario::{Load, Own, PYTHON, Scenario, VariantPlan};

use super::{CheckLoad, CheckPlan, CheckTarget, OwnRequest};
use crate::service::OwnCommand;

/// From one look to the next without load, where the file does not say.
const INTERVAL: Duration = Duration::from_secs(5);
/// The longest that it goes on without load and a number of looks.
const MAX_TIME: Duration = Duration::from_secs(120);
/// How long a request, or a load command, may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What a variant of such a scenario starts, and how it is looked at: by all rules, to be changed where somebody wants less.
/// `python` stands for the interpreter where the file names none. `None` for a scenario of a service of ours.
#[must_use]
pub fn of_scenario(
    scenario: &Scenario,
    variant: &VariantPlan,
    python: Option<&Path>,
    ready_within: Duration,
) -> Option<(CheckTarget, CheckPlan)> {
    let own = scenario.own.as_ref()?;
    let observe = &scenario.observe;
    let looks = own.looks.and_then(|looks| u32::try_from(looks).ok());
    let plan = CheckPlan {
        load: scenario.load.as_ref().map(|load| load_of(own, load)),
        warm_up: scenario.warm_up,
        requests: scenario.load.as_ref().map_or(0, |load| load.requests),
        spread: scenario.round_requests(),
        numbers: scenario.request_numbers(),
        ledger: variant.ledger.clone(),
        concurrency: scenario.load.as_ref().map_or(1, |load| load.concurrency),
        rounds: looks,
        interval: own.every.unwrap_or(INTERVAL),
        max_time: MAX_TIME,
        answer_within: ANSWER_WITHIN,
        sample: observe.hot.as_ref().map_or(Duration::ZERO, |hot| hot.duration),
        children: own.children,
        without: Vec::new(),
        illustrate: false,
        look: Default::default(),
    };
    Some((CheckTarget::Command(command(own, variant, python, ready_within)), plan))
}

fn load_of(own: &Own, load: &Load) -> CheckLoad {
    if let Some(line) = &own.load_command {
        return CheckLoad::Command(line.clone());
    }
    let sum = load.others.iter().fold(load.weight, |sum, mixed| sum.saturating_add(mixed.weight));
    CheckLoad::Requests((0..sum).map(|place| OwnRequest::of(load.at(place))).collect())
}

fn command(own: &Own, variant: &VariantPlan, python: Option<&Path>, ready_within: Duration) -> OwnCommand {
    let python = own.python.as_deref().or(python).map(|path| path.display().to_string()).unwrap_or_default();
    let words = variant.command.as_ref().unwrap_or(&own.command);
    let mut variables = Vec::new();
    if let Some(environment) = &own.environment {
        // As its `activate` does it.
        let before = std::env::var("PATH").unwrap_or_default();
        variables.push(("PATH".to_owned(), format!("{}:{before}", environment.join("bin").display())));
        variables.push(("VIRTUAL_ENV".to_owned(), environment.display().to_string()));
    }
    let named = own.variables.iter().chain(&variant.variables);
    variables.extend(named.map(|(name, value)| (name.clone(), value.clone())));
    OwnCommand {
        words: words.iter().map(|word| word.replace(PYTHON, &python)).collect(),
        folder: Some(own.folder.clone()),
        variables,
        port: own.port,
        ready: own.ready.clone(),
        ready_within: own.ready_within.unwrap_or(ready_within),
    }
}
