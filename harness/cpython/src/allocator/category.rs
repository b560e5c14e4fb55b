//! The categories that resident memory is accounted for in, with the names that results give them.

/// What resident bytes are used for. The order is the order of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RssCategory {
    /// Live Python objects, in pymalloc's blocks and in malloc's chunks.
    LiveObjects,
    /// What live objects keep outside themselves: dict tables, list items, long texts.
    LiveStorage,
    /// Objects that nothing reaches but the collector has not taken yet, and their storage.
    GarbageAwaitingCollection,
    /// Dead objects on the interpreter's free lists.
    KeptForReuse,
    /// Live ints and floats, in blocks of their own.
    NumbersLive,
    /// Free entries of these blocks, never given back while one entry of the block lives.
    NumbersFree,
    /// Allocated pymalloc blocks that hold no object we know.
    UnidentifiedBlocks,
    /// Freed pymalloc blocks.
    FreeBlocks,
    /// Blocks never handed out, in pools in use.
    UntouchedBlocks,
    /// Pools that are wholly free.
    FreePools,
    /// Pools never handed out, and slack of the arenas.
    ArenaUntouched,
    /// Pool headers and padding.
    PoolOverhead,
    /// malloc chunks that somebody other than Python's objects holds: C libraries, the interpreter itself.
    MallocLive,
    /// malloc chunks in bins.
    MallocFree,
    /// malloc chunks in thread caches and fastbins.
    MallocCached,
    /// The uncut end of malloc's heaps.
    MallocTop,
    /// Chunk headers, fenceposts and administration.
    MallocOverhead,
    /// Parts of the C heap whose chunks could not be followed.
    MallocUnknown,
    /// Memory of an allocator that is not glibc's, and whatever else is mapped beside it: held and free in one.
    OtherAllocator,
    /// Code of the interpreter and of libraries.
    LibraryCode,
    /// Their constants.
    LibraryReadOnly,
    /// Their writable data.
    LibraryData,
    /// Their zero-initialised data.
    LibraryBss,
    /// The state of the interpreter, where it is one structure.
    InterpreterState,
    /// Chunks that the calls of Python functions stand in, where these are no objects.
    DataStacks,
    /// Stacks of all threads.
    Stacks,
    /// Other mapped files.
    OtherFiles,
    /// Memory shared with other processes.
    Shared,
    /// `[vdso]` and its like.
    Kernel,
    /// Anonymous memory of unknown use.
    OtherAnonymous,
}

impl RssCategory {
    /// All of them, in order.
    pub const ALL: [Self; 30] = [
        Self::LiveObjects,
        Self::LiveStorage,
        Self::GarbageAwaitingCollection,
        Self::KeptForReuse,
        Self::NumbersLive,
        Self::NumbersFree,
        Self::UnidentifiedBlocks,
        Self::FreeBlocks,
        Self::UntouchedBlocks,
        Self::FreePools,
        Self::ArenaUntouched,
        Self::PoolOverhead,
        Self::MallocLive,
        Self::MallocFree,
        Self::MallocCached,
        Self::MallocTop,
        Self::MallocOverhead,
        Self::MallocUnknown,
        Self::OtherAllocator,
        Self::LibraryCode,
        Self::LibraryReadOnly,
        Self::LibraryData,
        Self::LibraryBss,
        Self::InterpreterState,
        Self::DataStacks,
        Self::Stacks,
        Self::OtherFiles,
        Self::Shared,
        Self::Kernel,
        Self::OtherAnonymous,
    ];

    /// Stable name, as in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LiveObjects => "live-objects",
            Self::LiveStorage => "live-storage",
            Self::GarbageAwaitingCollection => "garbage-awaiting-collection",
            Self::KeptForReuse => "kept-for-reuse",
            Self::NumbersLive => "numbers-live",
            Self::NumbersFree => "numbers-free",
            Self::UnidentifiedBlocks => "unidentified-blocks",
            Self::FreeBlocks => "free-blocks",
            Self::UntouchedBlocks => "untouched-blocks",
            Self::FreePools => "free-pools",
            Self::ArenaUntouched => "arena-untouched",
            Self::PoolOverhead => "pool-overhead",
            Self::MallocLive => "malloc-live",
            Self::MallocFree => "malloc-free",
            Self::MallocCached => "malloc-cached",
            Self::MallocTop => "malloc-top",
            Self::MallocOverhead => "malloc-overhead",
            Self::MallocUnknown => "malloc-unknown",
            Self::OtherAllocator => "other-allocator",
            Self::LibraryCode => "library-code",
            Self::LibraryReadOnly => "library-read-only",
            Self::LibraryData => "library-data",
            Self::LibraryBss => "library-bss",
            Self::InterpreterState => "interpreter-state",
            Self::DataStacks => "data-stacks",
            Self::Stacks => "stacks",
            Self::OtherFiles => "other-files",
            Self::Shared => "shared",
            Self::Kernel => "kernel",
            Self::OtherAnonymous => "other-anonymous",
        }
    }
}
