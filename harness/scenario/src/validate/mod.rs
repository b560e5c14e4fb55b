//! From what the file says to what can be run: every check beyond types, with the place of the node.

mod ignore;
mod load;
mod own;
mod service;

use std::collections::BTreeMap;
use std::path::Path;

use bloathound_vocabulary::{Toggled, Traffic, Variant};

use crate::checker::{Checker, bounded, check_ledger, check_request_path, seconds};
use crate::error::ScenarioProblem;
use crate::expectations::variant_plan;
use crate::locate::{NodePath, Part};
use crate::model::{
    Growth, Hot, Inspect, Observe, OptionValue, Own, Request, Scenario, Toggle, TraceReader, VariantPlan, Wait,
};
use crate::raw::{RawObserve, RawScenario, RawToggle, RawTrigger, RawVariant, RawWait};
use crate::unique_map::UniqueMap;
use crate::vocabulary::{REQUESTS_MAX, ROUNDS_MAX, ROUNDS_MIN};
use load::{check_load, check_spread};
use service::{ServicePlace, check_fix, check_series, check_service};

/// Checks a scenario. The result is to be used only where the checker noted nothing.
pub(crate) fn validate(mut raw: RawScenario, file: &Path, services_dir: &Path, checker: &mut Checker<'_>) -> Scenario {
    let root = NodePath::default();
    check_name(&raw, file, checker);
    own::check_kind(&raw, checker);
    check_options(&raw.options, checker);
    let is_own = raw.command.is_some();
    let traffic = raw.load.as_ref().map_or(Traffic::Steady, |load| load.traffic);
    let has_wait = raw.wait.is_some();
    let trigger = raw.trigger.take().map(|trigger| check_trigger(trigger, has_wait, checker));
    let observe = if is_own {
        own::check_observe(&raw, checker)
    } else {
        check_observe(&raw, raw.load.is_some(), trigger.is_some(), checker)
    };
    let own_command = raw.command.take();
    // What is said of its load is asked before the load is taken.
    let own = own_command.map(|command| own::check_own(&mut raw, command, file, checker));
    let (load, load_command) = raw.load.take().map(|load| check_load(load, is_own, checker)).unzip();
    let own = own.map(|own| Own { load_command: load_command.flatten(), ..own });
    let of_a_round = load.as_ref().map_or(0, |load| if is_own { load.requests } else { 0 });
    let warm_up = raw.warm_up.unwrap_or(of_a_round);
    bounded(checker, &root.key("warm_up"), warm_up, 0, REQUESTS_MAX);
    if warm_up > 0 && load.is_none() {
        let wanted = "a `load` that says which requests";
        checker.wrong(&root.key("warm_up"), format!("{warm_up} requests of warm-up and no `load`"), wanted);
    }
    let wait = raw.wait.map(|wait| check_wait(wait, checker));
    let under_load = observe.hot.as_ref().is_some_and(|hot| hot.under_load);
    if load.is_some() && warm_up == 0 && observe.rounds() == 0 && !under_load && observe.toggle.is_none() {
        checker.wrong(
            &root.key("load"),
            "a load that is never made",
            "a `warm_up`, rounds of `growth`, an `inspect`, `hot` with `under_load` or a `toggle`",
        );
    }
    check_spread(load.as_ref(), traffic, warm_up, &observe, checker);
    let of_one = raw.expect.map(|expect| RawVariant { expect, ..RawVariant::default() });
    if of_one.is_some() && (raw.buggy.is_some() || raw.fixed.is_some()) {
        checker.wrong(&root.key("expect"), "`expect` beside variants", "`expect`, or `buggy` and `fixed`");
    }
    let series = check_series(raw.series.as_deref(), &observe, checker);
    let variants = check_variants(raw.buggy, of_one.or(raw.fixed), (&observe, own.as_ref()), file, checker);
    let ignore = ignore::check_ignore(raw.ignore, checker);
    let (service, service_dir) = match (&raw.service, &own) {
        (Some(written), None) => {
            let service = ServicePlace::of(written, file, services_dir);
            check_service(written, &service, checker);
            check_fix(&variants, &service, checker);
            (service.name.to_owned(), service.dir())
        }
        (_, Some(own)) => {
            check_twins(&variants, checker);
            (raw.name.clone(), own.folder.clone())
        }
        (None, None) => {
            let wanted = "`service`, one of ours, or `command`, which starts one of your own";
            checker.wrong(&root, "a scenario of no service", wanted);
            (String::new(), services_dir.to_owned())
        }
    };
    Scenario {
        service_dir,
        service,
        series,
        on: None,
        own,
        name: raw.name,
        title: raw.title,
        upstream: raw.upstream,
        file: file.to_owned(),
        seed: raw.seed,
        options: raw.options.0,
        warm_up,
        load,
        traffic,
        trigger,
        wait,
        collect: raw.collect,
        observe,
        ignore,
        variants,
    }
}

fn check_trigger(raw: RawTrigger, has_wait: bool, checker: &mut Checker<'_>) -> Request {
    let node = NodePath::default().key("trigger");
    check_request_path(checker, &node.key("path"), &raw.path);
    if !has_wait {
        checker.wrong(
            &node,
            "a trigger and no `wait`, so nobody would know when it took effect",
            "a `wait` for an event of the ledger, such as `events.request: {min: 1}`",
        );
    }
    Request::plain(raw.method, raw.path)
}

/// Twins of a service of one's own differ by their commands or their variables.
fn check_twins(variants: &BTreeMap<Variant, VariantPlan>, checker: &mut Checker<'_>) {
    let (Some(buggy), Some(fixed)) = (variants.get(&Variant::Buggy), variants.get(&Variant::Fixed)) else {
        return;
    };
    if buggy.command == fixed.command && buggy.variables == fixed.variables {
        let wanted = "a `command` or `env` of each, or one variant only";
        checker.wrong(&NodePath::default().key("fixed"), "twins that are started in the same way", wanted);
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

fn check_wait(raw: RawWait, checker: &mut Checker<'_>) -> Wait {
    let node = NodePath::default().key("wait");
    let within = seconds(checker, &node.key("within_seconds"), raw.within_seconds);
    if raw.ledger.0.is_empty() {
        checker.wrong(&node.key("ledger"), "nothing to wait for", "a total of the ledger and what it must be");
    }
    Wait { ledger: check_ledger(raw.ledger.0, &node.key("ledger"), checker), within }
}

fn check_observe(raw: &RawScenario, has_load: bool, has_trigger: bool, checker: &mut Checker<'_>) -> Observe {
    let root = NodePath::default();
    let node = root.key("observe");
    let nothing = RawObserve::default();
    let raw = raw.observe.as_ref().unwrap_or_else(|| {
        checker.refuse(&root, Part::Value, ScenarioProblem::MissingKey("observe".to_owned()));
        &nothing
    });
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
        if growth.every_seconds.is_some() {
            let node = node.key("growth").key("every_seconds");
            checker.wrong(&node, "a time between looks at a `service` of ours", "rounds of `load`");
        }
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
    (observe, own): (&Observe, Option<&Own>),
    file: &Path,
    checker: &mut Checker<'_>,
) -> BTreeMap<Variant, VariantPlan> {
    let mut variants = BTreeMap::new();
    for (variant, raw) in [(Variant::Buggy, buggy), (Variant::Fixed, fixed)] {
        if let Some(raw) = raw {
            variants.insert(variant, variant_plan(variant, raw, (observe, own), file, checker));
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
