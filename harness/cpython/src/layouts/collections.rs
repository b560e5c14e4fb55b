//! `Modules/_collectionsmodule.c`: the deque. Not in a public header; the order of a block's links differs between
//! 2.7 releases, so the walk tries both and keeps the one whose links agree.

/// `leftblock`.
pub const DEQUE_LEFTBLOCK: u64 = 16;
/// `rightblock`.
pub const DEQUE_RIGHTBLOCK: u64 = 24;
/// `leftindex`.
pub const DEQUE_LEFTINDEX: u64 = 32;
/// `len`.
pub const DEQUE_LEN: u64 = 48;
/// Items a block holds (`BLOCKLEN`).
pub const BLOCK_ITEMS: u64 = 62;
/// `sizeof(block)`.
pub const BLOCK_BYTES: u64 = 512;
/// Data first (2.7.9 and later): `data`, `rightlink`, `leftlink`.
pub const DATA_FIRST: BlockLayout = BlockLayout { data: 0, right: 496, left: 504 };
/// Links first (older): `leftlink`, `rightlink`, `data`.
pub const LINKS_FIRST: BlockLayout = BlockLayout { data: 16, right: 8, left: 0 };

/// Offsets in a deque's block.
#[derive(Clone, Copy, Debug)]
pub struct BlockLayout {
    /// First item.
    pub data: u64,
    /// Link to the right.
    pub right: u64,
    /// Link to the left.
    pub left: u64,
}
