//! Blocks of int and float objects (`Objects/intobject.c`, `Objects/floatobject.c`): never given back to the system.

use bloathound_memory::{Address, MemoryImage};

use super::{ChunkState, LayoutProblem, MallocMap};
use crate::dialect::{Dialect, NumberBlockRules};

/// What a block's entries are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum NumberKind {
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// All entries are free, and no list tells whose.
    Unknown,
}

/// One block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberBlock {
    /// What blocks look like.
    pub rules: &'static NumberBlockRules,
    /// Its first byte: the link to the next block.
    pub address: Address,
    /// Whose.
    pub kind: NumberKind,
    /// Bit *n* is set when entry *n* is a live object.
    pub live: u64,
}

impl NumberBlock {
    /// Live objects in it.
    #[must_use]
    pub fn live_count(&self) -> u32 {
        self.live.count_ones()
    }

    /// Free entries in it.
    #[must_use]
    pub fn free_count(&self) -> u32 {
        self.rules.numbers - self.live_count()
    }

    /// Address of entry `index`.
    #[must_use]
    pub fn entry(&self, index: u32) -> Address {
        self.address.offset(self.rules.header_bytes + u64::from(index) * self.rules.number_bytes)
    }
}

/// Totals of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NumberTotals {
    /// Blocks.
    pub blocks: u64,
    /// Live objects.
    pub live: u64,
    /// Free entries.
    pub free: u64,
}

/// All blocks, sorted by address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberBlocks {
    d: &'static Dialect,
    blocks: Vec<NumberBlock>,
}

/// The two types whose objects live in such blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberTypes {
    /// `PyInt_Type`.
    pub int: Address,
    /// `PyFloat_Type`.
    pub float: Address,
}

impl NumberBlocks {
    /// No blocks.
    #[must_use]
    pub fn none(d: &'static Dialect) -> Self {
        Self { d, blocks: Vec::new() }
    }

    /// What the blocks look like.
    #[must_use]
    pub fn rules(&self) -> &'static NumberBlockRules {
        &self.d.number_blocks
    }

    /// Follows the `lists` (addresses of the variables `block_list`), then looks through malloc's chunks for blocks that
    /// no list told of, which is all there is in a stripped interpreter.
    #[must_use]
    pub fn decode(
        d: &'static Dialect,
        image: &MemoryImage,
        lists: &[Address],
        types: NumberTypes,
        malloc: &MallocMap,
    ) -> (Self, Vec<LayoutProblem>) {
        let mut problems = Vec::new();
        let mut blocks = Vec::new();
        for list in lists {
            blocks.extend(follow_list(d, image, *list, types, malloc, &mut problems));
        }
        let by_shape = blocks.is_empty();
        if by_shape {
            blocks = find_by_shape(d, image, types, malloc);
        }
        blocks.sort_by_key(|block| block.address);
        blocks.dedup_by_key(|block| block.address);
        let mut found = Self { d, blocks };
        if by_shape {
            found.spread_kinds(image);
        }
        (found, problems)
    }

    /// Gives emptied blocks the kind of the blocks that their free entries are linked with.
    fn spread_kinds(&mut self, image: &MemoryImage) {
        let ob_type = self.d.object.ob_type;
        let mut links = Vec::new();
        for (from, block) in self.blocks.iter().enumerate() {
            for index in (0..self.d.number_blocks.numbers).filter(|index| block.live >> index & 1 == 0) {
                let link = image.pointer_at(block.entry(index).offset(ob_type));
                if let Some(to) = link.and_then(|link| self.block_containing(link))
                    && to != from
                {
                    links.push((from, to));
                    links.push((to, from));
                }
            }
        }
        links.sort_unstable();
        let mut queue: Vec<usize> =
            (0..self.blocks.len()).filter(|at| self.kind_of(*at) != NumberKind::Unknown).collect();
        while let Some(from) = queue.pop() {
            let kind = self.kind_of(from);
            let first = links.partition_point(|(source, _)| *source < from);
            for (_, to) in links.iter().skip(first).take_while(|(source, _)| *source == from) {
                if let Some(block) = self.blocks.get_mut(*to)
                    && block.kind == NumberKind::Unknown
                {
                    block.kind = kind;
                    queue.push(*to);
                }
            }
        }
    }

    fn kind_of(&self, position: usize) -> NumberKind {
        self.blocks.get(position).map_or(NumberKind::Unknown, |block| block.kind)
    }

    /// All blocks, sorted by address.
    #[must_use]
    pub fn blocks(&self) -> &[NumberBlock] {
        &self.blocks
    }

    /// Totals of one kind.
    #[must_use]
    pub fn totals(&self, kind: NumberKind) -> NumberTotals {
        self.blocks.iter().filter(|block| block.kind == kind).fold(NumberTotals::default(), |sum, block| NumberTotals {
            blocks: sum.blocks + 1,
            live: sum.live + u64::from(block.live_count()),
            free: sum.free + u64::from(block.free_count()),
        })
    }

    /// Bytes of all free entries, of whatever kind.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.blocks.iter().map(|block| u64::from(block.free_count()) * self.d.number_blocks.number_bytes).sum()
    }

    /// The block that `address` is in, by position.
    #[must_use]
    pub fn block_containing(&self, address: Address) -> Option<usize> {
        let position = self.blocks.partition_point(|block| block.address <= address).checked_sub(1)?;
        (address.since(self.blocks.get(position)?.address) < self.d.number_blocks.block_bytes()).then_some(position)
    }
}

/// Size of the malloc chunk a block is in.
fn chunk_bytes(rules: &NumberBlockRules) -> u64 {
    (rules.block_bytes() + 8).next_multiple_of(16)
}

/// What one entry is, by its `ob_refcnt` and `ob_type`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Live(NumberKind),
    /// Free; the link.
    Free(Address),
}

fn entry(d: &Dialect, image: &MemoryImage, at: Address, types: NumberTypes) -> Option<Entry> {
    let refcount = image.u64_at(at)?;
    let type_or_link = image.pointer_at(at.offset(d.object.ob_type))?;
    Some(match type_or_link {
        t if t == types.int && refcount != 0 => Entry::Live(NumberKind::Int),
        t if t == types.float && refcount != 0 => Entry::Live(NumberKind::Float),
        link => Entry::Free(link),
    })
}

fn read_block(
    d: &'static Dialect,
    image: &MemoryImage,
    address: Address,
    types: NumberTypes,
    is_link: impl Fn(Address) -> bool,
) -> Option<NumberBlock> {
    let mut block = NumberBlock { rules: &d.number_blocks, address, kind: NumberKind::Unknown, live: 0 };
    for index in 0..d.number_blocks.numbers {
        match entry(d, image, block.entry(index), types)? {
            Entry::Live(kind) if block.kind == NumberKind::Unknown || block.kind == kind => {
                block.kind = kind;
                block.live |= 1 << index;
            }
            Entry::Live(_) => return None,
            Entry::Free(link) if link.is_null() || is_link(link) => {}
            Entry::Free(_) => return None,
        }
    }
    Some(block)
}

fn follow_list(
    d: &'static Dialect,
    image: &MemoryImage,
    list: Address,
    types: NumberTypes,
    malloc: &MallocMap,
    problems: &mut Vec<LayoutProblem>,
) -> Vec<NumberBlock> {
    let mut blocks: Vec<NumberBlock> = Vec::new();
    // No more blocks than the image has room for: a circle ends there.
    let limit = image.flat().len() as u64 / d.number_blocks.block_bytes() + 1;
    let mut next = image.pointer_at(list);
    while let Some(address) = next.filter(|address| !address.is_null()) {
        // In a freshly emptied block a free entry may still have a type: `ob_refcnt` decided already.
        let is_link = |link: Address| link == types.int || link == types.float || image.locate(link).is_some();
        match read_block(d, image, address, types, is_link) {
            Some(block) if (blocks.len() as u64) < limit => blocks.push(block),
            _ => {
                problems.push(LayoutProblem::NumberBlocksBroken { list, blocks: blocks.len() as u64 });
                break;
            }
        }
        next = image.pointer_at(address);
    }
    // One list has one kind: an emptied block takes it from the others.
    let kind =
        blocks.iter().map(|block| block.kind).find(|kind| *kind != NumberKind::Unknown).unwrap_or(NumberKind::Unknown);
    for block in &mut blocks {
        block.kind = kind;
    }
    if malloc.chunks().is_empty() {
        return blocks;
    }
    // A list of another file (`block_list` is a common name) does not lead to chunks of this size.
    let fits = |block: &NumberBlock| {
        malloc
            .chunk_of_user(block.address)
            .and_then(|position| malloc.chunks().get(position as usize))
            .is_some_and(|chunk| chunk.bytes() >= chunk_bytes(&d.number_blocks))
    };
    blocks.retain(fits);
    blocks
}

/// Chunks of the right size whose 41 entries are all live numbers of one kind, or free entries linked to entries of
/// other such chunks.
fn find_by_shape(d: &'static Dialect, image: &MemoryImage, types: NumberTypes, malloc: &MallocMap) -> Vec<NumberBlock> {
    let rules = &d.number_blocks;
    let (least, ob_type) = (chunk_bytes(rules), d.object.ob_type);
    let is_candidate = |position: u32| {
        malloc
            .chunks()
            .get(position as usize)
            .is_some_and(|chunk| chunk.state == ChunkState::Live && (least..least + 32).contains(&chunk.bytes()))
    };
    let is_link = |link: Address| {
        link.is_aligned(8)
            && malloc.chunk_containing(link).is_some_and(|position| {
                is_candidate(position)
                    && malloc.chunks().get(position as usize).is_some_and(|chunk| {
                        let inside = link.since(chunk.user_address());
                        inside >= rules.header_bytes && (inside - rules.header_bytes).is_multiple_of(rules.number_bytes)
                    })
            })
    };
    (0..malloc.chunks().len() as u32)
        .filter(|position| is_candidate(*position))
        .filter_map(|position| malloc.chunks().get(position as usize))
        .filter_map(|chunk| read_block(d, image, chunk.user_address(), types, is_link))
        // Forty-one NULLs are no evidence.
        .filter(|block| {
            block.live != 0
                || (0..d.number_blocks.numbers).any(|index| {
                    image.pointer_at(block.entry(index).offset(ob_type)).is_some_and(|link| !link.is_null())
                })
        })
        .collect()
}
