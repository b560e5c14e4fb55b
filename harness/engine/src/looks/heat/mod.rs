//! The address space as a picture: from what each cell holds to the heat map that a report draws.

mod addresses;

use bloathound_detect::fragmentation::{PinGroup, Pins};
use bloathound_heap::{Analysis, ObjectId};
use bloathound_vocabulary::{GROUPS_MAX, HeatMap, HeatPanel};

use crate::session::Session;

/// The picture of one look; `None` where arenas are unknown. Of a heap without its memory it shows where the objects
/// are that somebody knows the addresses of.
#[must_use]
pub fn heat(session: &Session<'_>, title: &str) -> Option<HeatMap> {
    if session.heap().memory.is_none() {
        return Some(addresses::draw(session.analysis(), title));
    }
    let pins = session.pins()?;
    let panels = vec![panel(session, Some(pins), "now")?];
    Some(HeatMap { title: title.to_owned(), panels, groups: group_names(Some(pins)) })
}

/// One look as a panel; who pins most arenas stands out, in the order of [`group_names`]. `None` where arenas are
/// unknown.
pub(super) fn panel(session: &Session<'_>, pins: Option<&Pins>, title: &str) -> Option<HeatPanel> {
    session.arenas()?;
    let (layout, judge) = session.judged()?;
    let picture = layout.picture(&judge, group_of(session.analysis(), pins));
    // A row is an arena of 256 KiB.
    let title = match picture.rows_left_out.div_ceil(4) {
        0 => title.to_owned(),
        beyond => format!("{title} ({beyond} MiB beyond are not drawn)"),
    };
    Some(HeatPanel { title, rows: picture.rows })
}

/// Which of the groups that stand out an object belongs to.
pub(super) fn group_of<'a>(analysis: &'a Analysis<'_>, pins: Option<&'a Pins>) -> impl Fn(ObjectId) -> Option<u8> + 'a {
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
pub(super) fn group_names(pins: Option<&Pins>) -> Vec<String> {
    let name = |group: &PinGroup| match group.owner.as_slice() {
        [] => group.type_name.clone(),
        owner => format!("{} at {}", group.type_name, bloathound_heap::Label::join(owner, ", ")),
    };
    pins.map(|pins| pins.groups.iter().take(GROUPS_MAX).map(name).collect()).unwrap_or_default()
}
