//! The arenas and the C heap as rows of cells: the data of the heat map.

use bloathound_heap::ObjectId;
use bloathound_memory::Address;
use bloathound_vocabulary::{CELL_BYTES, CELLS_PER_ROW, HeatCell, HeatRow, HeatRowKind};

use super::census::BlockUse;
use super::{
    Arena, BlockJudge, HeapSegment, MallocChunk, MemoryLayout, NumberBlock, Occupant, Pool, PoolUse, SegmentKind,
};

/// Bytes of a row: an arena of 2.7.
const ROW_BYTES: u64 = CELL_BYTES * CELLS_PER_ROW as u64;
/// Rows at most: 4 GiB. What is beyond is left out and counted.
const ROWS_MAX: usize = 16 << 10;

/// Arenas first, then the C heap, each sorted by address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemoryPicture {
    /// The rows.
    pub rows: Vec<HeatRow>,
    /// Rows that were left out because there were too many.
    pub rows_left_out: u64,
}

impl MemoryLayout {
    /// All arenas and the C heap as a picture; `group_of` numbers the groups of objects that are to stand out.
    #[must_use]
    pub fn picture(&self, judge: &BlockJudge<'_>, group_of: impl Fn(ObjectId) -> Option<u8>) -> MemoryPicture {
        MemoryPicture::new(self, judge, group_of)
    }
}

/// Bytes of each use in one cell; who pins wins, then what has most.
#[derive(Clone, Default)]
struct Tally(Vec<(HeatCell, u64)>);

impl Tally {
    fn add(&mut self, cell: HeatCell, bytes: u64) {
        match self.0.iter_mut().find(|(have, _)| *have == cell) {
            Some((_, sum)) => *sum += bytes,
            None => self.0.push((cell, bytes)),
        }
    }

    /// A group wins its cell however little of it is there: one small object pins a whole arena, and is what one looks
    /// for. Of several groups the one with most.
    fn winner(&self) -> HeatCell {
        let groups = self.0.iter().filter(|(cell, _)| matches!(cell, HeatCell::Group(_)));
        if let Some((cell, _)) = groups.max_by_key(|(cell, bytes)| (*bytes, std::cmp::Reverse(*cell))) {
            return *cell;
        }
        self.0
            .iter()
            .max_by_key(|(cell, bytes)| (*bytes, std::cmp::Reverse(*cell)))
            .map_or(HeatCell::Nothing, |(c, _)| *c)
    }
}

struct RowPainter {
    start: Address,
    cells: Vec<Tally>,
}

impl RowPainter {
    fn new(start: Address) -> Self {
        Self { start, cells: vec![Tally::default(); CELLS_PER_ROW] }
    }

    /// Gives `bytes` from `address` on to `cell`; what is outside the row is cut off.
    fn paint(&mut self, address: Address, bytes: u64, cell: HeatCell) {
        let row_end = self.start.offset(ROW_BYTES);
        let mut at = address.max(self.start);
        let end = address.offset(bytes).min(row_end);
        while at < end {
            let inside = at.since(self.start);
            let cell_end = self.start.offset((inside / CELL_BYTES + 1) * CELL_BYTES).min(end);
            if let Some(tally) = self.cells.get_mut((inside / CELL_BYTES) as usize) {
                tally.add(cell, cell_end.since(at));
            }
            at = cell_end;
        }
    }

    fn finish(self, kind: HeatRowKind) -> HeatRow {
        HeatRow { kind, cells: self.cells.iter().map(Tally::winner).collect() }
    }
}

impl MemoryPicture {
    pub(super) fn new(
        layout: &MemoryLayout,
        judge: &BlockJudge<'_>,
        group_of: impl Fn(ObjectId) -> Option<u8>,
    ) -> Self {
        let painter = Painter { layout, judge, group_of };
        let mut picture = Self::default();
        for arena in layout.pymalloc.arenas() {
            for row in 0..arena.rules.arena_bytes.div_ceil(ROW_BYTES) {
                if picture.has_room() {
                    picture.rows.push(painter.arena(arena, arena.address.offset(row * ROW_BYTES)));
                }
            }
        }
        for kind in [HeatRowKind::MallocHeap, HeatRowKind::MallocMapped] {
            let wanted =
                |segment: &&HeapSegment| (segment.kind == SegmentKind::Mmapped) == (kind == HeatRowKind::MallocMapped);
            for segment in layout.malloc.segments().iter().filter(wanted) {
                painter.segment(segment, kind, &mut picture);
            }
        }
        picture
    }

    fn has_room(&mut self) -> bool {
        let has_room = self.rows.len() < ROWS_MAX;
        self.rows_left_out += u64::from(!has_room);
        has_room
    }
}

struct Painter<'a, F> {
    layout: &'a MemoryLayout,
    judge: &'a BlockJudge<'a>,
    group_of: F,
}

impl<F: Fn(ObjectId) -> Option<u8>> Painter<'_, F> {
    fn cell(&self, usage: BlockUse) -> HeatCell {
        match usage {
            BlockUse::Live(id) => (self.group_of)(id).map_or(HeatCell::Live, HeatCell::Group),
            BlockUse::Garbage(_) => HeatCell::Garbage,
            BlockUse::KeptForReuse | BlockUse::KeptUntilCollection | BlockUse::Unidentified => HeatCell::OtherHeld,
        }
    }

    /// The row of an arena that begins at `start`.
    fn arena(&self, arena: &Arena, start: Address) -> HeatRow {
        let mut row = RowPainter::new(start);
        for (pool, position) in self.layout.pymalloc.pools_of(arena).iter().zip(arena.pools.clone()) {
            self.pool(pool, position, &mut row);
        }
        let used = arena.pools.len() as u64 * arena.rules.pool_bytes;
        row.paint(arena.first_pool.offset(used), arena.rules.arena_bytes.saturating_sub(used), HeatCell::FreePool);
        row.finish(HeatRowKind::Arena)
    }

    fn pool(&self, pool: &Pool, position: u32, row: &mut RowPainter) {
        match pool.usage {
            PoolUse::Emptied => row.paint(pool.address, pool.rules.pool_bytes, HeatCell::FreePool),
            PoolUse::Unknown => row.paint(pool.address, pool.rules.pool_bytes, HeatCell::OtherHeld),
            PoolUse::InUse => {
                for index in 0..pool.capacity_blocks() {
                    let cell = match pool.is_allocated(index) {
                        true => self.cell(self.judge.block(pool, position, index)),
                        false => HeatCell::FreeBlocks,
                    };
                    row.paint(pool.block_address(index), u64::from(pool.block_bytes), cell);
                }
                let header = u64::from(pool.rules.pool_header_bytes);
                let first = if pool.is_allocated(0) { HeatCell::OtherHeld } else { HeatCell::FreeBlocks };
                row.paint(pool.address, header, first);
            }
        }
    }

    fn segment(&self, segment: &HeapSegment, kind: HeatRowKind, picture: &mut MemoryPicture) {
        let mut start = segment.range.start;
        let chunks = self.layout.malloc.chunks_of(segment);
        while start < segment.range.end {
            if picture.has_room() {
                let end = start.offset(ROW_BYTES);
                let mut row = RowPainter::new(start);
                let first = chunks.partition_point(|chunk| chunk.end() <= start);
                let positions = segment.chunks.start + first as u32..;
                for (chunk, position) in
                    chunks.iter().skip(first).take_while(|chunk| chunk.address < end).zip(positions)
                {
                    self.chunk(chunk, position, &mut row);
                }
                picture.rows.push(row.finish(kind));
            }
            start = start.offset(ROW_BYTES);
        }
    }

    fn chunk(&self, chunk: &MallocChunk, position: u32, row: &mut RowPainter) {
        if !chunk.is_held() {
            row.paint(chunk.address, chunk.bytes(), HeatCell::MallocFree);
            return;
        }
        let (occupant, usage) = self.judge.chunk(position);
        let numbers = &self.layout.numbers;
        let block = numbers.block_containing(chunk.user_address()).and_then(|at| numbers.blocks().get(at));
        match (occupant, block) {
            (Occupant::Nobody, Some(block)) => number_block(block, row),
            (Occupant::Nobody, None) => row.paint(chunk.address, chunk.bytes(), HeatCell::MallocHeld),
            _ => row.paint(chunk.address, chunk.bytes(), self.cell(usage)),
        }
    }
}

fn number_block(block: &NumberBlock, row: &mut RowPainter) {
    for index in 0..block.rules.numbers {
        let cell = if block.live >> index & 1 == 1 { HeatCell::Numbers } else { HeatCell::NumbersFree };
        row.paint(block.entry(index), block.rules.number_bytes, cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_wins_its_cell_however_little_it_has_there() {
        let mut tally = Tally::default();
        tally.add(HeatCell::FreeBlocks, 900);
        tally.add(HeatCell::Live, 100);
        assert_eq!(tally.winner(), HeatCell::FreeBlocks);
        tally.add(HeatCell::Group(3), 16);
        assert_eq!(tally.winner(), HeatCell::Group(3));
        tally.add(HeatCell::Group(1), 24);
        assert_eq!(tally.winner(), HeatCell::Group(1));
    }
}
