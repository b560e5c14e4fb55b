//! `bloathound run`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bloathound_detect::{Thresholds, rules_hash};
use bloathound_driver::{Launcher, Limits};
use bloathound_engine::record::RecordedRun;
use bloathound_engine::{Interrupt, Stop, tool};
use bloathound_report::html::{HtmlReport, RunExtras, RunKey};
use bloathound_report::text;
use bloathound_scenario::Scenario;
use bloathound_vocabulary::{Outcome, RunRecord, name_under};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::ground::{self, Ground};
use crate::home::Home;
use crate::plan::{self, Planned};
use crate::score::replayed;
use crate::twin::Twin;
use crate::{chosen, gate, generated, host, output, recorded, suite, written};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    // Gone with this function, and with it the services that run from there.
    let generated = generated::generate(arguments, &home)?;
    let mut scenarios = chosen::all(&home, &arguments.names, generated.as_ref())?;
    if let Some(seed) = arguments.seed {
        // From here on it is the scenario's own, for whatever varies by it.
        scenarios.iter_mut().for_each(|scenario| scenario.seed = seed);
    }
    let chosen: Vec<&Scenario> = scenarios.iter().collect();
    let chosen = plan::under_traffic(&chosen, arguments.traffic)?;
    let (planned, partition) = plan::plan(&chosen, arguments)?;
    let gate = arguments.gate.open(arguments.partition.is_some())?;
    let _held = written::check(arguments)?;
    let (host, made) = match ground::find(arguments, &home)? {
        Ground::Live(launcher) => {
            let host = host::facts(Some(&launcher.interpreter.version));
            (host, live(&planned, &launcher, arguments, generated.is_some())?)
        }
        Ground::Recorded { banner, asked_for } => {
            let runs = recorded::matching(&home, &planned, arguments, asked_for)?;
            (host::facts(None), of_recorded(&runs, &banner, arguments)?)
        }
    };
    let Made { runs, extras, mut unwritten, stopped } = made;
    let mut results = bloathound_score::results(tool(), host, partition, runs);
    results.rules = Some(rules_hash(&Thresholds::default()));
    results.partial = stopped.as_ref().map(|(_, why)| why.clone().into());
    show(arguments, &text::summary(&results, output::color()));
    unwritten.extend(written::run(arguments, &HtmlReport { results: &results, extras: &extras }));
    let (held, lost) = gate.close(&results, &gate::scenario_files(&home.scenarios(), &planned));
    unwritten.extend(lost);
    if let Some((_, why)) = &stopped {
        output::message(why);
    }
    let exit = Exit::of_suite(&results, stopped.map(|(stop, _)| stop), &unwritten, &mut output::message);
    Ok(exit.or_worse(held).number())
}

/// What became of the runs.
#[derive(Default)]
struct Made {
    runs: Vec<RunRecord>,
    extras: BTreeMap<RunKey, RunExtras>,
    /// What can't be written keeps nothing else from being run, written and said.
    unwritten: Vec<CliError>,
    /// Who wanted us to end, and how far it came until then.
    stopped: Option<(Stop, String)>,
}

/// To stdout, where nothing else may be beside the JSON.
fn show(arguments: &RunArguments, text: &str) {
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(text);
    }
}

fn show_run(arguments: &RunArguments, record: &RunRecord, layout: text::Layout) {
    show(arguments, &text::run_line(record, layout, output::color()));
    show(arguments, &text::failure(record, output::color()));
}

/// Each run made with a service of its own.
fn live(
    planned: &[Planned<'_>],
    launcher: &Launcher,
    arguments: &RunArguments,
    is_generated: bool,
) -> Result<Made, CliError> {
    let names: Vec<String> = planned.iter().map(|(scenario, _)| plan::name(scenario)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    // Services begin here, and with them what is to be kept and cleaned up.
    let ready_within = Duration::from_secs_f64(arguments.ready_within);
    // Of generated cases there are many, and what looking costs is measured on the others.
    let measure_disturbance = !is_generated;
    let limits = Limits { ready_within, measure_disturbance, interrupt: Interrupt::take()?, ..Limits::default() };
    show(arguments, &layout.header(output::color()));
    let mut made = Made::default();
    let suite = suite::run(planned, (launcher, &limits), arguments, &mut |(scenario, _), twin| {
        let Twin { record, found, unwritten: lost } = twin;
        made.unwritten.extend(lost);
        if let (Some(folder), Some(found)) = (&arguments.report, &found) {
            match super::report::extras(folder, scenario, &record, found) {
                Ok(more) => drop(made.extras.insert(RunKey::from(&record), more)),
                Err(error) => made.unwritten.push(error),
            }
        }
        show_run(arguments, &record, layout);
        made.runs.push(record);
    });
    made.stopped = suite.stopped(planned.len());
    Ok(made)
}

/// The recorded runs judged again, under a banner that says so.
fn of_recorded(runs: &[(PathBuf, RecordedRun)], banner: &str, arguments: &RunArguments) -> Result<Made, CliError> {
    // There is nothing to keep of what is begun.
    Interrupt::obey_cleanly()?;
    let names: Vec<String> = runs.iter().map(|(_, run)| name_under(&run.scenario, run.traffic)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    if output::is_stdout(arguments.json.as_deref()) {
        output::message(banner);
    }
    show(arguments, banner);
    show(arguments, &layout.header(output::color()));
    let mut made = Made::default();
    for (folder, run) in runs {
        let record = replayed::judge(folder, run)?;
        show_run(arguments, &record, layout);
        let go_on = !arguments.fail_fast || record.outcome == Outcome::Pass;
        made.runs.push(record);
        if !go_on {
            break;
        }
    }
    if made.runs.len() < runs.len() {
        output::message(&format!(
            "--fail-fast: {} of {} runs were not judged",
            runs.len() - made.runs.len(),
            runs.len()
        ));
    }
    Ok(made)
}
