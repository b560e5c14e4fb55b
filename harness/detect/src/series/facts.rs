//! The facts of one look: plain numbers and names, which need neither the copy nor the snapshot any more.

use crate::Label;

/// What one look at a process tells, in numbers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LookFacts {
    /// Since the first look.
    pub seconds: f64,
    /// Requests that were served up to this look, by a load that counts them.
    pub requests: Option<u64>,
    /// What the collector is set to; `None` where nobody can tell.
    pub collector: Option<CollectorFacts>,
    /// What a full collection would find.
    pub garbage: GarbageFacts,
    /// Objects on the collector's lists.
    pub tracked: u64,
    /// Where the memory is; `None` without a copy of it.
    pub memory: Option<MemoryFacts>,
    /// Memory of C code by the type of the objects that hold it, most bytes first.
    pub held: Vec<HeldFacts>,
    /// Objects that are counted and that no object refers to, by type, most objects first. What threads that run hold so
    /// is among them.
    pub unheld: Vec<HeldFacts>,
    /// Threads that run Python code.
    pub threads: u64,
}

/// A generation's threshold and count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GenerationFacts {
    /// Above it the generation is collected.
    pub threshold: i64,
    /// Allocations less deallocations, or collections of the generation below.
    pub count: i64,
    /// The threshold that the interpreter gives it.
    pub usual_threshold: i64,
}

/// What the collector is set to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CollectorFacts {
    /// What `gc.isenabled()` tells; `None` where nobody can tell.
    pub enabled: Option<bool>,
    /// The youngest first.
    pub generations: Vec<GenerationFacts>,
    /// The interpreter puts off a full collection until one in so many of the old objects is new; 0 where it doesn't.
    pub put_off_one_in: u64,
}

/// What a full collection would find.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GarbageFacts {
    /// Objects it would free.
    pub objects: u64,
    /// Their own bytes.
    pub bytes: u64,
    /// Their types, most bytes first.
    pub types: Vec<String>,
    /// Objects it never frees.
    pub uncollectable: u64,
    /// Objects that were frozen as garbage, and what they hold alone.
    pub frozen_objects: u64,
    /// Their own bytes.
    pub frozen_bytes: u64,
    /// Their types, most bytes first.
    pub frozen_types: Vec<String>,
}

/// Where resident memory is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemoryFacts {
    /// Resident bytes of the process.
    pub resident: u64,
    /// Bytes of pymalloc's arenas.
    pub arenas: u64,
    /// Bytes of chunks that malloc gave out.
    pub malloc_held: u64,
    /// Resident bytes of those chunks that no object explains.
    pub malloc_unexplained: u64,
    /// Sizes of such chunks, as malloc was asked for them, most bytes first.
    pub chunk_sizes: Vec<Amount>,
    /// Resident bytes of anonymous mappings that are neither arenas, C heap nor stacks.
    pub mapped: u64,
    /// Another allocator than glibc's, where one is: its memory is among the mapped bytes.
    pub other_allocator: Option<String>,
    /// Bytes of objects that are not in arenas, and of what belongs to them.
    pub objects_outside_arenas: u64,
}

/// How many of a size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amount {
    /// Bytes of one.
    pub size: u64,
    /// How many.
    pub count: u64,
}

/// Objects of a type and an amount.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeldFacts {
    /// Qualified.
    pub type_name: String,
    /// How many.
    pub objects: u64,
    /// Their bytes, or what they hold.
    pub bytes: u64,
    /// One of them in a few words, as most of them are; empty where nothing can be said.
    pub sample: String,
    /// By what path most of them are held; empty where they are held by none.
    pub owner: Vec<Label>,
}
