//! What `--help` says beside the arguments: the exit codes, and the words that puzzle.

use bloathound_report::glossary::WORDS;

use crate::exit;

/// Codes and words; `-h` has the codes alone.
pub(crate) fn long() -> String {
    let words = WORDS.iter().map(|(word, meaning)| format!("\n  {word}: {meaning}"));
    format!("{}\n\nTen words:{}", exit::help(), words.collect::<String>())
}
