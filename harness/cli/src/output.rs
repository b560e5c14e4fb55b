//! The only place that prints: results to stdout, messages to stderr. A reader that has gone away is no error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bloathound_engine::record::write_whole;
use bloathound_report::sanitize;
use serde::Serialize;

use crate::error::CliError;

/// Why stdout takes no more; what could not be written makes the command fail at its end, and the rest is done.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// A result.
pub(crate) fn result(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
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
    let mut stderr = std::io::stderr().lock();
    for line in text.lines() {
        let _ = writeln!(stderr, "{}", sanitize::line(line));
    }
}

/// Progress on long work, only where somebody watches.
pub(crate) fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        message(text);
    }
}

/// Colour on a terminal, unless `NO_COLOR` is set.
pub(crate) fn color() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// True for `-`: then nothing but the JSON may go to stdout.
pub(crate) fn is_stdout(path: Option<&Path>) -> bool {
    path == Some(Path::new("-"))
}

/// JSON to a file, or to stdout for `-`. A file is there wholly or not at all.
pub(crate) fn json<T: Serialize>(path: &Path, value: &T) -> Result<(), CliError> {
    let text = bloathound_vocabulary::json::to_json(value).map_err(|error| CliError::output(path, error))?;
    file(path, text.as_bytes())
}

/// Bytes to a file by way of a temporary one beside it, or to stdout for `-`.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if path == Path::new("-") {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CliError::stdout);
    }
    write_whole(path, bytes).map_err(|error| CliError::Output { path: error.path, cause: error.cause })
}
