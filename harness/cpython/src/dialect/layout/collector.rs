//! Where the collector keeps its counts and lists.

/// The collector's head in front of tracked objects (`Include/objimpl.h`), and its generations (`Modules/gcmodule.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Collector {
    /// `sizeof(PyGC_Head)` on 64-bit machines, whatever the alignment of its union.
    pub head_bytes: u64,
    /// `gc.gc_next`.
    pub gc_next: u64,
    /// `gc.gc_prev`.
    pub gc_prev: u64,
    /// `gc.gc_refs`.
    pub gc_refs: u64,
    /// `_PyGC_REFS_UNTRACKED`: on no list.
    pub refs_untracked: i64,
    /// `_PyGC_REFS_REACHABLE`: on a list, no collection running.
    pub refs_reachable: i64,
    /// `_PyGC_REFS_TENTATIVELY_UNREACHABLE`: a collection is about to decide on it.
    pub refs_tentatively_unreachable: i64,
    /// Generations there are.
    pub generations: u8,
    /// Strides of `struct gc_generation` seen: 40 with a head aligned to 8 (2.7.16 and later), 48 before.
    pub generation_strides: &'static [u64],
    /// Thresholds that the generations have until a program sets others, the youngest's first.
    pub usual_thresholds: &'static [i64],
    /// A full collection is put off until one in so many of the old objects is new (`long_lived_pending` against
    /// `long_lived_total`).
    pub put_off_one_in: u64,
    /// `gc_generation.threshold`, an `int`.
    pub threshold: u64,
    /// `gc_generation.count`, an `int`.
    pub count: u64,
    /// Behind the heads of the generations: what was frozen. `None` where nothing can be.
    pub permanent: Option<u64>,
}
