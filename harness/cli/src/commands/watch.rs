//! `bloathound watch`.

use std::time::Duration;

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, Told, WatchOptions};
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
        max_time: Duration::from_secs_f64(arguments.max_time),
        look: arguments.look.options(),
    };
    let mut tell = |told: &Told| output::progress(&progress(told, arguments.rounds));
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

/// What one look saw, and how sure it is by now.
fn progress(told: &Told, rounds: Option<u32>) -> String {
    let of = rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
    let seen = told.objects.map_or_else(|| "not possible".to_owned(), |objects| format!("{objects} objects"));
    let sure = told.sureness.as_ref().map_or_else(String::new, |sureness| format!("; {}", sureness.why));
    format!("look {}{of}: {seen}{sure}", told.round)
}
