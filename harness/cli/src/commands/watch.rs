//! `bloathound watch`.

use std::path::Path;
use std::time::Duration;

use bloathound_engine::looks::{self, WatchOptions, Watching};
use bloathound_engine::{Asked, Interrupt};

use crate::args::WatchArguments;
use crate::error::CliError;
use crate::output::{self, Unwritten};
use crate::{cost, watched};

/// `bloathound watch`: growth over time on a live process, or in the looks at one that were kept.
pub(crate) fn watch(arguments: &WatchArguments) -> Result<u8, CliError> {
    if arguments.cost.dry_run {
        return cost::of_target(&arguments.target, &arguments.look);
    }
    let _held = output::check(watched::outputs(arguments))?;
    let Ok(pid) = arguments.target.parse() else { return again(arguments) };
    cost::say(&arguments.target, &arguments.look);
    let asked = Asked::take()?;
    let interrupt = Interrupt::take()?;
    let metrics = arguments.metrics.begin()?;
    let options = WatchOptions {
        pid,
        rounds: arguments.rounds,
        interval: Duration::from_secs_f64(arguments.interval),
        max_time: Duration::from_secs_f64(arguments.max_time),
        look: arguments.look.options(),
        keep: arguments.record.clone(),
        without: without(arguments),
        asked,
    };
    let mut unwritten = Unwritten::default();
    let mut teller = watched::Teller::begin(arguments, &metrics, &interrupt)?;
    let watching = looks::watch(&options, &interrupt, &mut |event| teller.tell(event, &mut unwritten));
    drop(teller);
    let Watching { mut report, unkept } = watching?;
    bloathound_report::tell(&mut report.findings, &arguments.target);
    unwritten.note(unkept.map_or(Ok(()), |error| Err(CliError::unwritten(error))));
    let shown = watched::show(arguments, &report, &mut unwritten);
    let ended = output::partial(report.partial.as_ref(), &interrupt, shown);
    Ok(unwritten.exit(ended.or_worse(arguments.fail.exit(&report.findings))).number())
}

fn again(arguments: &WatchArguments) -> Result<u8, CliError> {
    let folder = Path::new(&arguments.target);
    if !folder.is_dir() {
        let message = format!("{}: meant a process id, or a folder that `watch --record DIR` made", folder.display());
        return Err(CliError::Usage(message));
    }
    if arguments.record.is_some() || arguments.rounds.is_some() || arguments.metrics.given() || arguments.follow {
        let message =
            "--record, --rounds, --follow, --metrics and --listen are for a process; these looks were kept already";
        return Err(CliError::Usage(message.into()));
    }
    let mut report = looks::watch_again(folder, &without(arguments))?;
    bloathound_report::tell(&mut report.findings, "");
    let mut unwritten = Unwritten::default();
    watched::show(arguments, &report, &mut unwritten);
    Ok(unwritten.exit(arguments.fail.exit(&report.findings)).number())
}

fn without(arguments: &WatchArguments) -> Vec<&'static str> {
    arguments.without.iter().map(|detector| detector.0.name()).collect()
}
