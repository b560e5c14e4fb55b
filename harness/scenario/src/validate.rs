//! From what the file says to what can be run: every check beyond types, with the place of the node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_vocabulary::{Toggled, Traffic, Variant};

use crate::checker::{Checker, check_ledger};
use crate::error::ScenarioProblem;
use crate::expectations::variant_plan;
use crate::locate::{NodePath, Part};
use crate::model::{
    Growth, Hot, Inspect, Load, NUMBER, Observe, OptionValue, Request, Scenario, Toggle, TraceReader, VariantPlan, Wait,
};
use crate::raw::{RawLoad, RawObserve, RawScenario, RawToggle, RawVariant, RawWait};
use crate::unique_map::UniqueMap;
use crate::vocabulary::{CONCURRENCY_MAX, REQUESTS_MAX, ROUNDS_MAX, ROUNDS_MIN, SECONDS_MAX, nearest};

/// Checks a scenario. The result is to be used only where the checker noted nothing.
pub(crate) fn validate(raw: RawScenario, file: &Path, services_dir: &Path, checker: &mut Checker<'_>) -> Scenario {
    let root = NodePath::default();
    check_name(&raw, file, checker);
    let service = ServicePlace::of(&raw.service, file, services_dir);
    check_service(&raw, &service, checker);
    check_options(&raw.options, checker);
    bounded(checker, &root.key("warm_up"), raw.warm_up, 0, REQUESTS_MAX);
    let traffic = raw.load.as_ref().map_or(Traffic::Steady, |load| load.traffic);
    let load = raw.load.map(|load| check_load(load, checker));
    if raw.warm_up > 0 && load.is_none() {
        checker.wrong(
            &root.key("warm_up"),
            format!("{} requests of warm-up and no `load`", raw.warm_up),
            "a `load` that says which requests",
        );
    }
    let trigger = raw.trigger.map(|trigger| {
        check_request_path(checker, &root.key("trigger").key("path"), &trigger.path);
        Request { method: trigger.method, path: trigger.path }
    });
    if trigger.is_some() && raw.wait.is_none() {
        checker.wrong(
            &root.key("trigger"),
            "a trigger and no `wait`, so nobody would know when it took effect",
            "a `wait` for an event of the ledger, such as `events.request: {min: 1}`",
        );
    }
    let wait = raw.wait.map(|wait| check_wait(wait, checker));
    let observe = check_observe(&raw.observe, load.is_some(), trigger.is_some(), checker);
    let under_load = observe.hot.as_ref().is_some_and(|hot| hot.under_load);
    if load.is_some() && raw.warm_up == 0 && observe.rounds() == 0 && !under_load && observe.toggle.is_none() {
        checker.wrong(
            &root.key("load"),
            "a load that is never made",
            "a `warm_up`, rounds of `growth`, an `inspect`, `hot` with `under_load` or a `toggle`",
        );
    }
    check_spread(load.as_ref(), traffic, raw.warm_up, &observe, checker);
    let variants = check_variants(raw.buggy, raw.fixed, &observe, file, checker);
    check_fix(&variants, &service, checker);
    Scenario {
        service_dir: service.dir(),
        service: service.name.to_owned(),
        name: raw.name,
        title: raw.title,
        upstream: raw.upstream,
        file: file.to_owned(),
        seed: raw.seed,
        options: raw.options.0,
        warm_up: raw.warm_up,
        load,
        traffic,
        trigger,
        wait,
        collect: raw.collect,
        observe,
        variants,
    }
}

fn check_name(raw: &RawScenario, file: &Path, checker: &mut Checker<'_>) {
    let root = NodePath::default();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    if raw.name != stem {
        checker.wrong(
            &root.key("name"),
            format!("the name `{}` in the file of `{stem}`", raw.name),
            format!("`{stem}`"),
        );
    }
    for (key, text) in [("title", Some(&raw.title)), ("upstream", raw.upstream.as_ref())] {
        if let Some(text) = text.filter(|text| text.trim().is_empty() || text.contains('\n')) {
            checker.wrong(&root.key(key), format!("{text:?}"), "one line of text");
        }
    }
}

/// Where a service is looked for: in the folder of services, or beside its scenario.
struct ServicePlace<'s> {
    /// The folder's name.
    name: &'s str,
    /// What stands before the name in the file: `./` for one beside it.
    prefix: &'static str,
    /// The folder it is in.
    parent: &'s Path,
}

impl<'s> ServicePlace<'s> {
    fn of(written: &'s str, file: &'s Path, services_dir: &'s Path) -> Self {
        match written.strip_prefix("./") {
            Some(name) => Self { name, prefix: "./", parent: file.parent().unwrap_or(Path::new("")) },
            None => Self { name: written, prefix: "", parent: services_dir },
        }
    }

    fn dir(&self) -> PathBuf {
        self.parent.join(self.name)
    }
}

fn check_service(raw: &RawScenario, service: &ServicePlace<'_>, checker: &mut Checker<'_>) {
    let node = NodePath::default().key("service");
    let ServicePlace { name, prefix, parent } = service;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain {
        let wanted = "a folder's name: letters, digits, `-` and `_`; `./NAME` is a folder beside this file";
        checker.wrong(&node, format!("the service `{}`", raw.service), wanted);
        return;
    }
    if !service.dir().join("service.py").is_file() {
        let services: Vec<String> = services_in(parent).iter().map(|name| format!("{prefix}{name}")).collect();
        if services.is_empty() && !prefix.is_empty() {
            let wanted = format!("a folder `{name}` with a service.py beside this file");
            checker.wrong(&node, format!("the service `{}`", raw.service), wanted);
            return;
        }
        let suggestion = nearest(&raw.service, services.iter().map(String::as_str));
        checker.refuse(
            &node,
            Part::Value,
            ScenarioProblem::UnknownWord {
                found: raw.service.clone(),
                suggestion: suggestion.map(str::to_owned),
                allowed: services,
            },
        );
    }
}

/// What makes a twin the fixed one: a folder with the changed modules, or other packages.
fn check_fix(variants: &BTreeMap<Variant, VariantPlan>, service: &ServicePlace<'_>, checker: &mut Checker<'_>) {
    let (Some(buggy), Some(fixed)) = (variants.get(&Variant::Buggy), variants.get(&Variant::Fixed)) else {
        return;
    };
    let (name, node) = (service.name, NodePath::default().key("fixed"));
    if fixed.packages.is_some() && fixed.packages == buggy.packages {
        let wanted = "the lock file of the release with the fix";
        checker.wrong(&node.key("packages"), "the packages of the buggy variant", wanted);
    }
    let is_there = service.dir().join("service.py").is_file();
    if fixed.packages == buggy.packages && is_there && !service.dir().join("fix").is_dir() {
        checker.wrong(
            &node,
            format!("a fixed twin of `{name}`, and no folder {name}/fix with the fix"),
            "a service with a fix, packages of its own, or a scenario with one variant only",
        );
    }
}

/// The services there are: folders that have a `service.py`.
fn services_in(parent: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut services: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("service.py").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    services.sort();
    services
}

fn check_options(options: &UniqueMap<OptionValue>, checker: &mut Checker<'_>) {
    // The driver gives these itself; a second one would break the handshake.
    const OURS: [&str; 3] = ["port", "ledger", "diagnostics"];
    for name in options.0.keys() {
        let node = NodePath::default().key("options").key(name.clone());
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let problem = if OURS.contains(&name.as_str()) {
            Some("an option of the service's own; this one is set by the driver")
        } else if plain {
            None
        } else {
            Some("an option's name without its dashes, such as `audit-ticks`")
        };
        if let Some(wanted) = problem {
            let problem = ScenarioProblem::Wrong { found: format!("the option `{name}`"), wanted: wanted.to_owned() };
            checker.refuse(&node, Part::Key(0), problem);
        }
    }
}

fn check_load(raw: RawLoad, checker: &mut Checker<'_>) -> Load {
    let node = NodePath::default().key("load");
    check_request_path(checker, &node.key("path"), &raw.path);
    bounded(checker, &node.key("requests"), raw.requests, 1, REQUESTS_MAX);
    let in_bounds = bounded(checker, &node.key("concurrency"), raw.concurrency, 1, CONCURRENCY_MAX);
    if in_bounds && raw.requests > 0 && raw.concurrency > raw.requests {
        checker.wrong(
            &node.key("concurrency"),
            format!("{} requests at once of {} in a round", raw.concurrency, raw.requests),
            format!("1 to {}", raw.requests),
        );
    }
    Load {
        request: Request { method: raw.method, path: raw.path },
        requests: raw.requests,
        concurrency: usize::try_from(raw.concurrency).unwrap_or(1),
    }
}

/// Uneven traffic needs rounds to be uneven in, and numbered requests are kept as a list.
fn check_spread(load: Option<&Load>, traffic: Traffic, warm_up: u64, observe: &Observe, checker: &mut Checker<'_>) {
    let node = NodePath::default().key("load");
    if traffic != Traffic::Steady && (observe.rounds() == 0 || observe.toggle.is_some()) {
        checker.wrong(
            &node.key("traffic"),
            format!("traffic in {traffic} and no rounds that it could spread over"),
            "`observe.growth` or `observe.inspect`, or steady traffic",
        );
    }
    let Some(load) = load else { return };
    let made = load.requests.saturating_mul(observe.rounds()).saturating_add(warm_up);
    if load.request.path.contains(NUMBER) && made > REQUESTS_MAX {
        let found = format!("{made} numbered requests");
        checker.wrong(&node.key("path"), found, format!("{REQUESTS_MAX} in all, or a path without `{NUMBER}`"));
    }
}

/// Notes a number outside the bounds, and says whether it was inside.
fn bounded(checker: &mut Checker<'_>, node: &NodePath, found: u64, least: u64, most: u64) -> bool {
    let inside = (least..=most).contains(&found);
    if !inside {
        checker.wrong(node, found.to_string(), format!("{least} to {most}"));
    }
    inside
}

fn check_request_path(checker: &mut Checker<'_>, node: &NodePath, path: &str) {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if !path.starts_with('/') || !plain {
        checker.wrong(node, format!("{path:?}"), "a path from the slash on, without spaces, such as `/attendees`");
    }
}

/// A duration of the file's seconds; zero where the checker noted something.
fn seconds(checker: &mut Checker<'_>, node: &NodePath, found: f64) -> Duration {
    if found > 0.0 && found <= SECONDS_MAX {
        Duration::from_secs_f64(found)
    } else {
        checker.wrong(node, found.to_string(), format!("seconds above 0, {SECONDS_MAX} at most"));
        Duration::ZERO
    }
}

fn check_wait(raw: RawWait, checker: &mut Checker<'_>) -> Wait {
    let node = NodePath::default().key("wait");
    let within = seconds(checker, &node.key("within_seconds"), raw.within_seconds);
    if raw.ledger.0.is_empty() {
        checker.wrong(&node.key("ledger"), "nothing to wait for", "a total of the ledger and what it must be");
    }
    Wait { ledger: check_ledger(raw.ledger.0, &node.key("ledger"), checker), within }
}

fn check_observe(raw: &RawObserve, has_load: bool, has_trigger: bool, checker: &mut Checker<'_>) -> Observe {
    let root = NodePath::default();
    let node = root.key("observe");
    let looks = raw.growth.is_some() || raw.inspect.is_some() || raw.hot.is_some();
    if !looks && raw.toggle.is_none() {
        checker.wrong(&node, "nothing to observe, so no detector would run", "`growth`, `inspect`, `hot` or `toggle`");
    }
    if looks && raw.toggle.is_some() {
        let wanted = "a scenario for each: what looks from outside expects a service with nothing switched on";
        checker.wrong(&node.key("toggle"), "a toggle beside `growth`, `inspect` or `hot`", wanted);
    }
    let toggle = raw.toggle.as_ref().map(|toggle| check_toggle(toggle, has_load, has_trigger, checker));
    let growth = raw.growth.as_ref().map(|growth| {
        let rounds = node.key("growth").key("rounds");
        bounded(checker, &rounds, growth.rounds, ROUNDS_MIN, ROUNDS_MAX);
        if !has_load {
            checker.wrong(&node.key("growth"), "growth over rounds of no `load`", "a `load` whose rounds are compared");
        }
        Growth { rounds: growth.rounds }
    });
    let hot = raw.hot.as_ref().map(|hot| Hot {
        duration: seconds(checker, &node.key("hot").key("seconds"), hot.seconds),
        under_load: hot.under_load,
    });
    if hot.as_ref().is_some_and(|hot| hot.under_load) && (!has_load || has_trigger) {
        checker.wrong(
            &node.key("hot").key("under_load"),
            "sampling under load with a `trigger`, or without a `load`",
            "a `load` and no `trigger`: a service in a loop answers nobody",
        );
    }
    if has_trigger && hot.is_none() && toggle.is_none() {
        checker.wrong(
            &root.key("trigger"),
            "a trigger and no `observe.hot`",
            "a hot loop to observe, or the request in `load`",
        );
    }
    Observe { growth, inspect: raw.inspect.as_ref().map(|inspect| Inspect { baseline: inspect.baseline }), hot, toggle }
}

fn check_toggle(raw: &RawToggle, has_load: bool, has_trigger: bool, checker: &mut Checker<'_>) -> Toggle {
    let node = NodePath::default().key("observe").key("toggle");
    let is_trace = raw.what == Toggled::Trace;
    match raw.reader {
        None if is_trace => {
            checker.wrong(&node, "a trace and not who reads it", "a `reader`: none, steady, slow or leaves")
        }
        Some(_) if !is_trace => {
            let found = format!("a reader of the {}", raw.what.as_str());
            checker.wrong(&node.key("reader"), found, "no `reader`, or `what: trace`");
        }
        _ => {}
    }
    if raw.full && !is_trace {
        checker.wrong(&node.key("full"), format!("a {} without rests", raw.what.as_str()), "`what: trace`");
    }
    if !has_load {
        checker.wrong(&node, "a toggle under no `load`", "a `load` of which a round is made off, on and off again");
    }
    let reader = raw.reader.unwrap_or(TraceReader::None);
    if has_trigger && !(is_trace && reader == TraceReader::Steady) {
        let wanted = "`what: trace` with `reader: steady`, which works where nobody is answered";
        checker.wrong(&node, "a toggle with a `trigger` that is no trace with a steady reader", wanted);
    }
    Toggle { what: raw.what, reader, full: raw.full }
}

fn check_variants(
    buggy: Option<RawVariant>,
    fixed: Option<RawVariant>,
    observe: &Observe,
    file: &Path,
    checker: &mut Checker<'_>,
) -> BTreeMap<Variant, VariantPlan> {
    let mut variants = BTreeMap::new();
    for (variant, raw) in [(Variant::Buggy, buggy), (Variant::Fixed, fixed)] {
        if let Some(raw) = raw {
            variants.insert(variant, variant_plan(variant, raw, observe, file, checker));
        }
    }
    if variants.is_empty() {
        checker.wrong(&NodePath::default(), "no variant", "`buggy`, `fixed` or both");
    }
    check_twin(&variants, checker);
    variants
}

/// The fixed twin may not be expected to have the bug that the buggy one has.
fn check_twin(variants: &BTreeMap<Variant, VariantPlan>, checker: &mut Checker<'_>) {
    let (Some(buggy), Some(fixed)) = (variants.get(&Variant::Buggy), variants.get(&Variant::Fixed)) else {
        return;
    };
    let expect = NodePath::default().key("fixed").key("expect");
    for (position, expectation) in fixed.expected.iter().enumerate() {
        let class = expectation.class;
        if buggy.expected.iter().any(|other| other.class == class) {
            checker.wrong(
                &expect.index(position).key("class"),
                format!("a {class} expected of both variants"),
                format!("a fix that ends the {class}"),
            );
        }
    }
}
