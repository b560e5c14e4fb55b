//! `bloathound watch`.

use std::time::Duration;

use bloathound_engine::looks::{self, WatchOptions};
use bloathound_report::text::{self, InspectView};

use crate::args::WatchArguments;
use crate::error::CliError;
use crate::output;

/// `bloathound watch`: growth over time on a live process.
pub(crate) fn watch(arguments: &WatchArguments) -> Result<u8, CliError> {
    let options = WatchOptions {
        pid: arguments.pid,
        rounds: arguments.rounds,
        interval: Duration::from_secs_f64(arguments.interval),
        look: arguments.look.options(),
    };
    let mut tell = |round: u32, objects: usize| {
        output::progress(&format!("look {round} of {}: {objects} objects", arguments.rounds));
    };
    let report = looks::watch(&options, &mut tell)?;
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        let view = InspectView { color: output::color(), ..InspectView::default() };
        output::result(&text::watch(&report, view));
    }
    Ok(0)
}
