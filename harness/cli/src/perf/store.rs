//! The file of the history: JSON lines, added to and never changed.

use std::path::Path;

use bloathound_bounds::read_regular_text;
use bloathound_vocabulary::HistoryLine;

use crate::error::CliError;
use crate::output;

/// A history of that size has a million rows.
const BYTES_MAX: u64 = 512 << 20;

/// All lines of a file, in order.
///
/// # Errors
/// It can't be read, or a line is none of ours: which one.
pub(crate) fn read(path: &Path) -> Result<Vec<HistoryLine>, CliError> {
    let text = read_regular_text(path, BYTES_MAX).map_err(|error| CliError::file(path, error))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| CliError::file(path, format!("line {} is none of the history's: {error}", number + 1)))
        })
        .collect()
}

/// Adds lines at the end of a file, which is made where it is missing. What stood there stays, byte for byte.
///
/// # Errors
/// It can't be read or written, or what is there is no history.
pub(crate) fn append(path: &Path, lines: &[HistoryLine]) -> Result<(), CliError> {
    let mut text = String::new();
    if path.exists() && !output::is_stdout(Some(path)) {
        read(path)?;
        text = read_regular_text(path, BYTES_MAX).map_err(|error| CliError::file(path, error))?;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    for line in lines {
        text.push_str(&serde_json::to_string(line).map_err(|error| CliError::output(path, error))?);
        text.push('\n');
    }
    output::file(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use bloathound_vocabulary::Acceptance;

    use super::*;

    fn line(reason: &str) -> HistoryLine {
        HistoryLine::Accepted(Acceptance {
            commit: "c".into(),
            date: "2026-11-27T00:00:00Z".into(),
            input: None,
            stage: None,
            reason: reason.into(),
        })
    }

    #[test]
    fn what_stood_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        append(&path, &[line("one")]).unwrap();
        let before = std::fs::read_to_string(&path).unwrap();
        append(&path, &[line("two")]).unwrap();
        let after = std::fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(&before) && after.len() > before.len());
        assert_eq!(read(&path).unwrap(), [line("one"), line("two")]);
    }

    #[test]
    fn a_line_that_is_none_is_named_and_nothing_is_added_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        std::fs::write(&path, "{\"line\":\"measured\"}\n").unwrap();
        let error = append(&path, &[line("one")]).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"line\":\"measured\"}\n");
    }
}
