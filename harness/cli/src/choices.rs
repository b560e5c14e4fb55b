//! What options choose from, and how their words are read.

use std::fmt;

use bloathound_detect::{RULES, Rule};
use bloathound_generate::CaseClass;
use bloathound_vocabulary::Traffic;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// Which twin to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum VariantChoice {
    Buggy,
    Fixed,
    All,
}

/// One twin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum TwinChoice {
    Buggy,
    Fixed,
}

/// How requests come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TrafficChoice {
    /// In this way.
    One(Traffic),
    /// In each way, one after the other.
    All,
}

impl ValueEnum for TrafficChoice {
    fn value_variants<'a>() -> &'a [Self] {
        static EVERY: [TrafficChoice; Traffic::ALL.len() + 1] = {
            let mut every = [TrafficChoice::All; Traffic::ALL.len() + 1];
            let mut at = 0;
            while at < Traffic::ALL.len() {
                every[at] = TrafficChoice::One(Traffic::ALL[at]);
                at += 1;
            }
            every
        };
        &EVERY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::One(traffic) => traffic.as_str(),
            Self::All => "all",
        }))
    }
}

/// What generated cases are to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ClassChoice(pub(crate) CaseClass);

impl ValueEnum for ClassChoice {
    fn value_variants<'a>() -> &'a [Self] {
        static EVERY: [ClassChoice; CaseClass::ALL.len()] = {
            let mut every = [ClassChoice(CaseClass::Leak); CaseClass::ALL.len()];
            let mut at = 0;
            while at < every.len() {
                every[at] = ClassChoice(CaseClass::ALL[at]);
                at += 1;
            }
            every
        };
        &EVERY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

/// A rule that can be switched off.
#[derive(Clone, Copy)]
pub(crate) struct Detector(pub(crate) &'static dyn Rule);

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl ValueEnum for Detector {
    fn value_variants<'a>() -> &'a [Self] {
        static EVERY: [Detector; RULES.len()] = {
            let mut every = [Detector(RULES[0]); RULES.len()];
            let mut at = 0;
            while at < every.len() {
                every[at] = Detector(RULES[at]);
                at += 1;
            }
            every
        };
        &EVERY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let rule = self.0;
        Some(PossibleValue::new(rule.name()).aliases(rule.aliases().iter().copied()).help(rule.about()))
    }
}

pub(crate) fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 86_400.0 => Ok(number),
        _ => Err("meant a number above 0 and up to 86400".into()),
    }
}

pub(crate) fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number @ 1..=64) => Ok(number),
        _ => Err("meant a number from 1 to 64".into()),
    }
}

pub(crate) fn parse_partition(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((k, n)) if k >= 1 && k <= n => Ok((k, n)),
        _ => Err("meant K/N with K from 1 to N, such as 1/2".into()),
    }
}
