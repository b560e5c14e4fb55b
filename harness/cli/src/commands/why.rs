//! `bloathound why`.

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, Asked, Before, Why, WhyError};
use bloathound_engine::session::Session;
use bloathound_engine::source::Source;
use bloathound_report::graph::{self, GraphOptions};
use bloathound_report::{html, text};
use bloathound_vocabulary::WhyReport;

use crate::args::WhyArguments;
use crate::bar::{self, Progress};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};
use crate::typed;

/// `bloathound why`: what keeps an object alive.
pub(crate) fn why(arguments: &WhyArguments) -> Result<u8, CliError> {
    let WhyArguments { dot, svg, json, page, .. } = arguments;
    let outputs = [dot.as_ref(), svg.as_ref(), json.as_ref(), page.file()];
    let _held = output::check(outputs)?;
    let options = arguments.peer.added_to(&arguments.look);
    let bar = Progress::begin(bar::LOOK, &format!("reading {}", arguments.target));
    // One after the other: only what is compared stays in memory.
    let before = match &arguments.since {
        Some(name) => Some(Before::of(&Source::open(name, &options)?, &arguments.what)),
        None => None,
    };
    let source = Source::open(&arguments.target, &options)?;
    // A manhole has signals of its own while it is open; from here on files are begun.
    Interrupt::obey_cleanly()?;
    if let (Some(name), Some(before)) = (&arguments.since, &before)
        && !before.is_before(&source)
    {
        return Err(WhyError::OtherRun { before: name.clone() }.into());
    }
    bar.at(1, "analysing");
    let session = Session::from(&source);
    let asked = Asked { what: &arguments.what, since: before.as_ref(), kind: arguments.kind.map(|kind| kind as usize) };
    let Why { object, mut report } = looks::why(&session, source.target().clone(), asked)?;
    report.next = next(arguments, &report);
    let defaults = GraphOptions::default();
    let options = GraphOptions {
        forward_depth: arguments.depth.unwrap_or(defaults.forward_depth),
        backward_depth: arguments.depth.unwrap_or(defaults.backward_depth),
        ..defaults
    };
    let retained = |id| session.retained(id);
    let path = looks::steps_to(&session, object);
    let drawn = graph::with_root(session.snapshot(), session.reverse(), (object, &path), options, retained);
    bar.at(2, "writing");
    let mut unwritten = Unwritten::default();
    if let Some(path) = dot {
        unwritten.note(output::file(path, graph::dot(&drawn).as_bytes()));
    }
    if let Some(path) = svg {
        unwritten.note(output::file(path, graph::svg(&drawn).as_bytes()));
    }
    if let Some(path) = json {
        unwritten.note(output::json(path, &report));
    }
    page.write(&mut unwritten, || html::why(&report, Some(&drawn)));
    if !output::any_is_stdout(outputs) {
        output::result(&text::why(&report, output::color()));
        output::result(&format!("\n{}", graph::tree(&drawn, output::color())));
    }
    Ok(unwritten.exit(Exit::AsExpected).number())
}

/// The command that tells of the kind after this one, and of the first after the last.
fn next(arguments: &WhyArguments, report: &WhyReport) -> Option<String> {
    let (kind, kinds) = (report.kind?, report.kinds_in_all.filter(|kinds| *kinds > 1)?);
    let mut words = vec!["why".to_owned()];
    words.extend([&arguments.target, &arguments.what].map(|word| text::shell_word(word)));
    words.extend(arguments.since.iter().map(|since| format!("--since {}", text::shell_word(since))));
    words.push(format!("--kind {}", kind % kinds + 1));
    Some(typed::command(&words.join(" ")))
}
