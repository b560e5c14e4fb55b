//! Objects of one type by who holds them, and which of these kinds a person wants to be told of.

use std::collections::{BTreeMap, HashMap};

use bloathound_detect::place_of;
use bloathound_detect::thresholds::{shape_limits, words};
use bloathound_heap::{HeapSnapshot, Inventory, ObjectId, ShapeLimits, ShapeTree};
use bloathound_vocabulary::{KindOfHolder, Label, RootKind, TargetRecord};

use super::meant::candidates;
use crate::looks::diff::could_be_one;
use crate::session::Session;
use crate::source::Source;

/// Kinds in a record; past these somebody asks for an address.
const KINDS_MAX: usize = 100;

/// What a look before knew of the objects that are asked for.
#[derive(Debug)]
pub struct Before {
    target: TargetRecord,
    is_inside: bool,
    inventory: Inventory,
    /// Objects by the place they hung at.
    places: BTreeMap<String, u64>,
}

impl Before {
    /// Notes what is needed of a source that is closed afterwards; `what` is what will be asked for.
    #[must_use]
    pub fn of(source: &Source, what: &str) -> Self {
        let session = Session::from(source);
        // What was not there yet has no place.
        let found = candidates(session.snapshot(), what).unwrap_or_default();
        let places = Kinds::of(&session, &found).all.into_iter();
        Self {
            target: source.target().clone(),
            is_inside: source.is_inside(),
            places: places.map(|kind| (kind.place, kind.members.len() as u64)).collect(),
            inventory: session.inventory(),
        }
    }

    /// True when `source` is a later look of the same kind at the same run.
    #[must_use]
    pub fn is_before(&self, source: &Source) -> bool {
        self.is_inside == source.is_inside()
            && could_be_one(&self.target, source.target())
            && self.inventory.is_same_run(Session::from(source).snapshot())
    }
}

/// Objects that hang at one place.
#[derive(Debug)]
pub(super) struct Kind {
    place: String,
    pub(super) members: Vec<ObjectId>,
    bytes: u64,
    /// Those of them that a look before has not; all of them where there is none.
    pub(super) new: Vec<ObjectId>,
    /// How many more hang there than before.
    grown: u64,
    /// The interpreter keeps these whatever a program does: dicts of modules and of their classes.
    is_own: bool,
}

/// All objects that are meant, by who holds them: first what grows, or what takes most.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    pub(super) all: Vec<Kind>,
    /// They are told apart by what is new.
    since: bool,
}

impl Kinds {
    /// By who holds them, most objects or bytes first, and what the interpreter keeps by itself last.
    pub(super) fn of(session: &Session<'_>, candidates: &[ObjectId]) -> Self {
        let (analysis, snapshot) = (session.analysis(), session.snapshot());
        // Every object has a shape then, however small and single.
        let (shapes, column) = analysis.shapes(ShapeLimits { single_bytes_min: 0, ..shape_limits() });
        let mut known: HashMap<(Option<usize>, Inside), (String, bool)> = HashMap::new();
        let mut by_place: BTreeMap<String, Kind> = BTreeMap::new();
        for id in candidates {
            let shape = column.shape_of(*id);
            let inside = Inside::of(session, *id, shape.map(|shape| shapes.type_name(shape)));
            let key = (shape, inside);
            let (place, is_own) = known.entry(key).or_insert_with_key(|(shape, inside)| match shape {
                Some(shape) => (place(&shapes, *shape, inside), is_own(&shapes, *shape, inside)),
                None if analysis.replay().awaiting_collection.contains(*id) => {
                    ("<garbage that the next collection frees>".into(), true)
                }
                None => ("<nothing that is known: C code alone, or garbage>".into(), false),
            });
            let kind = by_place.entry(place.clone()).or_insert_with_key(|place| Kind {
                place: place.clone(),
                members: Vec::new(),
                bytes: 0,
                new: Vec::new(),
                grown: 0,
                is_own: *is_own,
            });
            kind.members.push(*id);
            kind.is_own &= *is_own;
            kind.bytes = kind.bytes.saturating_add(snapshot.owned_bytes(*id));
        }
        let mut all: Vec<Kind> = by_place.into_values().collect();
        let totals = Totals::of(&all);
        all.sort_by(|one, other| {
            let shares = totals.share(other).total_cmp(&totals.share(one));
            one.is_own.cmp(&other.is_own).then(shares).then(other.bytes.cmp(&one.bytes))
        });
        Self { all, since: false }
    }

    /// Only those with something new, most grown first; nothing is left where nothing is new. A cache that turns over
    /// has as many new objects as a leak, and no more objects than before.
    pub(super) fn grown_since(mut self, snapshot: &HeapSnapshot, before: &Before) -> Self {
        let new = before.inventory.new_in(snapshot);
        for kind in &mut self.all {
            kind.new = kind.members.iter().copied().filter(|id| new.contains(*id)).collect();
            let had = before.places.get(&kind.place).copied().unwrap_or(0);
            // What took the address of one that is gone is not known to be new: where the place was there, it is counted.
            kind.grown = match had {
                0 => kind.new.len() as u64,
                had => (kind.members.len() as u64).saturating_sub(had),
            };
        }
        self.all.retain(|kind| kind.grown > 0 || !kind.new.is_empty());
        let order = |kind: &Kind| (kind.is_own, std::cmp::Reverse((kind.grown, kind.new.len(), kind.bytes)));
        self.all.sort_by_key(order);
        self.since = true;
        self
    }

    /// The objects of a kind of which one is told: the new ones, where that is known.
    pub(super) fn told_of(&self, index: usize) -> Option<&[ObjectId]> {
        let kind = self.all.get(index)?;
        Some(if self.since && !kind.new.is_empty() { &kind.new } else { &kind.members })
    }

    /// For people; `example` chooses among the objects of a kind.
    pub(super) fn records(
        &self,
        snapshot: &HeapSnapshot,
        example: impl Fn(&[ObjectId]) -> Option<ObjectId>,
    ) -> Vec<KindOfHolder> {
        let totals = Totals::of(&self.all);
        let new = self.all.iter().map(|kind| kind.new.len()).sum::<usize>().max(1);
        let share = |kind: &Kind| if self.since { kind.new.len() as f64 / new as f64 } else { totals.share(kind) };
        let record = |(index, kind): (usize, &Kind)| KindOfHolder {
            place: kind.place.clone(),
            objects: kind.members.len() as u64,
            bytes: kind.bytes,
            share: share(kind),
            new_objects: self.since.then_some(kind.new.len() as u64),
            example: self.told_of(index).and_then(&example).map(|id| format!("{:#x}", snapshot.object(id).address)),
        };
        self.all.iter().enumerate().take(KINDS_MAX).map(record).collect()
    }
}

/// All kinds together.
struct Totals {
    objects: f64,
    bytes: f64,
}

impl Totals {
    fn of(kinds: &[Kind]) -> Self {
        let objects: usize = kinds.iter().map(|kind| kind.members.len()).sum();
        let bytes = kinds.iter().fold(0_u64, |sum, kind| sum.saturating_add(kind.bytes));
        Self { objects: objects.max(1) as f64, bytes: bytes.max(1) as f64 }
    }

    /// Of the objects or of the bytes, whichever is more: many small ones may be a leak, and a large one too. Tables that
    /// came with a library are neither.
    fn share(&self, kind: &Kind) -> f64 {
        (kind.members.len() as f64 / self.objects).max(kind.bytes as f64 / self.bytes)
    }
}

/// What an object is to the one whose shape it has.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Inside {
    /// It has the shape itself.
    No,
    /// It is the `__dict__` of that one.
    Dict,
    /// It lies between an owner and what that one has: the tuple of a function's defaults, a cell.
    Between(String),
}

impl Inside {
    fn of(session: &Session<'_>, id: ObjectId, shape_type: Option<&str>) -> Self {
        let own = session.snapshot().type_of(id).qualified_name();
        match shape_type {
            Some(of_shape) if of_shape != own && session.analysis().names().is_attribute_dict(id) => Self::Dict,
            // Past a limit shapes have no type.
            Some(of_shape) if of_shape != own && of_shape != "…" => Self::Between(own),
            _ => Self::No,
        }
    }
}

fn place(shapes: &ShapeTree, shape: usize, inside: &Inside) -> String {
    let expression = |shape| place_of(shapes, shape).expression.unwrap_or_default();
    let mut place = expression(shape);
    let root = shapes.line(shape).first().copied().unwrap_or(shape);
    if let Label::Root(RootKind::Unaccounted, _) = shapes.label(root) {
        // What else is said of it is longer than a row.
        let below = place.strip_prefix(&expression(root)).unwrap_or_default();
        place = format!("<held from C>{below}");
    }
    let is_item = matches!(shapes.label(shape), Label::Index | Label::Key | Label::Member | Label::Entry(_));
    match inside {
        Inside::No => place,
        inside => {
            let item = if is_item { "[…]" } else { "" };
            match inside {
                Inside::Between(type_name) => format!("{place}{item}.<{type_name}>"),
                _ => format!("{place}{item}.__dict__"),
            }
        }
    }
}

/// A module's dict, the dict of a class that has a name, and what hangs on the interpreter itself.
fn is_own(shapes: &ShapeTree, shape: usize, inside: &Inside) -> bool {
    let root = shapes.line(shape).first().map(|root| shapes.label(*root));
    let of_interpreter = matches!(
        root,
        Some(Label::Root(RootKind::Interpreter | RootKind::StaticType | RootKind::Interned | RootKind::TypeCache, _))
    );
    let type_name = shapes.type_name(shape);
    let is_named = matches!(shapes.label(shape), Label::Name(_) | Label::Type | Label::Root(..));
    let is_namespace = type_name == "module" || (is_named && words::CLASSES.has(type_name));
    of_interpreter || (*inside == Inside::Dict && is_namespace)
}
