//! What keeps an object alive: a path to it, what holds it alone, and who refers to it.

use bloathound_heap::{Analysis, GenericLabel, HeapSnapshot, NameId, ObjectId, ReferenceKind, Step};
use bloathound_vocabulary::{ObjectRecord, PathStep, Problem, SCHEMA_VERSION, TargetRecord, WhyReport};

use crate::session::Session;
use crate::tool;

/// Characters of a string that are shown.
const TEXT_MAX: usize = 40;
/// Dominators shown; past these they are the same for everything.
const DOMINATORS_MAX: usize = 12;
/// Names proposed for one that nothing has.
const NEAR_MAX: usize = 5;

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

/// What keeps alive what is meant by `what`: an address in hexadecimal digits with `0x`, or the name of a type with its
/// module or without.
///
/// # Errors
/// [`WhyError`] when nothing is meant by it, with what is near.
pub fn why(session: &Session<'_>, target: TargetRecord, what: &str) -> Result<Why, WhyError> {
    let candidates = candidates(session.snapshot(), what)?;
    let object =
        most_telling(session.analysis(), &candidates).ok_or_else(|| WhyError::Unknown { what: what.to_owned() })?;
    Ok(Why { object, report: why_object(session, target, (what, candidates.len(), object)) })
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
    let path = path_to(session, id);
    let awaits = analysis.replay().awaiting_collection.contains(id);
    let problems = session.heap().problems.iter();
    let decode = problems.map(|message| Problem { stage: "decode".into(), message: message.clone() });
    let garbage = awaits.then(|| Problem {
        stage: "why".into(),
        message: "nothing keeps it: it is garbage that the next collection frees".into(),
    });
    WhyReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target,
        what: what.to_owned(),
        matches: matches as u64,
        object: Some(object(id)),
        path,
        expression: analysis.finder().expression_to(id),
        dominators: analysis.dominators().above(id).take(DOMINATORS_MAX).map(object).collect(),
        problems: decode.chain(garbage).collect(),
        partial: None,
    }
}

/// From a root to the object.
fn path_to(session: &Session<'_>, id: ObjectId) -> Vec<PathStep> {
    let object = |id| object_record(session, id);
    let finder = session.analysis().finder();
    let mut path = Vec::new();
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
    }
    path
}

/// The objects that WHAT means: the one at an address; those of a type; the type itself where it has no objects.
fn candidates(snapshot: &HeapSnapshot, what: &str) -> Result<Vec<ObjectId>, WhyError> {
    if let Some(digits) = what.strip_prefix("0x") {
        let address = u64::from_str_radix(digits, 16).map_err(|_| WhyError::NoAddress { what: what.to_owned() })?;
        let found = snapshot.ids().find(|id| snapshot.object(*id).address == address);
        return found
            .map(|id| vec![id])
            .ok_or_else(|| WhyError::NothingAt { what: what.to_owned(), hint: nearest_address(snapshot, address) });
    }
    let is_meant: Vec<bool> =
        snapshot.types().iter().map(|info| info.qualified_name() == what || info.name == what).collect();
    let of_type = |id: &ObjectId| is_meant.get(snapshot.type_id(*id).0 as usize).copied().unwrap_or(false);
    let mut found: Vec<ObjectId> = snapshot.ids().filter(of_type).collect();
    if found.is_empty() {
        let types = snapshot.types().iter().zip(&is_meant).filter(|(_, meant)| **meant);
        found = types.filter_map(|(info, _)| info.object).collect();
    }
    if found.is_empty() {
        return Err(WhyError::NoSuchType { what: what.to_owned(), hint: near_names(snapshot, what) });
    }
    Ok(found)
}

/// Says inside which object an address is: people copy addresses of buffers.
fn nearest_address(snapshot: &HeapSnapshot, address: u64) -> String {
    let inside = snapshot
        .ids()
        .map(|id| snapshot.object(id))
        .find(|object| object.address < address && address - object.address < object.shallow_size);
    inside.map_or_else(String::new, |object| format!("; it is inside the one at {:#x}", object.address))
}

fn near_names(snapshot: &HeapSnapshot, what: &str) -> String {
    let wanted = what.to_lowercase();
    let short = wanted.rsplit('.').next().unwrap_or(&wanted);
    let mut near: Vec<(f64, String)> = snapshot
        .types()
        .iter()
        .map(|info| {
            let name = info.qualified_name();
            let (whole, own) = (name.to_lowercase(), info.name.to_lowercase());
            let contains = if short.len() >= 3 && own.contains(short) { 0.95 } else { 0.0 };
            let alike = strsim::jaro_winkler(&whole, &wanted).max(strsim::jaro_winkler(&own, short));
            (alike.max(contains), name)
        })
        .filter(|(alike, _)| *alike > 0.82)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    near.dedup_by(|one, other| one.1 == other.1);
    near.truncate(NEAR_MAX);
    if near.is_empty() {
        return "; `bloathound inspect` lists the types there are".into();
    }
    let names: Vec<String> = near.into_iter().map(|(_, name)| name).collect();
    format!("; near that are {}", names.join(", "))
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
