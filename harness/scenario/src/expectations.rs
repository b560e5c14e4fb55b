//! Checks of what a variant must show: an expectation that no run could meet, or that any run would
//! meet, is a mistake in the file.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use bloathound_vocabulary::{FindingClass, ObservationClass, ToggleFact, Variant, Verdict};

use crate::checker::{Checker, check_ledger};
use crate::command::{variables, words};
use crate::error::ScenarioProblem;
use crate::evidence::{classes, refused};
use crate::locate::{NodePath, Part};
use crate::matcher::{Matcher, Scalar};
use crate::model::{Expectation, Observe, Own, Ready, Told, VariantPlan};
use crate::raw::{RawExpectation, RawPlace, RawTold, RawVariant};
use crate::vocabulary::nearest;

/// Checks one variant's section.
pub(crate) fn variant_plan(
    variant: Variant,
    raw: RawVariant,
    (observe, own): (&Observe, Option<&Own>),
    file: &Path,
    checker: &mut Checker<'_>,
) -> VariantPlan {
    let node = NodePath::default().key(variant.as_str());
    check_own_keys(&raw, own, &node, checker);
    if raw.ledger.0.is_empty() && own.is_none() {
        checker.wrong(
            &node.key("ledger"),
            format!("a {variant} variant that requires nothing of its ledger"),
            "a total that proves the run, such as `requests`",
        );
    }
    if variant == Variant::Buggy && raw.expect.is_empty() && raw.told.is_empty() && observe.toggle.is_none() {
        checker.wrong(&node.key("expect"), "a buggy variant with no finding expected", "the bug that must be found");
    }
    let ledger = check_ledger(raw.ledger.0, &node.key("ledger"), checker);
    let expected = raw
        .expect
        .into_iter()
        .enumerate()
        .map(|(position, raw)| {
            let node = node.key("expect").index(position);
            check_expectation(raw, &node, observe, checker)
        })
        .collect();
    let told = raw.told.into_iter().enumerate();
    let told =
        told.map(|(position, raw)| check_told(raw, &node.key("told").index(position), observe, checker)).collect();
    check_toggle_facts(&raw.toggle.0, &node, observe, checker);
    let packages = raw.packages.and_then(|lock| check_packages(&lock, &node.key("packages"), file, checker));
    let command = raw.command.map(|command| words(command, &node.key("command"), checker));
    let variables = variables(raw.env, &node.key("env"), checker);
    VariantPlan { expected, told, toggle: raw.toggle.0, ledger, packages, command, variables }
}

/// What only one of the two kinds of service has.
fn check_own_keys(raw: &RawVariant, own: Option<&Own>, node: &NodePath, checker: &mut Checker<'_>) {
    if own.is_none() && (raw.command.is_some() || !raw.env.0.is_empty()) {
        checker.wrong(node, "`command` or `env` of a `service` of ours", "a folder `fix`, or `packages`");
    }
    if own.is_some() && raw.packages.is_some() {
        checker.wrong(&node.key("packages"), "`packages` of a service of your own", "`python`, a virtual environment");
    }
    let tells_port = |own: &Own| own.port.is_some() || own.ready != Ready::AtOnce;
    if !raw.ledger.0.is_empty() && own.is_some_and(|own| !tells_port(own)) {
        let wanted = "a service with a port, which answers GET /ledger by a JSON object";
        checker.wrong(&node.key("ledger"), "a ledger, and no port to ask for it", wanted);
    }
}

fn check_told(raw: RawTold, node: &NodePath, observe: &Observe, checker: &mut Checker<'_>) -> Told {
    if ObservationClass::from_word(&raw.class).is_none() {
        let words = ObservationClass::ALL.map(ObservationClass::as_str);
        let problem = ScenarioProblem::UnknownWord {
            found: raw.class.clone(),
            suggestion: nearest(&raw.class, words).map(str::to_owned),
            allowed: words.map(str::to_owned).to_vec(),
        };
        checker.refuse(&node.key("class"), Part::Value, problem);
    }
    if observe.growth.is_none() {
        checker.wrong(
            &node.key("class"),
            "an observation of rounds that this scenario doesn't make",
            "`observe.growth`",
        );
    }
    for (name, matcher) in &raw.evidence.0 {
        if let Some(why) = matcher.impossible() {
            checker.wrong(&node.key("evidence").key(name.clone()), why, "a condition that some value meets");
        }
    }
    let place = raw.place.map(|place| check_place(place, &node.key("where"), checker)).unwrap_or_default();
    Told { class: raw.class, place, evidence: raw.evidence.0 }
}

/// The lock file, where it can be one: below the scenario's own folder, so that what is installed goes with the file that
/// asks for it.
fn check_packages(written: &str, node: &NodePath, file: &Path, checker: &mut Checker<'_>) -> Option<PathBuf> {
    let below = Path::new(written);
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    if written.is_empty() || !plain || below.extension().is_none_or(|ending| ending != "lock") {
        let wanted = "a lock file below this file's folder, such as `torn_headers/buggy.lock`";
        checker.wrong(node, format!("the packages `{written}`"), wanted);
        return None;
    }
    let lock = file.parent().unwrap_or(Path::new("")).join(below);
    if checker.lacks(lock.is_file()) {
        let wanted = "a lock file that is there: `NAME==VERSION --hash=sha256:…` a package";
        checker.wrong(node, format!("the packages `{written}`, a file that isn't there"), wanted);
        return None;
    }
    Some(lock)
}

fn check_toggle_facts(
    facts: &BTreeMap<String, Matcher>,
    variant: &NodePath,
    observe: &Observe,
    checker: &mut Checker<'_>,
) {
    let node = variant.key("toggle");
    let Some(toggle) = observe.toggle else {
        if !facts.is_empty() {
            checker.wrong(&node, "facts of a toggle that this scenario doesn't observe", "an `observe.toggle`");
        }
        return;
    };
    if facts.is_empty() {
        let wanted = "facts that prove it, such as `off_again_throughput_ratio: {min: 0.3}`";
        checker.wrong(variant, "a toggle of which nothing is required in `toggle`", wanted);
    }
    let known = toggle.what.facts().map(ToggleFact::as_str).collect::<Vec<_>>();
    for (name, matcher) in facts {
        let node = node.key(name.clone());
        if !known.contains(&name.as_str()) {
            let problem = ScenarioProblem::UnknownKey {
                found: name.clone(),
                suggestion: nearest(name, known.iter().copied()).map(str::to_owned),
                allowed: known.iter().map(|word| (*word).to_owned()).collect(),
            };
            checker.refuse(&node, Part::Key(0), problem);
        }
        if let Some(why) = matcher.impossible() {
            checker.wrong(&node, why, "a condition that some value meets");
        }
    }
}

fn check_expectation(
    raw: RawExpectation,
    node: &NodePath,
    observe: &Observe,
    checker: &mut Checker<'_>,
) -> Expectation {
    if !observe.covers(raw.class) {
        let look = match raw.class {
            FindingClass::Leak | FindingClass::Growth | FindingClass::Garbage | FindingClass::NativeMemory => {
                "`observe.growth`"
            }
            FindingClass::Cycle | FindingClass::Fragmentation => "`observe.inspect`",
            FindingClass::HotLoop | FindingClass::Spin => "`observe.hot`",
        };
        checker.wrong(
            &node.key("class"),
            format!("a {} whose detector this scenario doesn't run", raw.class),
            format!("{look}, or another class"),
        );
    }
    for (position, class) in raw.also_as.iter().enumerate() {
        if *class == raw.class || !observe.covers(*class) {
            checker.wrong(
                &node.key("also_as").index(position),
                format!("a {class}, which is the class itself or one whose detector this scenario doesn't run"),
                "other classes that are looked for",
            );
        }
    }
    let verdict = raw.verdict.and_then(|word| check_verdict(&word, &node.key("verdict"), checker));
    check_evidence(raw.class, &raw.evidence.0, &node.key("evidence"), checker);
    let place = raw.place.map(|place| check_place(place, &node.key("where"), checker)).unwrap_or_default();
    Expectation { class: raw.class, also_as: raw.also_as, verdict, place, evidence: raw.evidence.0 }
}

fn check_verdict(word: &str, node: &NodePath, checker: &mut Checker<'_>) -> Option<Verdict> {
    let verdict = Verdict::from_word(word);
    if verdict.is_none() {
        let words = Verdict::ALL.map(Verdict::as_str);
        let meant = nearest(word, words).map_or_else(|| words.join(", "), str::to_owned);
        checker.wrong(node, format!("`{word}`, which is no verdict"), meant);
    }
    verdict
}

fn check_evidence(
    class: FindingClass,
    evidence: &BTreeMap<String, Matcher>,
    node: &NodePath,
    checker: &mut Checker<'_>,
) {
    let known = classes();
    for (name, matcher) in evidence {
        let node = node.key(name.clone());
        let root = name.split('.').next().unwrap_or_default();
        if let Some(problem) = refused(class.as_str(), root, &known) {
            checker.refuse(&node, Part::Key(0), problem);
        }
        if let Some(why) = matcher.impossible() {
            checker.wrong(&node, why, "a condition that some value meets");
        }
    }
}

/// The fields of a place that are compared.
pub(crate) fn check_place(
    raw: RawPlace,
    node: &NodePath,
    checker: &mut Checker<'_>,
) -> BTreeMap<&'static str, Matcher> {
    let mut place = BTreeMap::new();
    for (name, text) in [
        ("module", raw.module),
        ("class", raw.class),
        ("attribute", raw.attribute),
        ("file", raw.file),
        ("function", raw.function),
    ] {
        if let Some(text) = text {
            if text.trim().is_empty() {
                checker.wrong(&node.key(name), "an empty text", "a name");
            }
            place.insert(name, Matcher::Exact(Scalar::Text(text)));
        }
    }
    if let (Some(Matcher::Exact(Scalar::Integer(first))), Some(Matcher::Exact(Scalar::Integer(last)))) =
        (&raw.line_first, &raw.line_last)
        && first > last
    {
        checker.wrong(
            &node.key("line_last"),
            format!("lines {first} to {last}"),
            format!("a last line of {first} or later"),
        );
    }
    for (name, lines) in [("line_first", raw.line_first), ("line_last", raw.line_last)] {
        if let Some(lines) = lines {
            check_line(&lines, &node.key(name), checker);
            place.insert(name, lines);
        }
    }
    if let Some(path) = raw.path {
        if path.iter().any(|label| label.trim().is_empty()) || path.is_empty() {
            let wanted = "labels from the root down, such as `module model`";
            checker.wrong(&node.key("path"), "a path with nothing in it", wanted);
        }
        let labels = path.into_iter().map(Scalar::Text).collect();
        place.insert("path", Matcher::List(labels));
    }
    if let Some(names) = raw.names {
        if names.is_empty() || !names.iter().all(|name| is_name(name)) {
            checker.wrong(&node.key("names"), format!("{names:?}"), "names: letters, digits and `_`");
        }
        place.insert("names", Matcher::Contains(names.into_iter().map(Scalar::Text).collect()));
    }
    if place.is_empty() {
        checker.wrong(node, "a place with no field", "at least one field of it");
    }
    place
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn check_line(lines: &Matcher, node: &NodePath, checker: &mut Checker<'_>) {
    let possible = match lines {
        Matcher::Exact(Scalar::Integer(line)) => *line >= 1,
        Matcher::Range { max, .. } => lines.impossible().is_none() && max.is_none_or(|last| last >= 1.0),
        _ => false,
    };
    if !possible {
        checker.wrong(node, lines.to_string(), "a line's number, 1 or more, or a range of them");
    }
}
