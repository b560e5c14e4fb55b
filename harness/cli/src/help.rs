//! What `--help` says beside the arguments: the exit codes, and the words that puzzle.

use bloathound_report::glossary::WORDS;
use bloathound_report::sanitize;

use crate::exit::MEANINGS;

/// Cells of a line that nobody says anything of, and the most that is read well.
const COLUMNS: usize = 100;
/// A narrower terminal gets lines of this.
const COLUMNS_MIN: usize = 40;

/// All exit codes.
pub(crate) fn codes() -> String {
    let lines = MEANINGS.iter().map(|(exit, words)| hanging(&format!("  {:>3}  ", exit.number()), words));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Codes and words; `-h` has the codes alone.
pub(crate) fn long() -> String {
    let widest = WORDS.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let words = WORDS.iter().map(|(word, meaning)| hanging(&format!("  {word:widest$}  "), meaning));
    format!("{}\n\nTen words:{}", codes(), words.collect::<String>())
}

/// Text behind its head, further lines below its first word.
fn hanging(head: &str, text: &str) -> String {
    let room = columns().saturating_sub(head.len()).max(1);
    let lines = sanitize::wrap(text, room, usize::MAX).into_iter().enumerate();
    lines
        .map(|(index, line)| format!("\n{:width$}{line}", if index == 0 { head } else { "" }, width = head.len()))
        .collect()
}

/// As clap takes them, so that it breaks no line again.
fn columns() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let real = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    asked.or_else(real).map_or(COLUMNS, |columns: usize| columns.clamp(COLUMNS_MIN, COLUMNS))
}
