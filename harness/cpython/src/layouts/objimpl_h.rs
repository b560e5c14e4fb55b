//! `Include/objimpl.h`: the collector's head in front of tracked objects; `Modules/gcmodule.c`: generations.

/// `sizeof(PyGC_Head)` on 64-bit machines, whatever the alignment of its union.
pub const GC_HEAD_BYTES: u64 = 32;
/// `gc.gc_next`.
pub const GC_NEXT: u64 = 0;
/// `gc.gc_prev`.
pub const GC_PREV: u64 = 8;
/// `gc.gc_refs`.
pub const GC_REFS: u64 = 16;
/// `_PyGC_REFS_UNTRACKED`: on no list.
pub const GC_REFS_UNTRACKED: i64 = -2;
/// `_PyGC_REFS_REACHABLE`: on a list, no collection running.
pub const GC_REFS_REACHABLE: i64 = -3;
/// `_PyGC_REFS_TENTATIVELY_UNREACHABLE`: a collection is about to decide on it.
pub const GC_REFS_TENTATIVELY_UNREACHABLE: i64 = -4;
/// Generations there are.
pub const GENERATIONS: usize = 3;
/// Strides of `struct gc_generation` seen: 40 with a head aligned to 8 (2.7.16 and later), 48 before.
pub const GENERATION_STRIDES: [u64; 2] = [40, 48];
