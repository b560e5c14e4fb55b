//! Work on two processors, where there are two.

use std::thread::{Builder, ScopedJoinHandle, scope};

/// Whether there is a second processor to use. `BLOATHOUND_WORKERS=1` says no, for measuring.
pub(crate) fn has_processors() -> bool {
    std::env::var_os("BLOATHOUND_WORKERS").is_none_or(|workers| workers != "1")
        && std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1)
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
