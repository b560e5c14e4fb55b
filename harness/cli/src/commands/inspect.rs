//! `bloathound inspect`.

use bloathound_engine::Interrupt;
use bloathound_engine::looks;
use bloathound_engine::session::Session;
use bloathound_engine::source::{CountedTold, ExamineOptions, Source};
use bloathound_report::text;

use crate::args::InspectArguments;
use crate::bar::{self, Progress};
use crate::error::CliError;
use crate::output::{self, Unwritten};
use crate::{cost, pages, picture, progress};

/// `bloathound inspect`.
pub(crate) fn inspect(arguments: &InspectArguments) -> Result<u8, CliError> {
    if arguments.cost.dry_run {
        return cost::of_target(&arguments.target, &arguments.look);
    }
    picture::check(arguments.heatmap.as_ref())?;
    let InspectArguments { json, heatmap, exports, page, .. } = arguments;
    let outputs = [json.as_ref(), heatmap.as_ref(), exports.file(), page.file()];
    let _held = output::check(outputs)?;
    cost::say(&arguments.target, &arguments.look);
    let bar = Progress::begin(bar::LOOK, &format!("reading {}", arguments.target));
    let options = arguments.peer.added_to(&arguments.look);
    let options =
        ExamineOptions { counted: progress::is_watched().then_some(progress::counted as CountedTold), ..options };
    let source = Source::open(&arguments.target, &options)?;
    // A manhole has signals of its own while it is open; from here on files are begun.
    Interrupt::obey_cleanly()?;
    bar.at(1, "analysing");
    let session = Session::from(&source);
    let mut report = looks::inspect(&session, source.target().clone());
    bloathound_report::tell(&mut report.findings, &arguments.target);
    bar.at(2, "writing");
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    if let Some(path) = &arguments.heatmap {
        let map = looks::heat(&session, &format!("memory of {}", arguments.target))
            .ok_or_else(|| CliError::NotHere("the arenas were not found: there is nothing to draw".into()));
        unwritten.note(map.and_then(|map| picture::write(path, &map)));
    }
    exports.write(session.snapshot(), &mut unwritten);
    page.write(&mut unwritten, || pages::inspect(&session, &report, &arguments.target));
    if !output::any_is_stdout(outputs) {
        let view = output::view(arguments.rows, &arguments.target);
        output::result(&text::inspect(&report, view));
    }
    Ok(unwritten.exit(arguments.fail.exit(&report.findings)).number())
}
