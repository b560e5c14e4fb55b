//! The heat map: all arenas and the C heap of one look, or of two side by side, as one picture.
//!
//! A row is 256 KiB (an arena, or as much of the C heap), a cell is [`CELL_BYTES`](bloathound_vocabulary::CELL_BYTES) of it, coloured by what most of its
//! bytes are, or by the group that pins it, however little of that is there. Rows are in order of their addresses, which are not told: pictures of two runs can be compared.

mod layout;
mod letters;
mod png;
mod svg;
#[cfg(test)]
mod tests;

use bloathound_vocabulary::{GROUPS_MAX, HeatCell, HeatMap, HeatShare};

use crate::ReportError;
use layout::lay_out;

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

/// The kinds without groups, in the order of the legend.
const PLAIN: [HeatCell; 14] = [
    HeatCell::Objects(HeatShare::Most),
    HeatCell::Objects(HeatShare::Much),
    HeatCell::Objects(HeatShare::Some),
    HeatCell::Objects(HeatShare::Little),
    HeatCell::Live,
    HeatCell::Garbage,
    HeatCell::OtherHeld,
    HeatCell::FreeBlocks,
    HeatCell::FreePool,
    HeatCell::Numbers,
    HeatCell::NumbersFree,
    HeatCell::MallocHeld,
    HeatCell::MallocFree,
    HeatCell::Nothing,
];

/// A group without a colour is live like others.
fn as_drawn(cell: HeatCell) -> HeatCell {
    match cell {
        HeatCell::Group(number) if usize::from(number) >= GROUPS_MAX => HeatCell::Live,
        cell => cell,
    }
}

/// What a cell is drawn in.
fn colour(cell: HeatCell) -> Colour {
    match cell {
        HeatCell::Nothing => BACKGROUND,
        HeatCell::Live => [0x3d, 0x8b, 0xe0],
        HeatCell::Group(number) => GROUP_COLOURS.get(usize::from(number)).copied().unwrap_or([0x3d, 0x8b, 0xe0]),
        HeatCell::Garbage => [0x9c, 0x7a, 0x3c],
        HeatCell::OtherHeld => [0x8f, 0x9b, 0xab],
        HeatCell::FreeBlocks => [0x3a, 0x48, 0x60],
        HeatCell::FreePool => [0x25, 0x2d, 0x3b],
        HeatCell::Numbers => [0x2f, 0xc2, 0xa5],
        HeatCell::NumbersFree => [0x1c, 0x55, 0x4d],
        HeatCell::MallocHeld => [0x7d, 0x6a, 0xd6],
        HeatCell::MallocFree => [0x30, 0x28, 0x4a],
        HeatCell::Objects(HeatShare::Little) => [0x1d, 0x3a, 0x5c],
        HeatCell::Objects(HeatShare::Some) => [0x2a, 0x5d, 0x94],
        HeatCell::Objects(HeatShare::Much) => [0x3d, 0x8b, 0xe0],
        HeatCell::Objects(HeatShare::Most) => [0x9c, 0xcb, 0xff],
    }
}

/// What the legend calls it.
fn legend(cell: HeatCell) -> &'static str {
    match cell {
        HeatCell::Nothing => "not theirs",
        HeatCell::Live | HeatCell::Group(_) => "live objects",
        HeatCell::Garbage => "garbage awaiting collection",
        HeatCell::OtherHeld => "held, no known object",
        HeatCell::FreeBlocks => "free blocks in pools in use",
        HeatCell::FreePool => "wholly free pools",
        HeatCell::Numbers => "ints and floats",
        HeatCell::NumbersFree => "free entries of int and float blocks",
        HeatCell::MallocHeld => "C heap, held by C code",
        HeatCell::MallocFree => "C heap, free",
        HeatCell::Objects(HeatShare::Little) => "objects fill up to a quarter of it",
        HeatCell::Objects(HeatShare::Some) => "objects fill up to half",
        HeatCell::Objects(HeatShare::Much) => "objects fill up to three quarters",
        HeatCell::Objects(HeatShare::Most) => "objects fill nearly all of a cell",
    }
}

/// The picture as SVG, with real text.
#[must_use]
pub fn to_svg(map: &HeatMap) -> String {
    svg::draw(&lay_out(map))
}

/// The picture as PNG, with letters of a font.
///
/// # Errors
/// [`ReportError`] when it can't be encoded.
pub fn to_png(map: &HeatMap) -> Result<Vec<u8>, ReportError> {
    png::draw(&lay_out(map))
}
