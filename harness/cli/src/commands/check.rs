//! `bloathound check`.

use bloathound_driver::check as drive;
use bloathound_engine::{Interrupt, tool};
use bloathound_report::text;
use bloathound_vocabulary::RunResults;

use crate::check::arguments::CheckArguments;
use crate::check::{asked, baseline, recorded, written};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};
use crate::{cost, host, pages, progress};

/// `bloathound check`: starts or takes a service, loads it, looks, and fails where anything is found.
pub(crate) fn check(arguments: &CheckArguments) -> Result<u8, CliError> {
    let (target, plan) = (asked::target(arguments)?, asked::plan(arguments)?);
    if arguments.cost.dry_run {
        return cost::of_check(&target, &plan, &arguments.look);
    }
    let accepted = baseline::read(arguments.baseline.as_ref())?;
    let _held = output::check(written::outputs(arguments))?;
    let interrupt = Interrupt::take()?;
    let checked = drive(&target, &plan, &interrupt, &mut |event| output::progress(&progress::checked(&event)));
    let checked = match (checked, interrupt.came()) {
        (Ok(checked), _) => checked,
        (Err(_), Some(stop)) => return Err(CliError::stopped(stop, "ended before anything was seen")),
        (Err(error), None) => return Err(error.into()),
    };
    let lines = checked.output.clone();
    let (mut records, extras) = recorded::records(arguments, checked);
    if let Some(accepted) = &accepted {
        baseline::hold(accepted, &mut records, &arguments.fail_on);
    }
    records.iter_mut().for_each(|run| bloathound_report::tell(&mut run.findings, &typed(arguments)));
    let results = bloathound_score::results(tool(), host::facts(None), None, records);
    let mut unwritten = Unwritten::default();
    written::write(arguments, &results, &mut unwritten);
    arguments.page.write(&mut unwritten, || pages::runs(&results, &extras));
    show(arguments, &results, &lines);
    let stop = interrupt.came();
    Ok(unwritten.exit(Exit::of_suite(&results, stop, &[], &mut output::message)).number())
}

fn show(arguments: &CheckArguments, results: &RunResults, output: &[String]) {
    if output::is_stdout(arguments.json.as_deref()) {
        return;
    }
    let typed = typed(arguments);
    for run in &results.runs {
        output::result(&text::check(run, output, output::view(None, &typed)));
    }
}

/// A process that was started for this is gone: commands to type next are for one of the reader's own.
fn typed(arguments: &CheckArguments) -> String {
    arguments.pid.map_or_else(|| text::PROCESS.to_owned(), |pid| pid.to_string())
}
