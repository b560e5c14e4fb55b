//! `bloathound diff`.

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{self, Compared};
use bloathound_report::{html, text};

use crate::args::DiffArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};
use crate::typed;

/// `bloathound diff`: what is more and what is less, by type; of one run also which objects are new and who holds them.
pub(crate) fn diff(arguments: &DiffArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref(), arguments.page.file()])?;
    let bar = Progress::begin(Steps::Shares(&[1]), &format!("comparing {} with {}", arguments.before, arguments.after));
    let Compared { mut report, ask_why } =
        looks::diff(&arguments.before, &arguments.after, &arguments.peer.added_to(&arguments.look))?;
    drop(bar);
    // A manhole has signals of its own while it is open; from here on files are begun.
    Interrupt::obey_cleanly()?;
    // The command that explains what holds most of what is new.
    let command = |what: &String| {
        typed::command(&format!("why {} {}", text::shell_word(&arguments.after), text::shell_word(what)))
    };
    report.next = ask_why.as_ref().map(command);
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    arguments.page.write(&mut unwritten, || html::diff(&report));
    if !output::any_is_stdout([arguments.json.as_ref(), arguments.page.file()]) {
        let view = output::view(arguments.rows, &arguments.after);
        output::result(&text::diff(&report, view));
    }
    Ok(unwritten.exit(Exit::AsExpected).number())
}
