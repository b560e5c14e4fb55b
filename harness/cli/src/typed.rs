//! What we tell somebody to type: it has to work as it stands.

use bloathound_report::text::shell_word;

/// How this very program was called: by a path where it was, else `bloathound`.
pub(crate) fn ourselves() -> String {
    let called = std::env::args().next().filter(|word| word.contains('/'));
    called.map_or_else(|| "bloathound".to_owned(), |word| shell_word(&word))
}

/// A command line of ours: `target/release/bloathound prepare --python`.
pub(crate) fn command(arguments: &str) -> String {
    format!("{} {arguments}", ourselves())
}
