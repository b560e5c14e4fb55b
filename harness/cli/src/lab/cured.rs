//! The cure: the same answers, all of the work, and nothing to be found any more.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bloathound_driver::{Launcher, ask};
use bloathound_engine::Interrupt;
use bloathound_lab::{Drawn, Version};
use bloathound_scenario::NUMBER;
use serde_json::Value;

use super::bench::{Bench, Ran};
use crate::error::CliError;

/// Numbers of the requests whose answers are compared.
const NUMBERS: std::ops::RangeInclusive<u64> = 1..=20;
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// What a cure is worth.
pub(crate) struct Cured {
    pub(crate) passed: bool,
    /// What is said of it.
    pub(crate) says: Vec<String>,
    /// The run, where it came to one.
    pub(crate) ran: Option<Ran>,
}

impl Cured {
    fn refused(why: impl Into<String>, ran: Option<Ran>) -> Self {
        Self { passed: false, says: vec![why.into()], ran }
    }
}

/// Judges a service. `lock`: the packages it runs on, where they are its own; `right` those of the solution.
///
/// # Errors
/// What it is compared with can't be run.
pub(crate) fn judge(
    on: (&Drawn, &Launcher),
    service: &str,
    lock: Option<&Path>,
    right: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<Cured, CliError> {
    let bench = Bench::new(on, service, lock, interrupt)?;
    if let Some(why) = differs(on, &bench, right, interrupt)? {
        return Ok(Cured::refused(why, None));
    }
    let ran = match bench.run(None) {
        Ok(ran) => ran,
        Err(CliError::Stopped { stop, said }) => return Err(CliError::Stopped { stop, said }),
        Err(error) => {
            let why = format!("the service did not live through the load: {error}");
            return Ok(Cured::refused(why, None));
        }
    };
    if let Some(finding) = ran.record.findings.first() {
        let why = format!("it still has a fault, found under the same load: {}", finding.summary.replace('\n', " "));
        return Ok(Cured::refused(why, Some(ran)));
    }
    if let Some(told) = ran.observed(on.0.lab.told.as_deref().unwrap_or_default()) {
        let why = format!("it is still so under the same load: {told}");
        return Ok(Cured::refused(why, Some(ran)));
    }
    if let Some(undone) = ran.undone.first() {
        let why = format!(
            "the service no longer does its work: {undone}. A cure keeps the work and lets go of what it does not need: \
             leaving it out is no cure"
        );
        return Ok(Cured::refused(why, Some(ran)));
    }
    let says = vec!["the same answers, all of its work, and nothing is found any more".to_owned()];
    Ok(Cured { passed: true, says, ran: Some(ran) })
}

/// In what its answers differ from the solution's.
fn differs(
    on: (&Drawn, &Launcher),
    bench: &Bench<'_>,
    right: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<Option<String>, CliError> {
    let solution = Bench::new(on, &on.0.service(Version::Solved)?, right, interrupt)?;
    let right = solution.start()?;
    let service = match bench.start() {
        Ok(service) => service,
        Err(error) => return Ok(Some(format!("the service does not start: {error}"))),
    };
    for path in &on.0.lab.same {
        let numbers = if path.contains(NUMBER) { NUMBERS } else { 1..=1 };
        for number in numbers {
            let path = path.replace(NUMBER, &number.to_string());
            let wanted = ask(right.port(), &path, ANSWER_WITHIN)
                .map_err(|error| CliError::NotMeasured(format!("the solution does not answer {path}: {error}")))?;
            match ask(service.port(), &path, ANSWER_WITHIN) {
                Ok(given) if given == wanted => {}
                Ok(given) => return Ok(Some(other_answer(&path, &wanted, &given))),
                Err(error) => return Ok(Some(format!("GET {path} is not answered: {error}"))),
            }
        }
    }
    Ok(None)
}

fn other_answer(path: &str, wanted: &[u8], given: &[u8]) -> String {
    let start = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().chars().take(120).collect::<String>();
    format!(
        "the service answers GET {path} otherwise than before: {} instead of {}. Its customers would notice: a cure changes no answer",
        start(given),
        start(wanted)
    )
}

/// Figures of a ledger as texts, those inside others by a dot.
pub(crate) fn figures(ledger: &Value) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    for (name, value) in ledger.as_object().into_iter().flatten() {
        match value {
            Value::Number(number) => drop(figures.insert(name.clone(), number.to_string())),
            Value::String(text) => drop(figures.insert(name.clone(), text.clone())),
            _ => {}
        }
    }
    figures
}
