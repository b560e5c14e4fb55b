//! The talk's heat map: where in the address space the objects are that somebody knows the addresses of.

use std::collections::BTreeMap;

use bloathound_cpython::dialect::FIRST;
use bloathound_detect::fragmentation::{ArenaLoad, Holder, PinLimits, PinningBlock, Pins, group_pins};
use bloathound_heap::{Analysis, HeapSnapshot, ObjectId};
use bloathound_vocabulary::{CELL_BYTES, CELLS_PER_ROW, HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind, HeatShare};

use super::{group_names, group_of};

/// Bytes of a row.
const ROW_BYTES: u64 = CELL_BYTES * CELLS_PER_ROW as u64;
/// Rows that are drawn: 8 GiB. A dump that claims more is not drawn in full.
const ROWS_MAX: usize = 1 << 15;

/// The rows that have objects, in order of address. Who is alone in the emptiest of them stands out.
pub(super) fn draw(analysis: &Analysis<'_>, title: &str) -> HeatMap {
    let snapshot = analysis.snapshot();
    let extents = extents(snapshot);
    let rows = rows_of(&extents);
    let pins = pins(analysis, &extents, &rows);
    let group_of = group_of(analysis, Some(&pins));
    let garbage = &analysis.replay().awaiting_collection;
    let mut cells: Vec<Cells> = vec![Cells::default(); rows.len()];
    for (id, address, bytes) in &extents {
        let mark = if garbage.contains(*id) { Some(HeatCell::Garbage) } else { group_of(*id).map(HeatCell::Group) };
        for (cell, share) in pieces(*address, *bytes) {
            if let Some(row) = rows.get(&(cell / CELLS_PER_ROW as u64)).and_then(|row| cells.get_mut(*row)) {
                row.add((cell % CELLS_PER_ROW as u64) as usize, share, mark);
            }
        }
    }
    let rows = cells.into_iter().map(|cells| HeatRow { kind: HeatRowKind::Addresses, cells: cells.finish() });
    let panel = HeatPanel { title: "now, by the addresses of objects".into(), rows: rows.collect() };
    HeatMap { title: title.to_owned(), panels: vec![panel], groups: group_names(Some(&pins)) }
}

/// Where each object begins and how much of it stands there: of built-in containers a part, and nobody inside knows where
/// the rest is.
fn extents(snapshot: &HeapSnapshot) -> Vec<(ObjectId, u64, u64)> {
    let headers: Vec<Option<u64>> = snapshot
        .types()
        .iter()
        .map(|info| {
            let known = FIRST.types.at_address.iter().find(|(name, _)| *name == info.name && !info.is_heap_type);
            known.map(|(_, bytes)| *bytes)
        })
        .collect();
    // Objects that claim to overlap can't make this take for ever.
    let mut budget = ROWS_MAX as u64 * ROW_BYTES;
    let extent = |id: ObjectId| {
        let object = snapshot.object(id);
        let header = headers.get(object.type_id.0 as usize).copied().flatten().unwrap_or(u64::MAX);
        let bytes = object.shallow_size.min(header).min(budget).max(1);
        budget = budget.saturating_sub(bytes);
        (id, object.address, bytes)
    };
    snapshot.ids().map(extent).collect()
}

/// Rows by their number in the address space, and which row of the picture each is.
fn rows_of(extents: &[(ObjectId, u64, u64)]) -> BTreeMap<u64, usize> {
    let mut found = BTreeMap::new();
    for (_, address, bytes) in extents {
        let last = (address + bytes - 1) / ROW_BYTES;
        for row in address / ROW_BYTES..=last {
            if found.len() >= ROWS_MAX && !found.contains_key(&row) {
                break;
            }
            found.insert(row, 0);
        }
    }
    found.values_mut().enumerate().for_each(|(index, row)| *row = index);
    found
}

/// The cells that an object is in, by their number in the address space, and its bytes in each.
fn pieces(address: u64, bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    let end = address + bytes;
    let cells = address / CELL_BYTES..=(end - 1) / CELL_BYTES;
    cells.map(move |cell| {
        let (from, to) = (cell * CELL_BYTES, (cell + 1) * CELL_BYTES);
        (cell, end.min(to) - address.max(from))
    })
}

fn pins(analysis: &Analysis<'_>, extents: &[(ObjectId, u64, u64)], rows: &BTreeMap<u64, usize>) -> Pins {
    let garbage = &analysis.replay().awaiting_collection;
    let mut loads = vec![ArenaLoad { bytes: ROW_BYTES, held_bytes: 0 }; rows.len()];
    let live = || extents.iter().filter(|(id, ..)| !garbage.contains(*id));
    for (_, address, bytes) in live() {
        if let Some(load) = rows.get(&(address / ROW_BYTES)).and_then(|row| loads.get_mut(*row)) {
            load.held_bytes += bytes;
        }
    }
    let held = live().filter_map(|(id, address, bytes)| {
        Some(PinningBlock {
            arena: *rows.get(&(address / ROW_BYTES))? as u32,
            bytes: u32::try_from(*bytes).unwrap_or(u32::MAX),
            holder: Holder::Object(*id),
        })
    });
    let owner_of = |id| analysis.finder().labels_to(id).unwrap_or_default();
    group_pins(analysis.snapshot(), &loads, held, &PinLimits::default(), owner_of)
}

/// One row while it fills.
#[derive(Clone)]
struct Cells {
    bytes: Vec<u32>,
    marks: Vec<Option<(HeatCell, u32)>>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { bytes: vec![0; CELLS_PER_ROW], marks: vec![None; CELLS_PER_ROW] }
    }
}

impl Cells {
    fn add(&mut self, cell: usize, bytes: u64, mark: Option<HeatCell>) {
        let bytes = bytes as u32;
        self.bytes[cell] = self.bytes[cell].saturating_add(bytes);
        if let Some(mark) = mark {
            // A group before garbage, then who has most of the cell; the first of equals.
            let is_group = |mark: HeatCell| matches!(mark, HeatCell::Group(_));
            let (kept, most) = self.marks[cell].get_or_insert((mark, 0));
            let (is_pin, was_pin) = (is_group(mark), is_group(*kept));
            if *kept == mark || (is_pin && !was_pin) || (is_pin == was_pin && bytes > *most) {
                (*kept, *most) = (mark, if *kept == mark { most.saturating_add(bytes) } else { bytes });
            }
        }
    }

    fn finish(self) -> Vec<HeatCell> {
        let cell = |(bytes, mark): (u32, Option<(HeatCell, u32)>)| match (bytes, mark) {
            (0, _) => HeatCell::Nothing,
            // However little it has there: one small object holds the whole row.
            (_, Some((pin @ HeatCell::Group(_), _))) => pin,
            (bytes, Some((mark, most))) if most * 2 > bytes => mark,
            (bytes, _) => HeatCell::Objects(match u64::from(bytes) * 4 / CELL_BYTES {
                0 => HeatShare::Little,
                1 => HeatShare::Some,
                2 => HeatShare::Much,
                _ => HeatShare::Most,
            }),
        };
        self.bytes.into_iter().zip(self.marks).map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_kit::Dump;

    fn drawn(objects: &str) -> Vec<HeatRow> {
        let text = format!("[\"bloathound-dump\", 1, {{\"pid\": 7}}]\n{objects}");
        let snapshot = Dump::read(text.as_bytes(), "x".as_ref(), 1 << 30).unwrap().snapshot(FIRST.words);
        draw(&Analysis::run(&snapshot), "x").panels.remove(0).rows
    }

    #[test]
    fn objects_show_where_they_are_and_empty_space_is_left_out() {
        let far = 1_u64 << 46;
        let object = |at: u64, kind: u32, bytes: u64| format!("[\"o\", {at}, {kind}, {bytes}, 1, 0, []]\n");
        let types = "[\"t\", 2, \"str\", \"__builtin__\", 0, null]\n[\"t\", 3, \"Row\", \"model\", 1, null]\n";
        let rows = drawn(
            &[
                types.to_owned(),
                object(ROW_BYTES + 8, 2, 200),
                object(ROW_BYTES + 2 * CELL_BYTES, 2, 1500),
                object(ROW_BYTES + 10 * CELL_BYTES, 2, 200 * CELL_BYTES),
                object(far + 5 * CELL_BYTES, 3, 800),
            ]
            .concat(),
        );
        assert_eq!(rows.len(), 2);
        let objects = HeatCell::Objects;
        let wanted =
            [objects(HeatShare::Little), HeatCell::Nothing, objects(HeatShare::Most), objects(HeatShare::Some)];
        assert_eq!(rows[0].cells[..4], wanted);
        assert_eq!(rows[0].cells[210], HeatCell::Nothing);
        // Alone in its row, it is what one asks for.
        assert_eq!(rows[1].cells[5], HeatCell::Group(0));
        assert_eq!(rows[1].cells.iter().filter(|cell| **cell != HeatCell::Nothing).count(), 1);
    }

    #[test]
    fn a_pin_wins_its_cell_however_little_it_has_there() {
        let (pin, mut cells) = (HeatCell::Group(2), Cells::default());
        cells.add(0, 900, None);
        cells.add(0, 40, Some(HeatCell::Garbage));
        cells.add(0, 16, Some(pin));
        cells.add(0, 60, Some(HeatCell::Garbage));
        assert_eq!(cells.finish()[0], pin);
    }

    #[test]
    fn what_claims_all_of_memory_is_drawn_in_bounded_time() {
        let objects: String =
            (1_u64..2000).map(|n| format!("[\"o\", {}, 2, {}, 1, 0, []]\n", n << 40, 1_u64 << 44)).collect();
        assert!(drawn(&objects).len() <= ROWS_MAX);
    }
}
