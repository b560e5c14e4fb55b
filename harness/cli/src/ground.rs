//! What runs stand on: services on a Python 2.7, or, where there is none and nobody gates on them, recordings.

use std::env;
use std::path::{Path, PathBuf};

use bloathound_driver::{Builder, EnvironmentError, HOW_TO_GET_ONE, Launcher, Limits, PythonError, Search};
use bloathound_scenario::PYTHON;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::home::Home;
use crate::plan::Planned;
use crate::preparation::launcher;
use crate::{output, typed};

/// Variables that say that somebody gates on the outcome.
const GATING: [&str; 2] = ["BLOATHOUND_REQUIRE_LIVE", "CI"];

/// What each run stands on.
#[derive(Clone, Copy)]
pub(crate) struct On<'o> {
    /// Starts the services of ours; none where only services of one's own are run.
    pub(crate) launcher: Option<&'o Launcher>,
    /// The interpreter of those of one's own that ask for one.
    pub(crate) python: Option<&'o Path>,
    /// Deadlines.
    pub(crate) limits: &'o Limits,
}

/// What runs stand on.
pub(crate) enum Ground {
    /// Services, started for them; those of one's own need no launcher.
    Live(Option<Box<Launcher>>),
    /// The recorded runs of the checkout.
    Recorded {
        /// What stands above the results, so that nobody takes them for live ones.
        banner: String,
        /// By `--recorded`; otherwise it is because of what this machine lacks.
        asked_for: bool,
    },
}

/// Live where that is possible. Where it isn't, recorded, unless the outcome is a gate's.
///
/// # Errors
/// Why it can't be live, where recorded runs may not stand in for that.
pub(crate) fn find(arguments: &RunArguments, home: &Home, planned: &[Planned<'_>]) -> Result<Ground, CliError> {
    let of_own = planned.iter().filter(|(scenario, _)| scenario.own.is_some()).count();
    if arguments.recorded && of_own > 0 {
        return Err(CliError::Usage("--recorded: of services of one's own there are no recorded runs".into()));
    }
    if arguments.record.is_some() && of_own > 0 {
        return Err(CliError::Usage("--record: looks at services of one's own are not kept".into()));
    }
    if of_own > 0 && of_own == planned.len() {
        return Ok(Ground::Live(None));
    }
    if arguments.recorded {
        let banner = "recorded, not live: --recorded is given\n".to_owned();
        return Ok(Ground::Recorded { banner, asked_for: true });
    }
    let error = match launcher(home) {
        Ok(launcher) => return Ok(Ground::Live(Some(Box::new(launcher)))),
        // No recorded run stands in for one of these.
        Err(error) if of_own > 0 => return Err(error),
        Err(error) => error,
    };
    let Some(banner) = banner(&error) else { return Err(error) };
    if let Some(why) = gate(arguments) {
        return Err(CliError::NotHere(format!(
            "{error}\n{why}, so no recorded run stands in for a live one; --recorded judges those there are"
        )));
    }
    if let CliError::Environment(_) = error {
        output::message(&error.to_string());
    }
    Ok(Ground::Recorded { banner, asked_for: false })
}

/// What is said above recorded runs, by what the machine lacks; `None` where that is no lack but a mistake, such as a variable
/// that names no Python, or a cache that others may write to.
fn banner(error: &CliError) -> Option<String> {
    let (lack, ways) = match error {
        CliError::NoPython(PythonError::NoPython27 { .. }) => ("no Python 2.7 here", make_python()),
        CliError::Environment(EnvironmentError::Pip { .. } | EnvironmentError::NoPip { .. }) => {
            let prepare = typed::command("prepare");
            ("the services' packages can't be installed here", format!("{prepare} (with a network and a C compiler)\n"))
        }
        _ => return None,
    };
    Some(format!("recorded, not live: {lack}; this makes it live: {ways}"))
}

/// The one command where we can build it, else what anybody can do.
fn make_python() -> String {
    match Builder::find(&Search::from_env()) {
        Some(_) => format!("{}\n", typed::command("prepare --python")),
        None => {
            let ways: String = HOW_TO_GET_ONE.lines().map(|line| format!("  {line}\n")).collect();
            format!("a Python 2.7.\n{ways}")
        }
    }
}

/// Why the outcome is taken for a live one: somebody says so, or programs read what comes out.
fn gate(arguments: &RunArguments) -> Option<String> {
    let given = [
        (arguments.live, "--live"),
        (arguments.json.is_some(), "--json"),
        (arguments.junit.is_some(), "--junit"),
        (arguments.report.is_some(), "--report"),
        (arguments.record.is_some(), "--record"),
        (arguments.partition.is_some(), "--partition"),
        // It is there to see a run fail.
        (!arguments.without.is_empty(), "--without"),
    ];
    let given = given.into_iter().filter_map(|(is, name)| is.then_some(name));
    let option = given.chain(arguments.gate.given()).next().map(|name| format!("{name} is given"));
    option.or_else(|| Some(format!("{} is set", GATING.into_iter().find(|name| env::var_os(name).is_some())?)))
}

/// The interpreter that commands ask for and no file names.
///
/// # Errors
/// There is none.
pub(crate) fn python_of_own(planned: &[Planned<'_>]) -> Result<Option<PathBuf>, CliError> {
    let asks = |(scenario, variant): &Planned<'_>| {
        let own = scenario.own.as_ref().filter(|own| own.python.is_none());
        let of_variant = scenario.variants.get(variant).and_then(|plan| plan.command.as_ref());
        own.is_some_and(|own| of_variant.unwrap_or(&own.command).iter().any(|word| word.contains(PYTHON)))
    };
    if !planned.iter().any(asks) {
        return Ok(None);
    }
    Ok(Some(Search::from_env().find()?.interpreter.executable))
}
