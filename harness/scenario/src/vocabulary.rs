//! The names that a scenario may use: evidence by class, fields of `where`, and the bounds of numbers.
//!
//! The evidence names are those of the results JSON (the contract's `FINDING`).

/// Fewest rounds that can tell growth from one difference.
pub(crate) const ROUNDS_MIN: u64 = 3;
/// Most rounds; more is a slip of the finger.
pub(crate) const ROUNDS_MAX: u64 = 1_000;
/// Most requests in a round, and in the warm-up.
pub(crate) const REQUESTS_MAX: u64 = 1_000_000;
/// Most requests under way at once: each is a thread of the driver and a socket of the service.
pub(crate) const CONCURRENCY_MAX: u64 = 256;
/// Longest sampling and longest wait.
pub(crate) const SECONDS_MAX: f64 = 600.0;

/// The word nearest to a mistyped one, if one is near enough to be what was meant.
pub(crate) fn nearest<'w>(typed: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // One slip in three letters: more than that is another word.
    let slips_max = (typed.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .filter(|(slips, _)| *slips <= slips_max)
        .min()
        .map(|(_, word)| word)
}
