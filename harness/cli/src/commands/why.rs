use bloathound_heap::{Analysis, GenericLabel, HeapSnapshot, NameId, ObjectId, ReferenceKind, Reverse, Step};
use bloathound_report::graph::{self, GraphOptions};
use bloathound_report::json::{ObjectRecord, PathStep, Problem, SCHEMA_VERSION, TargetRecord, ToolRecord, WhyReport};
use bloathound_report::text;

use crate::args::WhyArguments;
use crate::error::CliError;
use crate::view::HeapView;
use crate::{output, target};

/// Characters of a string that are shown.
const TEXT_MAX: usize = 40;
/// Dominators shown; past these they are the same for everything.
const DOMINATORS_MAX: usize = 12;
/// Names proposed for one that nothing has.
const NEAR_MAX: usize = 5;

/// `bloathound why`: what keeps an object alive.
pub(crate) fn why(arguments: &WhyArguments) -> Result<u8, CliError> {
    let (source, record) = target::open(&arguments.target, &arguments.look)?;
    let heap = source.view();
    let candidates = candidates(heap.snapshot, &arguments.what)?;
    let analysis = Analysis::run(heap.snapshot);
    let Some(id) = most_telling(&analysis, &candidates) else {
        return Err(CliError::Usage(format!("nothing is known as {}", arguments.what)));
    };
    let report = report(heap, &analysis, record, (&arguments.what, candidates.len(), id));
    let defaults = GraphOptions::default();
    let options = GraphOptions {
        forward_depth: arguments.depth.unwrap_or(defaults.forward_depth),
        backward_depth: arguments.depth.unwrap_or(defaults.backward_depth),
        ..defaults
    };
    let reverse = Reverse::build(heap.snapshot);
    let drawn = graph::around(heap.snapshot, &reverse, id, options, |id| {
        Some(analysis.dominators().retained_size(id)).filter(|bytes| *bytes > 0)
    });
    if let Some(path) = &arguments.dot {
        output::file(path, graph::dot(&drawn).as_bytes())?;
    }
    if let Some(path) = &arguments.svg {
        output::file(path, graph::svg(&drawn).as_bytes())?;
    }
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    let to_stdout = [&arguments.json, &arguments.dot, &arguments.svg];
    if !to_stdout.into_iter().any(|path| output::is_stdout(path.as_deref())) {
        output::result(&text::why(&report, output::color()));
        output::result(&format!("\n{}", graph::tree(&drawn, output::color())));
    }
    Ok(0)
}

/// The objects that WHAT means: the one at an address; those of a type; the type itself where it has no objects.
fn candidates(snapshot: &HeapSnapshot, what: &str) -> Result<Vec<ObjectId>, CliError> {
    if let Some(digits) = what.strip_prefix("0x") {
        let address = u64::from_str_radix(digits, 16)
            .map_err(|_| CliError::Usage(format!("{what} is no address; meant 0x and hexadecimal digits")))?;
        let found = snapshot.ids().find(|id| snapshot.object(*id).address == address);
        return found.map(|id| vec![id]).ok_or_else(|| {
            CliError::Usage(format!("no object is known at {what}{}", nearest_address(snapshot, address)))
        });
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
        return Err(CliError::Usage(format!("nothing is of a type {what}{}", near_names(snapshot, what))));
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

/// What keeps the object alive; `what` is how it was asked for and how many objects that fits.
pub(crate) fn report(
    heap: HeapView<'_>,
    analysis: &Analysis<'_>,
    target: TargetRecord,
    (what, matches, id): (&str, usize, ObjectId),
) -> WhyReport {
    let object = |id| object_record(heap, analysis, id);
    let finder = analysis.finder();
    let mut path = Vec::new();
    if let Some(found) = finder.path_to(id) {
        path.push(PathStep { label: finder.names().root(&found.root).to_string(), object: object(found.root.object) });
        for (index, step) in found.steps.iter().enumerate() {
            let next = found.steps.get(index + 1);
            let is_attribute =
                |next: &Step| matches!(finder.names().generic(next.from, next.label), GenericLabel::Name(_));
            // `.__dict__` and then the attribute is one step for people.
            if finder.names().is_dict_field(step.label) && next.is_some_and(is_attribute) {
                continue;
            }
            path.push(PathStep { label: label(heap, analysis, step), object: object(step.to) });
        }
    }
    let awaits = analysis.replay().awaiting_collection.contains(id);
    let decode = heap.problems.iter().map(|message| Problem { stage: "decode".into(), message: message.clone() });
    let garbage = awaits.then(|| Problem {
        stage: "why".into(),
        message: "nothing keeps it: it is garbage that the next collection frees".into(),
    });
    WhyReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound(env!("CARGO_PKG_VERSION")),
        target,
        what: what.to_owned(),
        matches: matches as u64,
        object: Some(object(id)),
        path,
        expression: finder.expression_to(id),
        dominators: analysis.dominators().above(id).take(DOMINATORS_MAX).map(object).collect(),
        problems: decode.chain(garbage).collect(),
    }
}

fn object_record(heap: HeapView<'_>, analysis: &Analysis<'_>, id: ObjectId) -> ObjectRecord {
    let snapshot = analysis.snapshot();
    let object = snapshot.object(id);
    ObjectRecord {
        type_name: snapshot.type_of(id).qualified_name(),
        text: heap.text(id, TEXT_MAX),
        address: Some(format!("{:#x}", object.address)),
        shallow_bytes: object.shallow_size,
        retained_bytes: Some(analysis.dominators().retained_size(id)).filter(|bytes| *bytes > 0),
        refcount: Some(u64::from(object.refcount)),
    }
}

/// A reference as it is written: `.DBModel`, `['key']`, `[3]`.
fn label(heap: HeapView<'_>, analysis: &Analysis<'_>, step: &Step) -> String {
    let (snapshot, names) = (analysis.snapshot(), analysis.names());
    let payload = step.label.payload();
    match step.label.kind() {
        ReferenceKind::Field | ReferenceKind::Slot => format!(".{}", snapshot.name(NameId(payload))),
        ReferenceKind::Local => format!("local {}", snapshot.name(NameId(payload))),
        ReferenceKind::Item => format!("[{payload}]"),
        ReferenceKind::Value => match names.generic(step.from, step.label) {
            GenericLabel::Name(name) => format!(".{}", snapshot.name(name)),
            _ => {
                let key = step.label.key().filter(|key| key.index() < snapshot.len());
                let text = key.and_then(|key| heap.text(key, TEXT_MAX));
                text.map_or_else(|| "[value]".into(), |text| format!("[{text}]"))
            }
        },
        ReferenceKind::Stack => format!("stack {payload}"),
        _ => names.label(names.generic(step.from, step.label)).to_string(),
    }
}
