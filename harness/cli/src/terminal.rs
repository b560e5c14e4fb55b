//! What the terminal is able to.

/// A terminal that takes no codes, or none that anybody has named.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}
