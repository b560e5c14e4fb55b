//! From the engine's picture of the address space to the report's heat map.

use std::path::Path;

use bloathound_cpython::memory_layout::{Cell, MemoryPicture, RowKind};
use bloathound_detect::fragmentation::{PinGroup, Pins};
use bloathound_engine::memory_view::MemoryView;
use bloathound_heap::{Analysis, ObjectId};
use bloathound_report::heatmap::{GROUPS_MAX, HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind};

use crate::error::CliError;
use crate::view::HeapView;
use crate::{heat_of_addresses, output};

/// One look as a panel; who pins most arenas stands out, in the order of [`group_names`].
pub(crate) fn panel(view: &MemoryView<'_>, analysis: &Analysis<'_>, pins: Option<&Pins>, title: &str) -> HeatPanel {
    let picture = view.layout.picture(&view.judge(), group_of(analysis, pins));
    HeatPanel { title: title.to_owned(), rows: rows(&picture) }
}

/// Which of the groups that stand out an object belongs to.
pub(crate) fn group_of<'a>(analysis: &'a Analysis<'_>, pins: Option<&'a Pins>) -> impl Fn(ObjectId) -> Option<u8> + 'a {
    let groups: Vec<&PinGroup> = pins.map(|pins| pins.groups.iter().take(GROUPS_MAX).collect()).unwrap_or_default();
    let snapshot = analysis.snapshot();
    let names: Vec<Vec<usize>> = snapshot
        .types()
        .iter()
        .map(|info| {
            let name = info.qualified_name();
            (0..groups.len()).filter(|number| groups[*number].type_name == name).collect()
        })
        .collect();
    move |id: ObjectId| {
        let candidates = &names[snapshot.object(id).type_id.0 as usize];
        if candidates.is_empty() {
            return None;
        }
        let labels = analysis.finder().labels_to(id).unwrap_or_default();
        candidates.iter().find(|number| labels.starts_with(&groups[**number].owner)).map(|number| *number as u8)
    }
}

/// What the colours of groups stand for.
pub(crate) fn group_names(pins: Option<&Pins>) -> Vec<String> {
    let name = |group: &PinGroup| match group.owner.as_slice() {
        [] => group.type_name.clone(),
        owner => format!("{} at {}", group.type_name, bloathound_heap::Label::join(owner, ", ")),
    };
    pins.map(|pins| pins.groups.iter().take(GROUPS_MAX).map(name).collect()).unwrap_or_default()
}

fn rows(picture: &MemoryPicture) -> Vec<HeatRow> {
    let cell = |cell: &Cell| match cell {
        Cell::Nothing => HeatCell::Nothing,
        Cell::Live => HeatCell::Live,
        Cell::Group(number) => HeatCell::Group(*number),
        Cell::Garbage => HeatCell::Garbage,
        Cell::OtherHeld => HeatCell::OtherHeld,
        Cell::FreeBlocks => HeatCell::FreeBlocks,
        Cell::FreePool => HeatCell::FreePool,
        Cell::Numbers => HeatCell::Numbers,
        Cell::NumbersFree => HeatCell::NumbersFree,
        Cell::MallocHeld => HeatCell::MallocHeld,
        Cell::MallocFree => HeatCell::MallocFree,
    };
    let kind = |kind: RowKind| match kind {
        RowKind::Arena => HeatRowKind::Arena,
        RowKind::MallocHeap => HeatRowKind::MallocHeap,
        RowKind::MallocMapped => HeatRowKind::MallocMapped,
    };
    picture
        .rows
        .iter()
        .map(|row| HeatRow { kind: kind(row.kind), cells: row.cells.iter().map(cell).collect() })
        .collect()
}

/// The picture of one look.
pub(crate) fn one_look(heap: HeapView<'_>, title: &str) -> Option<HeatMap> {
    let analysis = Analysis::run(heap.snapshot);
    let Some(examined) = heap.memory else { return Some(heat_of_addresses::draw(&analysis, title)) };
    let view = MemoryView::new(examined, &analysis.replay().awaiting_collection)?;
    let pins = view.pins(&view.census(), analysis.finder());
    let panels = vec![panel(&view, &analysis, Some(&pins), "now")];
    Some(HeatMap { title: title.to_owned(), panels, groups: group_names(Some(&pins)) })
}

/// Writes the picture, as PNG or SVG by the name's ending.
pub(crate) fn write(path: &Path, map: &HeatMap) -> Result<(), CliError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => {
            let bytes = map.to_png().map_err(|error| CliError::file(path, error))?;
            output::file(path, &bytes)
        }
        Some("svg") => output::file(path, map.to_svg().as_bytes()),
        _ => Err(CliError::Usage(format!("{}: meant a name that ends in .png or .svg", path.display()))),
    }
}
