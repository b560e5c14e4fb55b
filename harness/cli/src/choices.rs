//! What options choose from, and how their words are read.

use std::fmt;
use std::path::PathBuf;

use bloathound_detect::{RULES, Rule};
use bloathound_generate::CaseClass;
use bloathound_scenario::PythonSeries;
use bloathound_vocabulary::Traffic;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

/// Which twin to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum VariantChoice {
    Buggy,
    Fixed,
    All,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How results are shown, whatever the command.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct ShownArguments {
    /// All tables with all their rows, times, and what is fine as well
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// No progress on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colour; `auto` is on a terminal that is not dumb, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
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

/// What `--python` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PythonChoice {
    /// Every series that is here.
    All,
    /// `2.7`.
    Python27,
    /// `3`: the newest that is here and that the scenario takes.
    Newest3,
    /// One series of 3, such as `3.12`.
    Series(String),
    /// The interpreter at this path.
    Path(PathBuf),
}

/// Reads what `--python` says.
///
/// # Errors
/// It is none of these.
pub(crate) fn parse_python(word: &str) -> Result<PythonChoice, String> {
    match word {
        "all" => Ok(PythonChoice::All),
        "2.7" => Ok(PythonChoice::Python27),
        "3" => Ok(PythonChoice::Newest3),
        _ if word.contains('/') => Ok(PythonChoice::Path(word.into())),
        _ if PythonSeries::of_word(word).is_some() => Ok(PythonChoice::Series(word.to_owned())),
        _ => Err("2.7, 3, a series of 3 such as 3.12, all, or the path of an interpreter".to_owned()),
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

/// Samples a second, as many as the sampler takes.
pub(crate) fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (1.0..=1000.0).contains(&number) => Ok(number),
        _ => Err("meant a number from 1 to 1000".into()),
    }
}

/// A whole number in these bounds; whatever else is written, the bounds are told.
pub(crate) fn whole<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let told = || match u32::try_from(most) {
            Ok(u32::MAX) => format!("meant a whole number from {least} on"),
            _ => format!("meant a whole number from {least} to {most}"),
        };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(told)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_the_bounds_that_hold() {
        let rounds = whole::<u32>(2, 1000);
        assert_eq!((rounds("2"), rounds("1000")), (Ok(2), Ok(1000)));
        for text in ["1", "1001", "99999999999999999999", "x", "-1", "2.5", ""] {
            assert_eq!(rounds(text), Err("meant a whole number from 2 to 1000".to_owned()), "{text}");
        }
        assert_eq!(whole::<u32>(1, u64::from(u32::MAX))("0"), Err("meant a whole number from 1 on".to_owned()));
        assert_eq!((parse_rate("1000"), parse_rate("1")), (Ok(1000.0), Ok(1.0)));
        for text in ["0.5", "1001", "86400", "nan", "x"] {
            assert_eq!(parse_rate(text), Err("meant a number from 1 to 1000".to_owned()), "{text}");
        }
    }

    #[test]
    fn a_python_is_a_series_all_or_a_path() {
        assert_eq!(parse_python("all"), Ok(PythonChoice::All));
        assert_eq!(parse_python("2.7"), Ok(PythonChoice::Python27));
        assert_eq!(parse_python("3"), Ok(PythonChoice::Newest3));
        assert_eq!(parse_python("3.12"), Ok(PythonChoice::Series("3.12".into())));
        assert_eq!(parse_python("/opt/py"), Ok(PythonChoice::Path("/opt/py".into())));
        for word in ["", "4", "python3", "2.6", "3.12.1"] {
            assert!(parse_python(word).is_err(), "{word}");
        }
    }
}
