//! What runs stand on: services on the Pythons that are here, or, where there is none and nobody gates on them, recordings.

use std::path::{Path, PathBuf};

use bloathound_driver::{Builder, EnvironmentError, HOW_TO_GET_ONE, Launcher, Limits, PythonError, Search};
use bloathound_scenario::{PYTHON, Scenario};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::home::Home;
use crate::plan::Planned;
use crate::preparation::{launcher_3, launcher_27};
use crate::pythons::Pythons;
use crate::{gating, output, typed};

/// What starts services of ours, by the series that they run on.
#[derive(Default)]
pub(crate) struct Launchers(Vec<Launcher>);

impl Launchers {
    /// What starts this one's; none for services of one's own.
    pub(crate) fn of(&self, scenario: &Scenario) -> Option<&Launcher> {
        let series = scenario.on.as_deref().unwrap_or(SERIES_27);
        self.0.iter().find(|launcher| scenario.own.is_none() && launcher.interpreter.series() == series)
    }

    /// The releases that they run on; none where there is none.
    pub(crate) fn releases(&self) -> Option<String> {
        let releases: Vec<&str> = self.0.iter().map(|launcher| &*launcher.interpreter.version).collect();
        (!releases.is_empty()).then(|| releases.join(", "))
    }
}

/// Of scenarios for which no series is chosen.
const SERIES_27: &str = "2.7";

/// What each run stands on.
#[derive(Clone, Copy)]
pub(crate) struct On<'o> {
    /// Start the services of ours.
    pub(crate) launchers: &'o Launchers,
    /// The interpreter of those of one's own that ask for one.
    pub(crate) python: Option<&'o Path>,
    /// Deadlines.
    pub(crate) limits: &'o Limits,
}

/// What runs stand on.
pub(crate) enum Ground {
    /// Services, started for them; those of one's own need no launcher.
    Live(Launchers),
    /// The recorded runs of the checkout.
    Recorded {
        /// What stands above the results, so that nobody takes them for live ones.
        banner: String,
        /// By `--recorded`; otherwise it is because of what this machine lacks.
        asked_for: bool,
    },
}

/// Live where that is possible. Where it isn't, recorded, unless the outcome is a gate's. Where services of CPython 3 can run
/// and those of 2.7 can't, the former are live and the latter are taken from the plan, unless they were named.
///
/// # Errors
/// Why it can't be live, where recorded runs may not stand in for that.
pub(crate) fn find(
    arguments: &RunArguments,
    home: &Home,
    pythons: &Pythons,
    planned: &mut Vec<Planned<'_>>,
) -> Result<Ground, CliError> {
    let of_own = planned.iter().filter(|(scenario, _)| scenario.own.is_some()).count();
    if arguments.recorded && of_own > 0 {
        return Err(CliError::Usage("--recorded: of services of one's own there are no recorded runs".into()));
    }
    if arguments.record.is_some() && of_own > 0 {
        return Err(CliError::Usage("--record: looks at services of one's own are not kept".into()));
    }
    if arguments.recorded {
        let banner = "recorded, not live: --recorded is given\n".to_owned();
        return Ok(Ground::Recorded { banner, asked_for: true });
    }
    let mut launchers = launchers_3(home, pythons, planned);
    let needs_27 = |(scenario, _): &Planned<'_>| scenario.own.is_none() && scenario.on.is_none();
    if !planned.iter().any(needs_27) {
        return Ok(Ground::Live(launchers));
    }
    let error = match pythons.two().and_then(|python| launcher_27(home, python)) {
        Ok(launcher) => {
            launchers.0.insert(0, launcher);
            return Ok(Ground::Live(launchers));
        }
        // No recorded run stands in for one of these.
        Err(error) if of_own > 0 => return Err(error),
        Err(error) => error,
    };
    let Some((lack, ways)) = lack(&error) else { return Err(error) };
    if let Some(why) = gating::why(arguments) {
        return Err(CliError::NotHere(format!(
            "{error}\n{why}, so no recorded run stands in for a live one; --recorded judges those there are"
        )));
    }
    if !launchers.0.is_empty() {
        if !arguments.names.is_empty() {
            return Err(error);
        }
        let all = planned.len();
        planned.retain(|one| !needs_27(one));
        let left_out = all - planned.len();
        output::message(&format!(
            "left out: {left_out} runs of services for 2.7: {lack}; this makes them live: {ways}"
        ));
        return Ok(Ground::Live(launchers));
    }
    if let CliError::Environment(_) = error {
        output::message(&error.to_string());
    }
    let banner = format!("recorded, not live: {lack}; this makes it live: {ways}");
    Ok(Ground::Recorded { banner, asked_for: false })
}

/// One for each series of 3 that is planned.
fn launchers_3(home: &Home, pythons: &Pythons, planned: &[Planned<'_>]) -> Launchers {
    let mut launchers: Vec<Launcher> = Vec::new();
    for series in planned.iter().filter_map(|(scenario, _)| scenario.on.as_deref()) {
        if launchers.iter().all(|known| known.interpreter.series() != series) {
            launchers.extend(pythons.three(series).map(|python| launcher_3(home, python.clone())));
        }
    }
    Launchers(launchers)
}

/// What the machine lacks, and what makes up for it; `None` where that is no lack but a mistake, such as a variable
/// that names no Python, or a cache that others may write to.
fn lack(error: &CliError) -> Option<(&'static str, String)> {
    match error {
        CliError::NoPython(PythonError::NoPython27 { .. }) => Some(("no Python 2.7 here", make_python())),
        CliError::Environment(EnvironmentError::Pip { .. } | EnvironmentError::NoPip { .. }) => {
            let prepare = typed::command("prepare");
            let ways = format!("{prepare} (with a network and a C compiler)\n");
            Some(("the services' packages can't be installed here", ways))
        }
        _ => None,
    }
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
