//! `bloathound why`.

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, Why};
use bloathound_engine::session::Session;
use bloathound_engine::source::Source;
use bloathound_report::graph::{self, GraphOptions};
use bloathound_report::text;

use crate::args::WhyArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};

/// `bloathound why`: what keeps an object alive.
pub(crate) fn why(arguments: &WhyArguments) -> Result<u8, CliError> {
    let _held = output::check([&arguments.dot, &arguments.svg, &arguments.json].map(Option::as_ref))?;
    let source = Source::open(&arguments.target, &arguments.peer.added_to(&arguments.look))?;
    // A manhole has signals of its own while it is open; from here on files are begun.
    Interrupt::obey_cleanly()?;
    let session = Session::from(&source);
    let Why { object, report } = looks::why(&session, source.target().clone(), &arguments.what)?;
    let defaults = GraphOptions::default();
    let options = GraphOptions {
        forward_depth: arguments.depth.unwrap_or(defaults.forward_depth),
        backward_depth: arguments.depth.unwrap_or(defaults.backward_depth),
        ..defaults
    };
    let retained = |id| session.retained(id);
    let drawn = graph::around(session.snapshot(), session.reverse(), object, options, retained);
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.dot {
        unwritten.note(output::file(path, graph::dot(&drawn).as_bytes()));
    }
    if let Some(path) = &arguments.svg {
        unwritten.note(output::file(path, graph::svg(&drawn).as_bytes()));
    }
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    let to_stdout = [&arguments.json, &arguments.dot, &arguments.svg];
    if !to_stdout.into_iter().any(|path| output::is_stdout(path.as_deref())) {
        output::result(&text::why(&report, output::color()));
        output::result(&format!("\n{}", graph::tree(&drawn, output::color())));
    }
    Ok(unwritten.exit(Exit::AsExpected).number())
}
