//! The one map of exit codes: what each number says, which outcome and which error has it, and which wins where several
//! things happened at once. The README shows the same table, and a test holds the two together.

use bloathound_driver::{BuildError, RunError};
use bloathound_engine::Stop;
use bloathound_kit::KitError;
use bloathound_memory::{RecordError, SealedError};
use bloathound_vocabulary::{Outcome, RunResults};

use crate::error::CliError;

/// How a command ended. Other programs go by these numbers: none ever changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Exit {
    /// As expected.
    AsExpected = 0,
    /// An expectation failed: a bug missed, a false alarm, a gate.
    ExpectationFailed = 1,
    /// Wrong usage, or a file of the user's that can't be read or is refused.
    Usage = 2,
    /// This machine or this user can't; the message says what to do.
    NotHere = 3,
    /// A run was INVALID: the bug did not happen, or there was too little processor to judge by.
    Invalid = 4,
    /// A run could not be made, or a service did not answer as it has to.
    NoRun = 5,
    /// An output could not be written.
    NotWritten = 6,
    /// Ended by SIGINT, as shells count it: 128 and the signal's number.
    Interrupted = 130,
    /// Ended by SIGTERM, or by the terminal's end.
    Terminated = 143,
}

/// The words for each code of `--help` and, compared by a test, of the README.
pub(crate) const MEANINGS: [(Exit, &str); 9] = [
    (Exit::AsExpected, "as expected"),
    (Exit::ExpectationFailed, "an expectation failed: a bug missed, a false alarm, a gate"),
    (Exit::Usage, "wrong usage, or a file that can't be read or is refused (a scenario's with file and line)"),
    (Exit::NotHere, "this machine can't: no Python 2.7, no permission, an unsupported interpreter; it says what to do"),
    (
        Exit::Invalid,
        "a run was INVALID: the bug did not happen by the service's own account, or there was too little processor to judge by",
    ),
    (
        Exit::NoRun,
        "a run could not be made: the service didn't start, died, or answered wrongly; the others are made all the same",
    ),
    (Exit::NotWritten, "an output can't be written: said before the work begins, or after the rest is done and said"),
    (Exit::Interrupted, "ended by Ctrl-C: what was measured is written and said to be partial"),
    (Exit::Terminated, "ended by SIGTERM: the same"),
];

impl Exit {
    /// The number that the process exits by.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// Where several things happened at once: 6, then 130 and 143, then 5, then 1, then 4 win over 0. The others stop a
    /// command before it has done anything, and stand above all.
    fn rank(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Invalid => 1,
            Self::ExpectationFailed => 2,
            Self::NoRun => 3,
            Self::Interrupted | Self::Terminated => 4,
            Self::NotWritten => 5,
            Self::Usage | Self::NotHere => 6,
        }
    }

    /// The one of both that wins.
    pub(crate) fn or_worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// Of runs that were made.
    pub(crate) fn of_results(results: &RunResults) -> Self {
        match bloathound_score::outcome_of_all(&results.runs) {
            Outcome::Pass => Self::AsExpected,
            Outcome::Fail => Self::ExpectationFailed,
            Outcome::Invalid => Self::Invalid,
            Outcome::Error => Self::NoRun,
        }
    }

    /// Of a command that was ended early.
    pub(crate) fn of_stop(stop: Stop) -> Self {
        match stop {
            Stop::Interrupt => Self::Interrupted,
            Stop::Terminate => Self::Terminated,
        }
    }

    /// Of a whole run: its outcomes, what ended it early, and what could not be written, each of which is told.
    pub(crate) fn of_suite(
        results: &RunResults,
        stopped: Option<Stop>,
        unwritten: &[CliError],
        tell: &mut dyn FnMut(&str),
    ) -> Self {
        let mut exit = Self::of_results(results);
        if let Some(stop) = stopped {
            exit = exit.or_worse(Self::of_stop(stop));
        }
        for error in unwritten {
            let failed = Self::of_error(error);
            if failed != Self::AsExpected {
                tell(&error.to_string());
            }
            exit = exit.or_worse(failed);
        }
        exit
    }

    /// Of a command that could not do its work.
    pub(crate) fn of_error(error: &CliError) -> Self {
        match error {
            CliError::ReaderGone => Self::AsExpected,
            CliError::Usage(_) | CliError::Scenario(_) | CliError::UnknownScenario(_) | CliError::File { .. } => {
                Self::Usage
            }
            CliError::NotMeasured(_) | CliError::Check(_) => Self::NoRun,
            CliError::NoPython(_) | CliError::Environment(_) | CliError::Examine(_) | CliError::NotHere(_) => {
                Self::NotHere
            }
            CliError::Build(BuildError::Stopped { stop }) => Self::of_stop(*stop),
            CliError::Build(_) => Self::NotHere,
            CliError::Kit(error) => Self::of_kit(error),
            CliError::Run { source, .. } => Self::of_run(source),
            CliError::Output { .. } | CliError::Unwritten(_) => Self::NotWritten,
            CliError::Stopped { stop, .. } => Self::of_stop(*stop),
        }
    }

    /// Of a run that broke off: what is to be recorded is an output like any other.
    fn of_run(error: &RunError) -> Self {
        let source = match error {
            RunError::Stopped { stop } => return Self::of_stop(*stop),
            RunError::Observer { source } => source,
            _ => return Self::NoRun,
        };
        let not_written = source.is::<RecordError>() || source.is::<SealedError>();
        if not_written { Self::NotWritten } else { Self::NoRun }
    }

    /// Of a service's own diagnostics, by whatever command they were asked.
    fn of_kit(error: &KitError) -> Self {
        match error {
            KitError::Interrupted => Self::Interrupted,
            KitError::Refused { .. } | KitError::Credentials(_) | KitError::BadDump { .. } => Self::Usage,
            KitError::TimedOut { .. } | KitError::BadAnswer { .. } => Self::NoRun,
            KitError::NoProcess { .. }
            | KitError::NotPermitted { .. }
            | KitError::NoDiagnostics { .. }
            | KitError::NoAnswerer { .. }
            | KitError::Unsafe { .. }
            | KitError::Stranger { .. }
            | KitError::DumpTooLarge { .. }
            | KitError::Manhole(_)
            | KitError::Io { .. } => Self::NotHere,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn results(outcomes: &[&str]) -> RunResults {
        let runs: Vec<_> = outcomes
            .iter()
            .map(|outcome| {
                json!({"scenario": "leak", "variant": "buggy", "seed": 1, "valid": true, "outcome": outcome,
                       "requests": 1, "seconds": 1.0, "expected": [], "findings": [], "problems": []})
            })
            .collect();
        let whole = json!({"schema_version": bloathound_vocabulary::SCHEMA_VERSION, "tool": {"name": "bloathound", "version": "0"}, "host": {},
                           "runs": runs, "scores": {}});
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_failed_run_outranks_an_invalid_one() {
        for (outcomes, exit) in [
            (&[][..], Exit::AsExpected),
            (&["pass"], Exit::AsExpected),
            (&["pass", "fail"], Exit::ExpectationFailed),
            (&["invalid", "pass"], Exit::Invalid),
            (&["invalid", "fail", "pass"], Exit::ExpectationFailed),
            (&["fail", "invalid"], Exit::ExpectationFailed),
            (&["fail", "error", "pass"], Exit::NoRun),
            (&["error", "fail", "invalid"], Exit::NoRun),
        ] {
            assert_eq!(Exit::of_results(&results(outcomes)), exit, "{outcomes:?}");
        }
    }

    #[test]
    fn of_several_the_contract_says_which_wins() {
        let order = [
            Exit::NotWritten,
            Exit::Interrupted,
            Exit::NoRun,
            Exit::ExpectationFailed,
            Exit::Invalid,
            Exit::AsExpected,
        ];
        for (place, winner) in order.into_iter().enumerate() {
            for loser in &order[place..] {
                assert_eq!(winner.or_worse(*loser), winner);
                assert_eq!(loser.or_worse(winner), winner);
            }
        }
    }

    #[test]
    fn an_output_that_can_not_be_written_is_no_wrong_usage_and_a_run_that_broke_off_no_miss() {
        let path = Path::new("results.json");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let run = |source: RunError| CliError::Run { scenario: "a".into(), variant: "b".into(), source: source.into() };
        let unwritten = RecordError::Io { path: path.into(), cause: full() };
        let refused = KitError::Refused { command: "x".into(), reason: "y".into() };
        for (error, number) in [
            (CliError::output(path, full()), 6),
            (CliError::file(path, full()), 2),
            (CliError::stdout(full()), 6),
            (CliError::stdout(io::ErrorKind::BrokenPipe.into()), 0),
            (run(RunError::NoTrigger), 5),
            (run(RunError::Observer { source: "the page is gone".into() }), 5),
            (run(RunError::Observer { source: unwritten.into() }), 6),
            (refused.into(), 2),
            (KitError::Interrupted.into(), 130),
            (run(RunError::Stopped { stop: Stop::Terminate }), 143),
            (CliError::stopped(Stop::Interrupt, "no image"), 130),
        ] {
            assert_eq!(Exit::of_error(&error).number(), number, "{error}");
        }
    }

    #[test]
    fn the_readme_shows_these_numbers_with_these_words() {
        let readme = include_str!("../../../README.md");
        let rows: String = MEANINGS.iter().map(|(exit, words)| format!("| {} | {words} |\n", exit.number())).collect();
        assert!(readme.contains(&rows), "README's table is to be:\n{rows}");
    }
}
