//! The only place that prints: results to stdout, messages to stderr. A reader that has gone away is no error.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use bloathound_engine::Interrupt;
use bloathound_engine::record::write_whole;
use bloathound_memory::output::{self, Held};
use bloathound_report::sanitize;
use bloathound_report::text::{self, InspectView, Page};
use bloathound_vocabulary::Partial;
use serde::Serialize;

use crate::bar;
use crate::choices::{ColorChoice, ShownArguments};
use crate::error::CliError;
use crate::exit::Exit;

/// Why stdout takes no more; what could not be written makes the command fail at its end, and the rest is done.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// A result.
pub(crate) fn result(text: &str) {
    let write = || {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    };
    if let Err(error) = bar::aside(write) {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Whether all results got to where they belong.
///
/// # Errors
/// Stdout took no more. [`CliError::ReaderGone`] where nobody wanted more.
pub(crate) fn all_written() -> Result<(), CliError> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), |error| Err(CliError::stdout(error)))
}

/// A message; what the target put into it can't act on the terminal.
pub(crate) fn message(text: &str) {
    bar::aside(|| {
        let mut stderr = std::io::stderr().lock();
        for line in text.lines() {
            let _ = writeln!(stderr, "{}", sanitize::line(line));
        }
    });
}

/// How results are shown; set once, before the command begins.
static SHOWN: OnceLock<ShownArguments> = OnceLock::new();

/// Rows of a table where nobody asked for all.
const ROWS_SHORT: usize = 5;

/// What holds for all that is printed from now on: the terminal's width, or a pipe, in which nothing is cut.
pub(crate) fn show_as(shown: ShownArguments) {
    SHOWN.get_or_init(|| shown);
    bar::be_quiet(shown.quiet);
    let is_terminal = io::stdout().is_terminal();
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|columns| *columns > 0);
    let real = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let page = asked.or_else(real).map(Page::of_columns).unwrap_or_default();
    text::set_page(Page { uncut: !is_terminal, ..page });
}

/// Whether all is to be said.
pub(crate) fn is_verbose() -> bool {
    SHOWN.get().is_some_and(|shown| shown.verbose)
}

/// How much of an answer is shown. `typed`: the target, as the next command is to name it.
pub(crate) fn view(rows: Option<usize>, typed: &str) -> InspectView<'_> {
    let verbose = is_verbose();
    let all = if verbose { usize::MAX } else { ROWS_SHORT };
    InspectView { rows: rows.unwrap_or(all), color: color(), verbose, typed, ..InspectView::default() }
}

/// What was seen on the way, unless somebody asked for quiet.
pub(crate) fn progress(text: &str) {
    if !SHOWN.get().is_some_and(|shown| shown.quiet) {
        message(text);
    }
}

/// Colour as it was asked for; else on a terminal that is not dumb, unless `NO_COLOR` is set.
pub(crate) fn color() -> bool {
    match SHOWN.get().map(|shown| shown.color).unwrap_or_default() {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// True for `-` and the names that the system has for the same: then nothing but the JSON may go to stdout.
pub(crate) fn is_stdout(path: Option<&Path>) -> bool {
    let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    path.is_some_and(|path| names.iter().any(|name| path == Path::new(name)))
}

/// Whether one of them goes to stdout, where nothing else may be beside it.
pub(crate) fn any_is_stdout<'p>(paths: impl IntoIterator<Item = Option<&'p PathBuf>>) -> bool {
    paths.into_iter().any(|path| is_stdout(path.map(PathBuf::as_path)))
}

/// Whether all these files can be written, before work begins that would be lost. What comes back is to be held until
/// they are: a FIFO's reader sees its end with it.
pub(crate) fn check<'p>(paths: impl IntoIterator<Item = Option<&'p PathBuf>>) -> Result<Vec<Held>, CliError> {
    let files = paths.into_iter().flatten().filter(|path| !is_stdout(Some(path)));
    let mut all: Vec<Held> = Vec::new();
    for path in files {
        let held = output::check(path).map_err(|error| CliError::output(path, error))?;
        // The second would take the first's place.
        if held.file().is_some() && all.iter().any(|other| other.file() == held.file()) {
            return Err(CliError::Usage(format!("{}: two outputs to the same file", path.display())));
        }
        all.push(held);
    }
    Ok(all)
}

/// The same for a folder that files are to be made in.
pub(crate) fn check_folder(path: Option<&PathBuf>) -> Result<(), CliError> {
    let check = |path: &PathBuf| output::check_folder(path).map_err(|error| CliError::output(path, error));
    path.map_or(Ok(()), check)
}

/// JSON to a file, or to stdout for `-`. A file is there wholly or not at all.
pub(crate) fn json<T: Serialize>(path: &Path, value: &T) -> Result<(), CliError> {
    let text = bloathound_vocabulary::json::to_json(value).map_err(|error| CliError::output(path, error))?;
    file(path, text.as_bytes())
}

/// Bytes to a file by the one writer, or to stdout for `-`.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if is_stdout(Some(path)) {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CliError::stdout);
    }
    write_whole(path, bytes).map_err(|error| CliError::Output { path: error.path, cause: error.cause })
}

/// What could not be written: the rest is done and said all the same.
#[derive(Debug, Default)]
pub(crate) struct Unwritten(Vec<CliError>);

impl Unwritten {
    /// Keeps the error, if there is one.
    pub(crate) fn note(&mut self, written: Result<(), CliError>) {
        self.0.extend(written.err());
    }

    /// Says it all, now that the rest is done.
    pub(crate) fn exit(self, exit: Exit) -> Exit {
        self.0.iter().fold(exit, |exit, error| {
            let failed = Exit::of_error(error);
            if failed != Exit::AsExpected {
                message(&error.to_string());
            }
            exit.or_worse(failed)
        })
    }
}

/// The exit code of a look that was ended early, and what is said of it where the text is not shown.
pub(crate) fn partial(partial: Option<&Partial>, interrupt: &Interrupt, shown: bool) -> Exit {
    let Some(partial) = partial else { return Exit::AsExpected };
    if !shown {
        message(&format!("partial: {}", partial.why));
    }
    interrupt.came().map_or(Exit::AsExpected, Exit::of_stop)
}
