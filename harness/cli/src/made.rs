//! The runs of `bloathound run`, made with services of their own or judged again from what was recorded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_driver::Limits;
use bloathound_engine::record::RecordedRun;
use bloathound_engine::{Interrupt, Stop};
use bloathound_report::html::RunKey;
use bloathound_report::text;
use bloathound_score::IGNORED;
use bloathound_vocabulary::{Outcome, RunRecord, name_under};

use crate::args::RunArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::ground::{Launchers, On};
use crate::pages::Extras;
use crate::plan::{self, Planned};
use crate::score::replayed;
use crate::twin::Twin;
use crate::{extras, output, suite};

/// What became of the runs.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) runs: Vec<RunRecord>,
    pub(crate) extras: Extras,
    /// What can't be written keeps nothing else from being run, written and said.
    pub(crate) unwritten: Vec<CliError>,
    /// Who wanted us to end, and how far it came until then.
    pub(crate) stopped: Option<(Stop, String)>,
}

/// To stdout, where nothing else may be beside the JSON.
pub(crate) fn show(arguments: &RunArguments, text: &str) {
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(text);
    }
}

fn show_run(arguments: &RunArguments, record: &RunRecord, layout: text::Layout) {
    show(arguments, &text::run_line(record, layout, output::color()));
    show(arguments, &text::failure(record, output::color()));
}

/// Each run made with a service of its own.
pub(crate) fn live(
    planned: &[Planned<'_>],
    (launchers, python): (&Launchers, Option<&Path>),
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
    let bar = Progress::begin(Steps::Counted { unit: "run", of: planned.len() as u64 }, "starting");
    let on = On { launchers, python, limits: &limits };
    let suite = suite::run(planned, on, arguments, &mut |(scenario, _), twin| {
        let Twin { mut record, found, unwritten: lost } = twin;
        bloathound_report::tell_run(&mut record);
        made.unwritten.extend(lost);
        if let (Some(page), Some(found)) = (&arguments.report, &found) {
            made.unwritten.extend(extras::pictures(page, &record, found).err());
            made.extras.insert(RunKey::from(&record), extras::extras(scenario, found));
        }
        let of_ignored = record.problems.iter().filter(|problem| problem.stage == IGNORED);
        of_ignored.for_each(|problem| output::message(&format!("{}: {}", record.name(), problem.message)));
        show_run(arguments, &record, layout);
        made.runs.push(record);
        bar.done(made.runs.len() as u64);
    });
    drop(bar);
    made.stopped = suite.stopped(planned.len());
    Ok(made)
}

/// The recorded runs judged again, under a banner that says so.
pub(crate) fn of_recorded(
    runs: &[(PathBuf, RecordedRun)],
    banner: &str,
    arguments: &RunArguments,
) -> Result<Made, CliError> {
    // There is nothing to keep of what is begun.
    Interrupt::obey_cleanly()?;
    let names: Vec<String> =
        runs.iter().map(|(_, run)| name_under(&run.scenario, run.series.as_deref(), run.traffic)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    if output::is_stdout(arguments.json.as_deref()) {
        output::message(banner);
    }
    show(arguments, banner);
    show(arguments, &layout.header(output::color()));
    let mut made = Made::default();
    let bar = Progress::begin(Steps::Counted { unit: "run", of: runs.len() as u64 }, "judging again");
    for (folder, run) in runs {
        bar.at(made.runs.len() as u64, &replayed::told(run));
        let (mut record, extras) = replayed::judge(folder, run, arguments.report.is_some())?;
        bloathound_report::tell_run(&mut record);
        made.extras.insert(RunKey::from(&record), extras);
        show_run(arguments, &record, layout);
        let go_on = !arguments.fail_fast || record.outcome == Outcome::Pass;
        made.runs.push(record);
        if !go_on {
            break;
        }
    }
    drop(bar);
    if made.runs.len() < runs.len() {
        output::message(&format!(
            "--fail-fast: {} of {} runs were not judged",
            runs.len() - made.runs.len(),
            runs.len()
        ));
    }
    Ok(made)
}
