//! Findings and expectations in words, for terminal, JUnit and HTML alike. Not yet harmless: the caller passes what it
//! gets through [`crate::sanitize`].

use serde_json::Value;

use crate::json::{EvidenceRecord, ExpectedRecord, FindingRecord, PinRecord, RunRecord, WhereRecord};
use crate::{describe_toggle, sanitize, units};

/// What, how much and where, in the longest of a few forms that takes at most `cells`:
/// `leak 1000/req DBModel._field_cache`, `leak 1000/req _field_cache`, `leak 1000/req`.
pub(crate) fn few_words(finding: &FindingRecord, cells: usize) -> String {
    let what = match &finding.evidence {
        EvidenceRecord::Leak(leak) => {
            format!("leak {}/req", units::count(leak.objects_per_request))
        }
        EvidenceRecord::Cycle(cycle) => {
            format!("cycle {} stuck", units::count(cycle.uncollectable))
        }
        EvidenceRecord::Fragmentation(fragmentation) => {
            format!("fragmentation {}", units::bytes(fragmentation.stranded_bytes))
        }
        EvidenceRecord::HotLoop(_) => finding.verdict.clone(),
    };
    let mut forms: Vec<String> = short_places(finding).into_iter().map(|place| format!("{what} {place}")).collect();
    // Without the place rather than with half of it, but a hot loop's verdict alone says too little: there the place wins.
    if let (EvidenceRecord::HotLoop(_), Some(place)) = (&finding.evidence, short_places(finding).first()) {
        forms.push(format!("hot-loop {place}"));
    }
    forms.push(what);
    let fits = |form: &&String| sanitize::width(&sanitize::line(form)) <= cells;
    forms.iter().find(fits).or(forms.last()).cloned().unwrap_or_default()
}

/// The place in a word, the longest first.
fn short_places(finding: &FindingRecord) -> Vec<String> {
    let location = &finding.location;
    match &finding.evidence {
        EvidenceRecord::Cycle(cycle) => {
            let types: Vec<&str> = cycle.types.iter().map(|name| last_part(name)).collect();
            let first = types.first().map(|name| (*name).to_owned());
            [types.join("+")].into_iter().chain(first).collect()
        }
        EvidenceRecord::Fragmentation(fragmentation) => {
            let pin = fragmentation.pinned_by.first();
            pin.map(|pin| format!("by {}", last_part(&pin.type_name))).into_iter().collect()
        }
        EvidenceRecord::HotLoop(_) => {
            location.file.iter().map(|file| format!("{}{}", basename(file), lines(location))).collect()
        }
        EvidenceRecord::Leak(_) => {
            let inner = WhereRecord { module: None, ..location.clone() };
            let last = location.attribute.clone().or_else(|| location.path.last().cloned());
            [dotted(location), dotted(&inner), last].into_iter().flatten().collect()
        }
    }
}

/// `model.DBModel._field_cache`, as far as known.
fn dotted(location: &WhereRecord) -> Option<String> {
    let parts: Vec<&str> = [&location.module, &location.class, &location.attribute]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// `:41-44`, `:41` or nothing.
fn lines(location: &WhereRecord) -> String {
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
pub(crate) fn place(location: &WhereRecord) -> String {
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

/// Labels joined by arrows.
pub(crate) fn path(labels: &[String]) -> String {
    labels.join(" → ")
}

/// `leak, grows-with-requests: model.DBModel._field_cache`.
pub(crate) fn sentence(finding: &FindingRecord) -> String {
    format!("{}, {}: {}", finding.class, finding.verdict, place(&finding.location))
}

/// Name and text of every piece of evidence.
pub(crate) fn evidence(finding: &FindingRecord) -> Vec<(&'static str, String)> {
    // Where only time is known, a round is the unit.
    let unit = if finding.verdict == "grows-every-round" { "round" } else { "request" };
    let mut rows = match &finding.evidence {
        EvidenceRecord::Leak(leak) => vec![
            (
                "grows by",
                format!(
                    "{} {} a {unit}, {}",
                    units::count(leak.objects_per_request),
                    leak.type_name,
                    units::bytes(leak.bytes_per_request)
                ),
            ),
            (
                "retains",
                format!(
                    "{} a {unit}, {} in all",
                    units::bytes(leak.retained_bytes_per_request),
                    units::bytes(leak.retained_bytes)
                ),
            ),
            ("by round", series(&leak.rounds)),
        ],
        EvidenceRecord::Cycle(cycle) => vec![
            (
                "objects",
                format!(
                    "{} in cycles, {} of them with a finalizer, {} in gc.garbage",
                    units::count(cycle.objects),
                    units::count(cycle.uncollectable),
                    units::count(cycle.in_gc_garbage)
                ),
            ),
            ("types", cycle.types.join(", ")),
            ("cycle", path(&cycle.cycle)),
            ("closed by", cycle.closing_reference.clone()),
        ]
        .into_iter()
        .chain(cycle.finalizers.iter().map(|site| ("finalizer", site.clone())))
        .collect(),
        EvidenceRecord::Fragmentation(fragmentation) => {
            let mut rows = vec![
                (
                    "arenas",
                    format!(
                        "{}, {} of {} live{}",
                        units::count(fragmentation.arenas),
                        units::bytes(fragmentation.live_bytes),
                        units::bytes(fragmentation.arena_bytes),
                        fragmentation
                            .utilisation
                            .map_or_else(String::new, |share| format!(" ({})", units::ratio(share)))
                    ),
                ),
                ("stranded", units::bytes(fragmentation.stranded_bytes)),
            ];
            rows.extend(fragmentation.pinned_by.iter().map(|one| ("pinned by", pin(one))));
            rows
        }
        EvidenceRecord::HotLoop(_) => hot_loop(finding),
    };
    if !finding.location.path.is_empty() {
        rows.push(("path", path(&finding.location.path)));
    }
    rows.retain(|(_, text)| !text.is_empty());
    rows
}

fn hot_loop(finding: &FindingRecord) -> Vec<(&'static str, String)> {
    let EvidenceRecord::HotLoop(hot) = &finding.evidence else {
        return Vec::new();
    };
    let mut rows = vec![(
        "samples",
        format!(
            "{} that agree, {}",
            units::count(hot.samples),
            units::plural(hot.distinct_states, "state of the locals", "states of the locals")
        ),
    )];
    if let Some(share) = hot.cpu_fraction {
        let switches = units::plural(hot.voluntary_switches, "voluntary context switch", "voluntary context switches");
        rows.push(("CPU", format!("{} busy, {switches}", units::ratio(share))));
    }
    if let Some(seconds) = hot.starved_seconds {
        rows.push(("event loop", format!("not reached for {}", units::seconds(seconds))));
    }
    if let Some([first, last]) = hot.loop_bytecode {
        rows.push(("bytecode", format!("{first} to {last}")));
    }
    rows.push(("inside", hot.inside.clone().unwrap_or_default()));
    rows.push(("exits need", hot.exit_values.join(", ")));
    rows.push(("unchanging", hot.unchanging.join(", ")));
    if hot.tiers.len() > 1 {
        rows.push(("holds too", hot.tiers[..hot.tiers.len() - 1].join(", ")));
    }
    rows
}

/// `120 str, 5.6 KiB, in 35 arenas, owned by model.work`.
pub(crate) fn pin(pin: &PinRecord) -> String {
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
pub(crate) fn owner_of(path_labels: &[String]) -> String {
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
    lines.extend(run.toggle.iter().flat_map(describe_toggle::failures));
    lines.extend(run.unexpected().map(|finding| format!("false alarm: {}", sentence(finding))));
    lines
}

/// The findings of a run in a few words, within `cells` if that is possible; `nothing` where there is none.
pub(crate) fn seen(run: &RunRecord, cells: usize) -> String {
    if let (Some(toggle), true) = (&run.toggle, run.findings.is_empty()) {
        return describe_toggle::few_words(toggle, cells);
    }
    if run.findings.is_empty() {
        return "nothing".to_owned();
    }
    // `; ` between them.
    let each = (cells / run.findings.len()).saturating_sub(2 * usize::from(run.findings.len() > 1));
    let words: Vec<String> = run.findings.iter().map(|finding| few_words(finding, each)).collect();
    words.join("; ")
}
