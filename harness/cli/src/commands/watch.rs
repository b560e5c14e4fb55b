//! `bloathound watch`.

use std::time::Duration;

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, WatchOptions};
use bloathound_report::text::{self, InspectView};

use crate::args::WatchArguments;
use crate::error::CliError;
use crate::output::{self, Unwritten};

/// `bloathound watch`: growth over time on a live process.
pub(crate) fn watch(arguments: &WatchArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref()])?;
    let interrupt = Interrupt::take()?;
    let options = WatchOptions {
        pid: arguments.pid,
        rounds: arguments.rounds,
        interval: Duration::from_secs_f64(arguments.interval),
        look: arguments.look.options(),
    };
    let mut tell = |round: u32, objects: Option<usize>| {
        let seen = objects.map_or_else(|| "not possible".to_owned(), |objects| format!("{objects} objects"));
        output::progress(&format!("look {round} of {}: {seen}", arguments.rounds));
    };
    let report = looks::watch(&options, &interrupt, &mut tell)?;
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    let shown = !output::is_stdout(arguments.json.as_deref());
    if shown {
        let view = InspectView { color: output::color(), ..InspectView::default() };
        output::result(&text::watch(&report, view));
    }
    Ok(unwritten.exit(output::partial(report.partial.as_ref(), &interrupt, shown)).number())
}
