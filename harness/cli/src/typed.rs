//! What we tell somebody to type: it has to work as it stands.

/// How this very program was called: by a path where it was, else `bloathound`.
pub(crate) fn ourselves() -> String {
    std::env::args().next().filter(|word| word.contains('/')).unwrap_or_else(|| "bloathound".to_owned())
}

/// A command line of ours: `target/release/bloathound prepare --python`.
pub(crate) use bloathound_report::typing::command;
