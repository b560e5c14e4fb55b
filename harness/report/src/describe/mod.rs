//! Findings and expectations in words, for terminal, JUnit and HTML alike. Not yet harmless: the caller passes what it
//! gets through [`crate::sanitize`].

pub(crate) mod garbage;
mod loops;
pub(crate) mod paragraph;
pub(crate) mod plain;
pub(crate) mod toggle;

use serde_json::Value;

use bloathound_vocabulary::{
    ArenasRecord, Evidence, ExpectedRecord, Field, Figure, Finding, Label, Location, ObservationRecord, Pin, RunRecord,
    Unit, Verdict,
};

use crate::{sanitize, units};

/// What, how much and where, in the longest of a few forms that takes at most `cells`:
/// `leak 1000/req DBModel._field_cache`, `leak 1000/req _field_cache`, `leak 1000/req`.
pub(crate) fn few_words(finding: &Finding, cells: usize) -> String {
    let what = match &finding.evidence {
        Evidence::Leak(leak) => {
            format!("leak {}/req", units::count(leak.objects_per_request))
        }
        Evidence::Cycle(cycle) => {
            format!("cycle {} stuck", units::count(cycle.uncollectable))
        }
        Evidence::Fragmentation(fragmentation) => {
            format!("fragmentation {}", units::bytes(fragmentation.stranded_bytes))
        }
        Evidence::Growth(growth) if growth.objects_per_request > 0 => {
            format!("growth {}/round", units::count(growth.objects_per_request))
        }
        Evidence::Garbage(garbage) => format!("garbage {}", units::count(garbage.objects)),
        Evidence::NativeMemory(native) => format!("native-memory +{}", units::bytes(native.gained_bytes)),
        Evidence::Growth(_) => "growth".to_owned(),
        Evidence::HotLoop(_) | Evidence::Spin(_) => finding.verdict.to_string(),
    };
    let mut forms: Vec<String> = short_places(finding).into_iter().map(|place| format!("{what} {place}")).collect();
    // Without the place rather than with half of it, but a hot loop's verdict alone says too little: there the place wins.
    if let (Evidence::HotLoop(_), Some(place)) = (&finding.evidence, short_places(finding).first()) {
        forms.push(format!("hot-loop {place}"));
    }
    forms.push(what);
    let fits = |form: &&String| sanitize::width(&sanitize::line(form)) <= cells;
    forms.iter().find(fits).or(forms.last()).cloned().unwrap_or_default()
}

/// The place in a word, the longest first.
fn short_places(finding: &Finding) -> Vec<String> {
    let location = &finding.location;
    match &finding.evidence {
        Evidence::Cycle(cycle) => {
            let types: Vec<&str> = cycle.types.iter().map(|name| last_part(name)).collect();
            let first = types.first().map(|name| (*name).to_owned());
            [types.join("+")].into_iter().chain(first).collect()
        }
        Evidence::Fragmentation(fragmentation) => {
            let pin = fragmentation.pinned_by.first();
            pin.map(|pin| format!("by {}", last_part(&pin.type_name))).into_iter().collect()
        }
        Evidence::HotLoop(_) | Evidence::Spin(_) => {
            location.file.iter().map(|file| format!("{}{}", basename(file), lines(location))).collect()
        }
        Evidence::Garbage(garbage) => {
            garbage.types.first().map(|name| last_part(name).to_owned()).into_iter().collect()
        }
        Evidence::Leak(_) | Evidence::Growth(_) | Evidence::NativeMemory(_) => {
            let inner = Location { module: None, ..location.clone() };
            let last = location.attribute.clone().or_else(|| location.path.last().map(Label::to_string));
            [dotted(location), dotted(&inner), last].into_iter().flatten().collect()
        }
    }
}

/// `model.DBModel._field_cache`, as far as known. The module is that which the path begins at: a class that is met further
/// down it may be of another.
fn dotted(location: &Location) -> Option<String> {
    let is_of_module = match (&location.class, location.path.get(1)) {
        // By its text: results that were read back have no more of a label.
        (Some(class), Some(first)) => first.to_string() == *class,
        _ => true,
    };
    let module = location.module.as_ref().filter(|_| is_of_module);
    let parts: Vec<&str> = [module, location.class.as_ref(), location.attribute.as_ref()]
        .into_iter()
        .filter_map(|part| part.map(String::as_str))
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// `:41-44`, `:41` or nothing.
fn lines(location: &Location) -> String {
    match (location.line_first, location.line_last) {
        (Some(first), Some(last)) if first != last => format!(":{first}-{last}"),
        (Some(line), _) | (None, Some(line)) => format!(":{line}"),
        (None, None) => String::new(),
    }
}

fn basename(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

fn last_part(qualified: &str) -> &str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

/// The place in full: by names, and by function, file and lines; `an unknown place` where nothing is known.
pub(crate) fn place(location: &Location) -> String {
    let mut parts = Vec::new();
    parts.extend(dotted(location));
    match (&location.function, &location.file) {
        (Some(function), Some(file)) => {
            parts.push(format!("{function} ({file}{})", lines(location)));
        }
        (Some(function), None) => parts.push(function.clone()),
        (None, Some(file)) => parts.push(format!("{file}{}", lines(location))),
        (None, None) => {}
    }
    if parts.is_empty() {
        if location.path.is_empty() { "an unknown place".to_owned() } else { path(&location.path) }
    } else {
        parts.join(", ")
    }
}

/// pymalloc's arenas in figures, each with its name.
pub(crate) fn arenas(arenas: &ArenasRecord) -> Vec<(&'static str, String)> {
    let share = arenas.utilisation.filter(|share| share.is_finite());
    let share = share.map_or_else(String::new, |share| format!(" ({})", units::ratio(share)));
    let (live, whole) = (units::bytes(arenas.live_bytes), units::bytes(arenas.bytes));
    let mut rows = vec![("arenas", format!("{}, {live} of {whole} live{share}", units::count(arenas.count)))];
    let parts = [
        ("garbage", arenas.garbage_bytes),
        ("free pools", arenas.free_pool_bytes),
        ("free blocks", arenas.free_block_bytes),
        ("stranded", arenas.stranded_bytes),
    ];
    rows.extend(parts.into_iter().filter_map(|(label, bytes)| Some((label, units::bytes(bytes?)))));
    let sparse = |sparse| units::plural(sparse, "arena nearly empty", "arenas nearly empty");
    rows.extend(arenas.sparse_arenas.map(|count| ("sparse", sparse(count))));
    rows
}

/// Labels joined by arrows.
pub(crate) fn path(labels: &[Label]) -> String {
    Label::join(labels, " → ")
}

/// `leak, grows-with-requests: model.DBModel._field_cache`.
pub(crate) fn sentence(finding: &Finding) -> String {
    format!("{}, {}: {}", finding.class, finding.verdict, place_of(finding))
}

/// The place of a finding. Of a cycle the class is the one with the finalizer and the attribute the one that closes the
/// cycle, often of another class: no object has both, so the reference is told whole.
pub(crate) fn place_of(finding: &Finding) -> String {
    let location = &finding.location;
    match (&finding.evidence, &location.attribute) {
        (Evidence::Cycle(cycle), Some(_)) if !cycle.closing_reference.is_empty() => {
            let site = Location { module: None, class: None, attribute: None, path: Vec::new(), ..location.clone() };
            match (&location.module, site.file.is_some() || site.function.is_some()) {
                (Some(module), true) => format!("{module}, {}, {}", cycle.closing_reference, place(&site)),
                (None, true) => format!("{}, {}", cycle.closing_reference, place(&site)),
                (_, false) => cycle.closing_reference.clone(),
            }
        }
        _ => place(location),
    }
}

/// Name and text of every piece of evidence, the path last.
pub(crate) fn evidence(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut rows = rows(&finding.evidence.figures(), sentences(finding));
    if !finding.location.path.is_empty() {
        rows.push(("path", path(&finding.location.path)));
    }
    rows.into_iter().map(|(name, text)| (said(name), text)).collect()
}

/// The name of a row as a person reads it.
fn said(row: &'static str) -> &'static str {
    match row {
        "exits need" => "way out",
        "holds too" => "also true",
        row => row,
    }
}

/// Rows that are sentences over several fields, or stand elsewhere than their field does.
#[derive(Default)]
pub(crate) struct Sentences {
    before: Vec<(&'static str, String)>,
    after: Vec<(&'static str, String)>,
}

/// Every row: what no sentence tells is told by its figure alone, so that a new field of evidence shows by itself.
pub(crate) fn rows(figures: &[(&'static Field, Figure<'_>)], told: Sentences) -> Vec<(&'static str, String)> {
    let mut plain: Vec<(&'static str, String)> = Vec::new();
    for (field, figure) in figures {
        if field.row.is_empty() || told.before.iter().chain(&told.after).any(|(row, _)| *row == field.row) {
            continue;
        }
        let text = figure_text(field.unit, figure);
        match plain.iter_mut().find(|(row, _)| *row == field.row) {
            Some((_, row)) if !text.is_empty() => {
                row.push_str(", ");
                row.push_str(&text);
            }
            Some(_) => {}
            None => plain.push((field.row, text)),
        }
    }
    let mut rows = told.before;
    rows.extend(plain);
    rows.extend(told.after);
    rows.retain(|(_, text)| !text.is_empty());
    rows
}

fn figure_text(unit: Unit, figure: &Figure<'_>) -> String {
    match figure {
        Figure::Nothing | Figure::Fraction(None) => String::new(),
        Figure::Number(number) => match unit {
            Unit::Count => units::count(*number),
            Unit::Bytes => units::bytes(*number),
            Unit::Share | Unit::Seconds | Unit::Word => number.to_string(),
        },
        Figure::Fraction(Some(number)) => match unit {
            Unit::Share => units::ratio(*number),
            Unit::Seconds => units::seconds(*number),
            Unit::Count | Unit::Bytes | Unit::Word => number.to_string(),
        },
        Figure::Numbers(numbers) => series(numbers),
        Figure::Text(text) => (*text).to_owned(),
        Figure::Texts(texts) => texts.join(", "),
        Figure::Verdicts(verdicts) => verdicts_text(verdicts),
        Figure::Labels(labels) => path(labels),
        Figure::Pins(pins) => pins.iter().map(pin).collect::<Vec<_>>().join("; "),
    }
}

fn verdicts_text(verdicts: &[Verdict]) -> String {
    verdicts.iter().map(|verdict| verdict.as_str()).collect::<Vec<_>>().join(", ")
}

fn sentences(finding: &Finding) -> Sentences {
    // Where only time is known, a round is the unit.
    let unit = if finding.verdict == Verdict::GrowsWithRequests { "request" } else { "round" };
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => Sentences {
            before: vec![
                (
                    "grows by",
                    match leak.objects_per_request {
                        0 => format!("{} per {unit}, of type {}", units::bytes(leak.bytes_per_request), leak.type_name),
                        count => format!(
                            "{} {} objects per {unit}, {}",
                            units::count(count),
                            leak.type_name,
                            units::bytes(leak.bytes_per_request)
                        ),
                    },
                ),
                (
                    "retains",
                    format!(
                        "{} per {unit}, {} in all",
                        units::bytes(leak.retained_bytes_per_request),
                        units::bytes(leak.retained_bytes)
                    ),
                ),
            ],
            after: Vec::new(),
        },
        Evidence::Cycle(cycle) => Sentences {
            before: vec![(
                "objects",
                format!(
                    "{} in cycles, {} of them with a finalizer, {} in gc.garbage",
                    units::count(cycle.objects),
                    units::count(cycle.uncollectable),
                    units::count(cycle.in_gc_garbage)
                ),
            )],
            after: one_a_row("finalizer", cycle.finalizers.iter().cloned()),
        },
        Evidence::Fragmentation(fragmentation) => Sentences {
            before: vec![(
                "arenas",
                format!(
                    "{}, {} of {} live{}",
                    units::count(fragmentation.arenas),
                    units::bytes(fragmentation.live_bytes),
                    units::bytes(fragmentation.arena_bytes),
                    fragmentation.utilisation.map_or_else(String::new, |share| format!(" ({})", units::ratio(share)))
                ),
            )],
            after: one_a_row("pinned by", fragmentation.pinned_by.iter().map(pin)),
        },
        Evidence::HotLoop(hot) => loops::hot_loop(hot),
        Evidence::Spin(spin) => loops::spinning(spin),
        Evidence::Garbage(garbage) => Sentences {
            before: vec![(
                "waiting",
                format!("{} objects, {}", units::count(garbage.objects), units::bytes(garbage.bytes)),
            )],
            after: Vec::new(),
        },
        Evidence::NativeMemory(_) => Sentences::default(),
    }
}

/// A row each; without any an empty one, so that the row counts as told.
fn one_a_row(name: &'static str, texts: impl Iterator<Item = String>) -> Vec<(&'static str, String)> {
    let rows: Vec<_> = texts.map(|text| (name, text)).collect();
    if rows.is_empty() { vec![(name, String::new())] } else { rows }
}

/// `120 str, 5.6 KiB, in 35 arenas, owned by model.work`.
pub(crate) fn pin(pin: &Pin) -> String {
    let owner = if pin.owner.is_empty() { String::new() } else { format!(", owned by {}", path(&pin.owner)) };
    format!(
        "{} {}, {}, in {}{owner}",
        units::count(pin.objects),
        pin.type_name,
        units::bytes(pin.bytes),
        units::plural(pin.arenas, "arena", "arenas")
    )
}

/// `1000, 2000, 3000`; of many only the first and last.
pub(crate) fn series(numbers: &[u64]) -> String {
    const SHOWN: usize = 8;
    let text = |numbers: &[u64]| numbers.iter().map(|number| units::count(*number)).collect::<Vec<_>>().join(", ");
    if numbers.len() <= SHOWN {
        return text(numbers);
    }
    let half = SHOWN / 2;
    format!("{}, … {}", text(&numbers[..half]), text(&numbers[numbers.len() - half..]))
}

/// Where a large thing hangs, or that it isn't known.
pub(crate) fn owner_of(path_labels: &[Label]) -> String {
    if path_labels.is_empty() { "no path from a root".to_owned() } else { path(path_labels) }
}

/// What had to be found, in one line.
pub(crate) fn expectation(expected: &ExpectedRecord) -> String {
    let mut parts = vec![match &expected.verdict {
        Some(verdict) => format!("{}, {verdict}", expected.class),
        None => expected.class.to_string(),
    }];
    parts.extend(
        expected.location.iter().chain(&expected.evidence).map(|(name, value)| format!("{name} {}", wanted(value))),
    );
    parts.join("; ")
}

/// A matcher in words: `1000`, `1 to 2`, `at least 3`, `a list with x in it`.
pub(crate) fn wanted(value: &Value) -> String {
    if let Value::Object(fields) = value {
        if let Some(Value::Array(items)) = fields.get("contains") {
            let items: Vec<String> = items.iter().map(plain).collect();
            return format!("with {} in it", items.join(", "));
        }
        return match (fields.get("min"), fields.get("max")) {
            (Some(min), Some(max)) => format!("{} to {}", plain(min), plain(max)),
            (Some(min), None) => format!("at least {}", plain(min)),
            (None, Some(max)) => format!("at most {}", plain(max)),
            (None, None) => value.to_string(),
        };
    }
    plain(value)
}

/// A JSON value without needless quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// What went wrong in a failed run, one line each: misses, wrong fields, false alarms.
pub(crate) fn failures(run: &RunRecord) -> Vec<String> {
    let mut lines = Vec::new();
    for expected in &run.expected {
        if !expected.found {
            lines.push(format!("missed: {}", expectation(expected)));
        }
        for mismatch in &expected.mismatches {
            lines.push(format!(
                "{}: expected {}, seen {}",
                mismatch.field,
                wanted(&mismatch.expected),
                plain(&mismatch.seen)
            ));
        }
    }
    for told in run.told.iter().filter(|told| !told.is_met()) {
        if told.observation.is_none() {
            lines.push(format!("not told: {}", told.class));
        }
        lines.extend(told.mismatches.iter().map(|mismatch| {
            let (expected, seen) = (wanted(&mismatch.expected), plain(&mismatch.seen));
            format!("told: {}: expected {expected}, seen {seen}", mismatch.field)
        }));
    }
    lines.extend(run.toggle.iter().flat_map(toggle::failures));
    lines.extend(run.unexpected().map(|finding| format!("found, not expected: {}", sentence(finding))));
    lines
}

/// The findings of a run in a few words, within `cells` if that is possible; `nothing` where there is none.
pub(crate) fn seen(run: &RunRecord, cells: usize) -> String {
    if let (Some(toggle), true) = (&run.toggle, run.findings.is_empty()) {
        return toggle::few_words(toggle, cells);
    }
    if run.findings.is_empty() {
        return match let_be(run) {
            0 => "nothing".to_owned(),
            known => format!("nothing new, {known} let be"),
        };
    }
    // `; ` between them.
    let each = (cells / run.findings.len()).saturating_sub(2 * usize::from(run.findings.len() > 1));
    let words: Vec<String> = run.findings.iter().map(|finding| few_words(finding, each)).collect();
    words.join("; ")
}

/// Findings that somebody has accepted: each is told, and no failure.
pub(crate) fn let_be(run: &RunRecord) -> usize {
    run.observations.iter().filter(|seen| seen.class == ObservationRecord::ACCEPTED).count()
}

#[cfg(test)]
mod tests;
