//! Work on several processors, where there are.

use std::thread::{Builder, ScopedJoinHandle, scope};

/// More threads don't decode sooner: what they read is joined by one.
const WORKERS_MAX: usize = 4;
/// An image below this is decoded before a thread has begun.
const IMAGE_BYTES_MIN: usize = 16 << 20;

/// How many processors there are to use. `BLOATHOUND_WORKERS=1` says one, for measuring.
fn processors() -> usize {
    let asked = std::env::var("BLOATHOUND_WORKERS").ok().and_then(|workers| workers.parse().ok());
    let there = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.unwrap_or_else(there).clamp(1, WORKERS_MAX)
}

/// Whether there is a second processor to use.
pub(crate) fn has_processors() -> bool {
    processors() > 1
}

/// How many threads decode an image of so many bytes.
pub(crate) fn decoders(image_bytes: usize) -> usize {
    if image_bytes < IMAGE_BYTES_MIN { 1 } else { processors() }
}

/// Computes both, `beside` on another processor where there is one, and else after `here`.
pub(crate) fn side_by_side<A, B: Send>(here: impl FnOnce() -> A, beside: impl Fn() -> B + Sync) -> (A, B) {
    if !has_processors() {
        return (here(), beside());
    }
    scope(|scope| {
        let other = Builder::new().name("beside".to_owned()).spawn_scoped(scope, &beside).ok();
        let mine = here();
        // Where there is no thread to be had, or it failed, it is done here.
        let theirs = other.map(ScopedJoinHandle::join).and_then(Result::ok).unwrap_or_else(&beside);
        (mine, theirs)
    })
}

#[cfg(test)]
mod tests {
    use super::side_by_side;

    #[test]
    fn both_are_computed_each_in_its_place() {
        let here = std::thread::current().id();
        let (mine, theirs) = side_by_side(|| std::thread::current().id(), || 7);
        assert_eq!((mine, theirs), (here, 7));
    }
}
