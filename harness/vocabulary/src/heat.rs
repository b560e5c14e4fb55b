//! A heat map as data: what each cell of the allocators' memory holds. Drawn elsewhere, and never written as a document.

/// Bytes of a cell.
pub const CELL_BYTES: u64 = 1024;
/// Cells of a row at most; the rest of a longer row is not drawn.
pub const CELLS_PER_ROW: usize = 256;
/// Groups that have a colour of their own.
pub const GROUPS_MAX: usize = 6;

/// What most of a cell's bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum HeatCell {
    /// No memory of the allocators.
    Nothing,
    /// Live objects of no group that stands out, and their storage.
    Live,
    /// Live objects of the group with this number in [`HeatMap::groups`]; numbers without a colour are drawn as live.
    Group(u8),
    /// Objects awaiting collection.
    Garbage,
    /// Allocated, but no object we know; dead objects kept for reuse.
    OtherHeld,
    /// Freed blocks, and blocks never handed out in pools in use.
    FreeBlocks,
    /// Pools that are wholly free, or were never handed out.
    FreePool,
    /// Live ints and floats in blocks of their own.
    Numbers,
    /// Free entries of these blocks.
    NumbersFree,
    /// malloc: held by C code.
    MallocHeld,
    /// malloc: free, cached, or the heap's end.
    MallocFree,
    /// Known objects take this share of the cell; of what else is there nothing is known.
    Objects(HeatShare),
}

/// How much of a cell known objects take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum HeatShare {
    /// Up to a quarter.
    Little,
    /// Up to a half.
    Some,
    /// Up to three quarters.
    Much,
    /// More.
    Most,
}

/// What a row is cut out of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum HeatRowKind {
    /// A pymalloc arena.
    Arena,
    /// 256 KiB of the brk heap, or of a thread's heap.
    MallocHeap,
    /// Large allocations that are mappings of their own.
    MallocMapped,
    /// 256 KiB of addresses with a known object; whose memory it is is not known.
    Addresses,
}

/// 256 KiB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeatRow {
    /// What of.
    pub kind: HeatRowKind,
    /// Its cells in order of addresses.
    pub cells: Vec<HeatCell>,
}

/// One look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeatPanel {
    /// `before the load`.
    pub title: String,
    /// Rows of a kind stand together, in order of addresses.
    pub rows: Vec<HeatRow>,
}

/// One picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeatMap {
    /// What it is of.
    pub title: String,
    /// One look, or two to compare.
    pub panels: Vec<HeatPanel>,
    /// Who stands out: `weakref at module models, DBModel, __subclasses__`. The first [`GROUPS_MAX`] have a colour.
    pub groups: Vec<String>,
}
