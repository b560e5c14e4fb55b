//! What keeps how much alive: the dominator tree as few enough tiles to be drawn, each with what it is called.

use std::collections::BTreeMap;

use bloathound_heap::{Analysis, DominatorChildren, ObjectId};
use bloathound_vocabulary::{Label, RetainedTile};

use crate::session::Session;

/// Tiles of one tile; what is less is one more, of many types.
const TILES_MAX: usize = 14;
/// Steps down from the roots.
const DEPTH_MAX: usize = 6;
/// Of a thousand: an object that keeps less than so many parts of the heap alive has no tile of its own.
const OWN_TILE_FROM: u64 = 4;
/// Of a thousand: less is not opened.
const OPENED_FROM: u64 = 8;
/// Of a hundred: an object that hands on so much to one other is passed through.
const HANDED_ON: u64 = 97;

/// The heap as tiles, the roots' as the first; `None` where nothing is held.
#[must_use]
pub fn retained(session: &Session<'_>) -> Option<RetainedTile> {
    let analysis = session.analysis();
    let children = analysis.dominators().children();
    let top: Vec<ObjectId> = children.top().collect();
    let whole = sum(analysis, &top);
    if whole == 0 {
        return None;
    }
    let tiles = Tiles { analysis, children: &children, whole };
    Some(RetainedTile {
        name: "the heap".to_owned(),
        objects: session.snapshot().len() as u64,
        retained_bytes: whole,
        tiles: tiles.of(top, 1),
        ..RetainedTile::default()
    })
}

fn sum(analysis: &Analysis<'_>, objects: &[ObjectId]) -> u64 {
    objects.iter().fold(0, |sum: u64, id| sum.saturating_add(analysis.dominators().retained_size(*id)))
}

struct Tiles<'t, 's> {
    analysis: &'t Analysis<'s>,
    children: &'t DominatorChildren,
    whole: u64,
}

impl Tiles<'_, '_> {
    fn is_at_least(&self, bytes: u64, parts: u64) -> bool {
        u128::from(bytes) * 1000 >= u128::from(self.whole) * u128::from(parts)
    }

    /// The tiles of what lies immediately below something: large objects each by itself, the others by type.
    fn of(&self, below: Vec<ObjectId>, depth: usize) -> Vec<RetainedTile> {
        let retained = |id: &ObjectId| self.analysis.dominators().retained_size(*id);
        let (mut alone, many): (Vec<_>, Vec<_>) =
            below.into_iter().partition(|id| self.is_at_least(retained(id), OWN_TILE_FROM));
        alone.sort_by_key(|id| (std::cmp::Reverse(retained(id)), *id));
        let mut groups: BTreeMap<String, Vec<ObjectId>> = BTreeMap::new();
        for id in many.into_iter().chain(alone.split_off(alone.len().min(TILES_MAX))) {
            groups.entry(self.analysis.snapshot().type_of(id).qualified_name()).or_default().push(id);
        }
        let mut tiles: Vec<RetainedTile> = alone.into_iter().map(|id| self.one(id, depth)).collect();
        tiles.extend(groups.into_iter().map(|(type_name, objects)| self.several(type_name, objects, depth)));
        tiles.retain(|tile| tile.retained_bytes > 0);
        tiles.sort_by(|one, other| (other.retained_bytes, &one.type_name).cmp(&(one.retained_bytes, &other.type_name)));
        let rest = tiles.split_off(tiles.len().min(TILES_MAX));
        tiles.extend(left_over(&rest));
        tiles
    }

    fn one(&self, id: ObjectId, depth: usize) -> RetainedTile {
        let labels = self.analysis.finder().labels_to(id).unwrap_or_default();
        let mut at = id;
        let mut own = self.analysis.snapshot().owned_bytes(id);
        // A module hands all on to its dict, and an instance to its own: who descends wants to see what is in there.
        while let Some(next) = self.handed_on(at) {
            at = next;
            own = own.saturating_add(self.analysis.snapshot().owned_bytes(at));
        }
        RetainedTile {
            name: labels.last().map(Label::to_string).unwrap_or_default(),
            type_name: self.analysis.snapshot().type_of(id).qualified_name(),
            path: Label::join(&labels, " → "),
            objects: 1,
            own_bytes: own,
            retained_bytes: self.analysis.dominators().retained_size(id),
            tiles: self.opened(&[at], self.analysis.dominators().retained_size(id), depth),
        }
    }

    fn several(&self, type_name: String, objects: Vec<ObjectId>, depth: usize) -> RetainedTile {
        let retained_bytes = sum(self.analysis, &objects);
        let owned = |id: &ObjectId| self.analysis.snapshot().owned_bytes(*id);
        RetainedTile {
            type_name,
            objects: objects.len() as u64,
            own_bytes: objects.iter().fold(0, |sum: u64, id| sum.saturating_add(owned(id))),
            retained_bytes,
            tiles: self.opened(&objects, retained_bytes, depth),
            ..RetainedTile::default()
        }
    }

    fn opened(&self, of: &[ObjectId], retained_bytes: u64, depth: usize) -> Vec<RetainedTile> {
        if depth >= DEPTH_MAX || !self.is_at_least(retained_bytes, OPENED_FROM) {
            return Vec::new();
        }
        self.of(of.iter().flat_map(|id| self.children.of(*id)).collect(), depth + 1)
    }

    /// The one object that nearly all of what this one keeps alive hangs on.
    fn handed_on(&self, id: ObjectId) -> Option<ObjectId> {
        let dominators = self.analysis.dominators();
        let whole = u128::from(dominators.retained_size(id));
        let takes_all = |child: &ObjectId| {
            u128::from(dominators.retained_size(*child)) * 100 >= whole * u128::from(HANDED_ON) && whole > 0
        };
        self.children.of(id).find(takes_all)
    }
}

/// All that has no tile of its own, as one.
fn left_over(rest: &[RetainedTile]) -> Option<RetainedTile> {
    let total =
        |figure: fn(&RetainedTile) -> u64| rest.iter().fold(0, |sum: u64, tile| sum.saturating_add(figure(tile)));
    (!rest.is_empty()).then(|| RetainedTile {
        name: format!("{} more types", rest.len()),
        objects: total(|tile| tile.objects),
        own_bytes: total(|tile| tile.own_bytes),
        retained_bytes: total(|tile| tile.retained_bytes),
        ..RetainedTile::default()
    })
}
