//! What keeps an object alive: a path to it, what holds it alone, and who refers to it.

mod kinds;
mod meant;

use bloathound_heap::{
    Analysis, GenericLabel, NameId, ObjectId, PathFinder, PathTree, ReferenceKind, Root, RootKind, Step,
};
use bloathound_vocabulary::{ObjectRecord, PathStep, Problem, SCHEMA_VERSION, TargetRecord, WhyReport};

pub use self::kinds::Before;
use self::kinds::Kinds;
use self::meant::candidates;
use crate::session::Session;
use crate::tool;

/// Characters of a string that are shown.
const TEXT_MAX: usize = 40;
/// Dominators shown; past these they are the same for everything.
const DOMINATORS_MAX: usize = 12;

/// Why nothing can be told of what was asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WhyError {
    /// `0x` and something that is no number.
    #[error("{what} is no address; meant 0x and hexadecimal digits")]
    NoAddress {
        /// What was asked for.
        what: String,
    },
    /// No object begins there.
    #[error("no object is known at {what}{hint}")]
    NothingAt {
        /// The address.
        what: String,
        /// Inside which object it is, if any.
        hint: String,
    },
    /// No type has that name.
    #[error("nothing is of a type {what}{hint}")]
    NoSuchType {
        /// The name.
        what: String,
        /// Names near it.
        hint: String,
    },
    /// There are fewer places.
    #[error("objects of {what} hang at {places}; --kind takes a number up to that")]
    NoSuchKind {
        /// What was asked for.
        what: String,
        /// At how many places they hang.
        places: String,
    },
    /// The look before can't tell what is new.
    #[error("{before} is no earlier look at this run: by where the modules are, or by its process id, it is another")]
    OtherRun {
        /// The look before.
        before: String,
    },
    /// It was found, and then was not.
    #[error("nothing is known as {what}")]
    Unknown {
        /// What was asked for.
        what: String,
    },
}

/// What keeps an object alive.
#[derive(Debug)]
pub struct Why {
    /// Which it is: of many that were meant, the one that keeps most alive.
    pub object: ObjectId,
    /// All about it.
    pub report: WhyReport,
}

/// What somebody wants to know the cause of.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// An address in hexadecimal digits with `0x`, or the name of a type with its module or without.
    pub what: &'a str,
    /// What was there before, so that what grows since then is told of.
    pub since: Option<&'a Before>,
    /// Of which kind one is told, by who holds them, from 1 on; the first where nothing is said.
    pub kind: Option<usize>,
}

/// What keeps alive what is asked for. Of objects that hang at several places one of the kind is told that grew most, or
/// that takes most where nothing is known of before.
///
/// # Errors
/// [`WhyError`] when nothing is meant by it, with what is near, and when there are fewer kinds.
pub fn why(session: &Session<'_>, target: TargetRecord, asked: Asked<'_>) -> Result<Why, WhyError> {
    let (what, snapshot) = (asked.what, session.snapshot());
    let candidates = candidates(snapshot, what)?;
    let telling = |of: &[ObjectId]| most_telling(session.analysis(), of);
    // One at an address has one holder, and shapes are dear.
    let of_many = candidates.len() > 1;
    let mut kinds = if of_many || asked.since.is_some() { Kinds::of(session, &candidates) } else { Kinds::default() };
    let mut nothing_new = false;
    if let Some(before) = asked.since {
        let grown = std::mem::take(&mut kinds).grown_since(snapshot, before);
        nothing_new = grown.all.is_empty();
        kinds = if nothing_new { Kinds::of(session, &candidates) } else { grown };
    }
    let kind = asked.kind.unwrap_or(1);
    let of_kind = kinds.told_of(kind.saturating_sub(1));
    if of_kind.is_none() && kind != 1 {
        let places = if kinds.all.len() < 2 { "1 place".to_owned() } else { format!("{} places", kinds.all.len()) };
        return Err(WhyError::NoSuchKind { what: what.to_owned(), places });
    }
    let object = telling(of_kind.unwrap_or(&candidates)).ok_or_else(|| WhyError::Unknown { what: what.to_owned() })?;
    let mut report = why_object(session, target, (what, candidates.len(), object));
    if of_kind.is_some() {
        report.kinds = kinds.records(snapshot, telling);
        report.kinds_in_all = Some(kinds.all.len() as u64);
        report.kind = Some(kind as u64);
    }
    report.problems.extend(nothing_new.then(|| Problem {
        stage: "why".into(),
        message: "nothing of it is new since the look before: told is what takes most".into(),
    }));
    Ok(Why { object, report })
}

/// What keeps this object alive; `what` is how it was asked for and how many objects that fits.
#[must_use]
pub fn why_object(
    session: &Session<'_>,
    target: TargetRecord,
    (what, matches, id): (&str, usize, ObjectId),
) -> WhyReport {
    let analysis = session.analysis();
    let object = |id| object_record(session, id);
    let own_roots = by_own_roots(session, id);
    let finder = own_roots.as_ref().unwrap_or_else(|| analysis.finder());
    let (path, root) = path_to(session, finder, id);
    let awaits = analysis.replay().awaiting_collection.contains(id);
    let problems = session.heap().problems.iter();
    let decode = problems.map(|message| Problem { stage: "decode".into(), message: message.clone() });
    let garbage = awaits.then(|| Problem {
        stage: "why".into(),
        message: "nothing keeps it: it is garbage that the next collection frees".into(),
    });
    let from_c = root.is_some_and(|root| root.kind == RootKind::Unaccounted).then(|| Problem {
        stage: "why".into(),
        message:
            "no module and no thread's frame leads to it: C code holds it, or a reference count was raised and not \
                  lowered"
                .into(),
    });
    WhyReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target,
        what: what.to_owned(),
        matches: matches as u64,
        object: Some(object(id)),
        path,
        expression: finder.expression_to(id),
        dominators: analysis.dominators().above(id).take(DOMINATORS_MAX).map(object).collect(),
        kinds: Vec::new(),
        kinds_in_all: None,
        kind: None,
        next: None,
        problems: decode.chain(garbage).chain(from_c).collect(),
        partial: None,
    }
}

/// The references from a root down to the object, as its path in the report has them; none where no root leads to it.
#[must_use]
pub fn steps_to(session: &Session<'_>, id: ObjectId) -> Vec<Step> {
    let own_roots = by_own_roots(session, id);
    let finder = own_roots.as_ref().unwrap_or_else(|| session.analysis().finder());
    finder.path_to(id).map(|found| found.steps).unwrap_or_default()
}

/// Paths without what C code may hold, where the shortest path begins there and a longer one with a module or a frame:
/// a person can go only to those.
fn by_own_roots<'s>(session: &Session<'s>, id: ObjectId) -> Option<PathFinder<'s>> {
    let (analysis, snapshot) = (session.analysis(), session.snapshot());
    let found = analysis.finder().path_to(id)?;
    let is_own = |root: &Root| root.kind != RootKind::Unaccounted;
    if is_own(&found.root) {
        return None;
    }
    let exclude = Some(&analysis.replay().awaiting_collection);
    let finder = PathFinder::with_tree(snapshot, PathTree::build_from(snapshot, exclude, is_own));
    finder.tree().arrival(id).is_some().then_some(finder)
}

/// From a root to the object, and what that root is.
fn path_to(session: &Session<'_>, finder: &PathFinder<'_>, id: ObjectId) -> (Vec<PathStep>, Option<Root>) {
    let object = |id| object_record(session, id);
    let mut path = Vec::new();
    let mut root = None;
    if let Some(found) = finder.path_to(id) {
        path.push(PathStep { label: finder.names().root(&found.root).to_string(), object: object(found.root.object) });
        for (index, step) in found.steps.iter().enumerate() {
            let next = found.steps.get(index + 1);
            let is_attribute =
                |next: &Step| matches!(finder.names().generic(next.from, next.to, next.label), GenericLabel::Name(_));
            // `.__dict__` and then the attribute is one step for people.
            if finder.names().is_dict_field(step.label) && next.is_some_and(is_attribute) {
                continue;
            }
            path.push(PathStep { label: label(session, step), object: object(step.to) });
        }
        root = Some(found.root);
    }
    (path, root)
}

/// Of many the one that keeps most alive and can be reached; equal ones by address.
fn most_telling(analysis: &Analysis<'_>, candidates: &[ObjectId]) -> Option<ObjectId> {
    let snapshot = analysis.snapshot();
    candidates.iter().copied().min_by_key(|id| {
        let retained = analysis.dominators().retained_size(*id);
        (std::cmp::Reverse(retained), snapshot.object(*id).address)
    })
}

fn object_record(session: &Session<'_>, id: ObjectId) -> ObjectRecord {
    let snapshot = session.snapshot();
    let object = snapshot.object(id);
    ObjectRecord {
        type_name: snapshot.type_of(id).qualified_name(),
        text: session.heap().text(id, TEXT_MAX),
        address: Some(format!("{:#x}", object.address)),
        shallow_bytes: object.shallow_size,
        retained_bytes: session.retained(id),
        refcount: Some(u64::from(object.refcount)),
    }
}

/// A reference as it is written: `.DBModel`, `['key']`, `[3]`.
fn label(session: &Session<'_>, step: &Step) -> String {
    let (snapshot, names) = (session.snapshot(), session.analysis().names());
    let payload = step.label.payload();
    match step.label.kind() {
        ReferenceKind::Field | ReferenceKind::Slot => format!(".{}", snapshot.name(NameId(payload))),
        ReferenceKind::Local => format!("local {}", snapshot.name(NameId(payload))),
        ReferenceKind::Item => format!("[{payload}]"),
        ReferenceKind::Value => match names.generic(step.from, step.to, step.label) {
            GenericLabel::Name(name) => format!(".{}", snapshot.name(name)),
            _ => {
                let key = step.label.key().filter(|key| key.index() < snapshot.len());
                let text = key.and_then(|key| session.heap().text(key, TEXT_MAX));
                text.map_or_else(|| "[value]".into(), |text| format!("[{text}]"))
            }
        },
        ReferenceKind::Stack => format!("stack {payload}"),
        _ => names.label(names.generic(step.from, step.to, step.label)).to_string(),
    }
}
