//! The heat map: all arenas and the C heap of one look, or of two side by side, as one picture.
//!
//! A row is 256 KiB (an arena, or as much of the C heap), a cell is [`CELL_BYTES`] of it, coloured by what most of its
//! bytes are. Rows are in order of their addresses, which are not told: pictures of two runs can be compared.

use crate::ReportError;
use crate::heatmap_layout::lay_out;

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
    /// Live objects of no group that stands out.
    Live,
    /// Live objects of the group with this number in [`HeatMap::groups`]; numbers without a colour are drawn as live.
    Group(u8),
    /// Objects awaiting collection.
    Garbage,
    /// Held, but by no object we know.
    OtherHeld,
    /// Free blocks in pools in use.
    FreeBlocks,
    /// Pools that are wholly free or were never used.
    FreePool,
    /// Live ints and floats in blocks of their own.
    Numbers,
    /// Free entries of these blocks.
    NumbersFree,
    /// malloc: held by C code.
    MallocHeld,
    /// malloc: free.
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
    /// The C heap.
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

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

pub(crate) const BACKGROUND: Colour = [0x12, 0x16, 0x1d];
pub(crate) const TEXT: Colour = [0xe8, 0xec, 0xf2];
pub(crate) const TEXT_DIM: Colour = [0x9a, 0xa5, 0xb5];
/// Warm and bright, so that a single cell shows; told apart by lightness too.
const GROUP_COLOURS: [Colour; GROUPS_MAX] = [
    [0xff, 0x45, 0x4f],
    [0xff, 0xb0, 0x2e],
    [0xff, 0x8a, 0xd8],
    [0xff, 0xf1, 0x76],
    [0xc8, 0x6b, 0xff],
    [0xff, 0x7a, 0x45],
];

impl HeatCell {
    /// The kinds without groups, in the order of the legend.
    pub(crate) const PLAIN: [Self; 14] = [
        Self::Objects(HeatShare::Most),
        Self::Objects(HeatShare::Much),
        Self::Objects(HeatShare::Some),
        Self::Objects(HeatShare::Little),
        Self::Live,
        Self::Garbage,
        Self::OtherHeld,
        Self::FreeBlocks,
        Self::FreePool,
        Self::Numbers,
        Self::NumbersFree,
        Self::MallocHeld,
        Self::MallocFree,
        Self::Nothing,
    ];

    /// A group without a colour is live like others.
    pub(crate) fn as_drawn(self) -> Self {
        match self {
            Self::Group(number) if usize::from(number) >= GROUPS_MAX => Self::Live,
            cell => cell,
        }
    }

    pub(crate) fn colour(self) -> Colour {
        match self {
            Self::Nothing => BACKGROUND,
            Self::Live => [0x3d, 0x8b, 0xe0],
            Self::Group(number) => GROUP_COLOURS.get(usize::from(number)).copied().unwrap_or([0x3d, 0x8b, 0xe0]),
            Self::Garbage => [0x9c, 0x7a, 0x3c],
            Self::OtherHeld => [0x8f, 0x9b, 0xab],
            Self::FreeBlocks => [0x3a, 0x48, 0x60],
            Self::FreePool => [0x25, 0x2d, 0x3b],
            Self::Numbers => [0x2f, 0xc2, 0xa5],
            Self::NumbersFree => [0x1c, 0x55, 0x4d],
            Self::MallocHeld => [0x7d, 0x6a, 0xd6],
            Self::MallocFree => [0x30, 0x28, 0x4a],
            Self::Objects(HeatShare::Little) => [0x1d, 0x3a, 0x5c],
            Self::Objects(HeatShare::Some) => [0x2a, 0x5d, 0x94],
            Self::Objects(HeatShare::Much) => [0x3d, 0x8b, 0xe0],
            Self::Objects(HeatShare::Most) => [0x9c, 0xcb, 0xff],
        }
    }

    pub(crate) fn legend(self) -> &'static str {
        match self {
            Self::Nothing => "not theirs",
            Self::Live | Self::Group(_) => "live objects",
            Self::Garbage => "garbage awaiting collection",
            Self::OtherHeld => "held, no known object",
            Self::FreeBlocks => "free blocks in pools in use",
            Self::FreePool => "wholly free pools",
            Self::Numbers => "ints and floats",
            Self::NumbersFree => "free entries of int and float blocks",
            Self::MallocHeld => "C heap, held by C code",
            Self::MallocFree => "C heap, free",
            Self::Objects(HeatShare::Little) => "objects fill up to a quarter of it",
            Self::Objects(HeatShare::Some) => "objects fill up to half",
            Self::Objects(HeatShare::Much) => "objects fill up to three quarters",
            Self::Objects(HeatShare::Most) => "objects fill nearly all of a cell",
        }
    }
}

impl HeatMap {
    /// The picture as SVG, with real text.
    #[must_use]
    pub fn to_svg(&self) -> String {
        crate::heatmap_svg::draw(&lay_out(self))
    }

    /// The picture as PNG, with drawn text.
    ///
    /// # Errors
    /// [`ReportError`] when it can't be encoded.
    pub fn to_png(&self) -> Result<Vec<u8>, ReportError> {
        crate::heatmap_png::draw(&lay_out(self))
    }
}
