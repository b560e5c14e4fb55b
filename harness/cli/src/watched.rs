//! What a watch tells: after each look, and at its end.

use std::path::PathBuf;

use bloathound_report::{html, text};
use bloathound_vocabulary::WatchReport;

use crate::args::WatchArguments;
use crate::output::{self, Unwritten};

/// Files that will be written.
pub(crate) fn outputs(arguments: &WatchArguments) -> [Option<&PathBuf>; 3] {
    [arguments.json.as_ref(), arguments.page.file(), arguments.metrics.file()]
}

/// Writes and prints what there is; whether it was printed.
pub(crate) fn show(arguments: &WatchArguments, report: &WatchReport, unwritten: &mut Unwritten) -> bool {
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, report));
    }
    // A folder of looks is no target of other commands.
    let process = arguments.target.parse::<u32>().map_or("", |_| arguments.target.as_str());
    arguments.page.write(unwritten, || html::watch(report, process));
    let shown = !output::any_is_stdout(outputs(arguments));
    if shown {
        let view = output::view(None, process);
        output::result(&text::watch(report, view));
    }
    shown
}
