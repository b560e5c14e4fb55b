//! The rule on profiles made up, without Python and without time passing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use std::sync::Arc;

use bloathound_profile::{
    Callee, CalleeKind, Caught, Code, CodeId, Frame, FrameDetail, LineTable, Loop, LoopExit, LoopInput, LoopKind,
    Profile, Returns, Sample, SamplingCost, Stack, ThreadFacts, ThreadProfile, Try, Value, ValueHash, ValueKind,
    Variable, Write,
};

mod still;
mod turned;

use super::rule::*;
use crate::{Evidence, Finding, HotLoopThresholds, Verdict};

const MAIN_LOOP: u32 = 0;
const HANDLER: u32 = 1;

fn code(function: &str, file: &str, loops: Vec<Loop>) -> Code {
    Code {
        address: 0,
        function: function.into(),
        file: file.into(),
        line_first: 10,
        lines: LineTable::new(vec![(0, 10)]),
        is_generator: false,
        loops,
        calls: vec![20],
        returns: Returns::default(),
        bytecode_bytes: 100,
        tries: Vec::new(),
    }
}

fn input(name: &str) -> LoopInput {
    LoopInput { name: name.into(), is_global: false, attributes: Vec::new() }
}

/// `while not done:` from 12 to 40, assigning `n` by its own arithmetic.
fn a_loop() -> Loop {
    Loop {
        first: 12,
        last: 40,
        line_first: 11,
        line_last: 14,
        kind: LoopKind::Condition,
        exits: vec![LoopExit { condition: (12, 15), inputs: vec![input("done")], ..LoopExit::default() }],
        writes: vec![Write { target: input("n"), from_call: false, each_turn_in_place: false }],
        has_calls: false,
        apart: Vec::new(),
        is_pure: false,
    }
}

fn number(n: u64) -> Option<Value> {
    let hash = ValueHash::default().number(n);
    Some(Value {
        type_name: "int".into(),
        summary: n.to_string(),
        identity: 0,
        shallow: hash,
        deep: hash,
        number: Some(n as f64),
        kind: ValueKind::Int,
        ..Value::default()
    })
}

fn variable(name: &str, value: u64) -> Variable {
    Variable { name: name.into(), value: number(value) }
}

/// The handler's frame at `lasti` with these variables, `done` being what its exit depends on.
fn handler(lasti: u32, variables: &[(&str, u64)]) -> Frame {
    let variables: Vec<Variable> = variables.iter().map(|(name, value)| variable(name, *value)).collect();
    let inputs = variables.iter().filter(|v| &*v.name == "done").cloned().collect();
    let detail = FrameDetail { variables, inputs, ..FrameDetail::default() };
    frame(HANDLER, lasti, Some(detail))
}

fn frame(code: u32, lasti: u32, detail: Option<FrameDetail>) -> Frame {
    Frame {
        address: 0x1000 * u64::from(code + 1),
        code: CodeId(code),
        lasti: Some(lasti),
        line: 12,
        identity: ValueHash::default(),
        detail: detail.map(Arc::new),
        detail_age: 0,
    }
}

/// 100 samples a second; `stack(n)` is the stack of the nth, the thread being on the processor `busy` of the time.
fn profile(found: Loop, samples: u64, busy: f64, stack: impl Fn(u64) -> Vec<Frame>) -> Profile {
    let sample = |n: u64| Sample {
        monotonic_ns: n * 10_000_000,
        facts: ThreadFacts {
            cpu_ns: (n as f64 * busy * 1e7) as u64,
            voluntary_switches: if busy < 1.0 { n } else { 0 },
            ..ThreadFacts::default()
        },
        stack: Stack(stack(n)),
        torn: false,
        caught: None,
    };
    let thread = ThreadProfile {
        tid: Some(7),
        is_main: true,
        samples: (0..samples).map(sample).collect(),
        ..ThreadProfile::default()
    };
    Profile {
        codes: vec![
            code("mainLoop", "/x/twisted/internet/base.py", Vec::new()),
            code("render", "/srv/app.py", vec![found]),
        ],
        threads: vec![thread],
        ..Profile::default()
    }
}

fn verdicts(profile: &Profile) -> Vec<Verdict> {
    let report = judge(profile, &HotLoopThresholds::default());
    report.findings.into_iter().map(|finding| finding.verdict).collect()
}

/// Offsets that go round.
fn round(n: u64) -> u32 {
    12 + 3 * (n * 7 % 10) as u32
}

fn below_event_loop(frame: Frame) -> Vec<Frame> {
    vec![self::frame(MAIN_LOOP, 20, None), frame]
}

#[test]
fn states_that_recur_are_no_progress() {
    let stuck = profile(a_loop(), 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0), ("n", n % 2)])));
    let report = judge(&stuck, &HotLoopThresholds::default());
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!(finding.verdict, Verdict::NoObservedProgress);
    assert_eq!(finding.fingerprint, "hot-loop:app.py:render:loop 1");
    assert_eq!((finding.location.line_first, finding.location.line_last), (Some(11), Some(14)));
    let Evidence::HotLoop(evidence) = &finding.evidence else { panic!() };
    assert_eq!(evidence.tiers, [Verdict::HotLoop, Verdict::EventLoopStarved, Verdict::NoObservedProgress]);
    assert_eq!(evidence.loop_bytecode, Some([12, 40]));
    assert_eq!(evidence.distinct_states, 2);
    assert_eq!(evidence.unchanging, ["done"]);
    assert_eq!(evidence.exit_values, ["done = 0"]);
    assert!((evidence.starved_seconds.unwrap() - 1.99).abs() < 0.01);
}

/// Where every limit is passed, each one moved alone makes it a weaker verdict or none.
#[test]
fn each_limit_alone_weakens_the_verdict() {
    let stuck = profile(a_loop(), 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0), ("n", n % 2)])));
    let tiers = |limits: HotLoopThresholds| match judge(&stuck, &limits).findings.as_slice() {
        [Finding { evidence: Evidence::HotLoop(evidence), .. }] => evidence.tiers.clone(),
        _ => Vec::new(),
    };
    let limits = HotLoopThresholds::default();
    assert_eq!(tiers(limits).len(), 3);
    for stricter in [
        HotLoopThresholds { samples_min: 201, ..limits },
        HotLoopThresholds { starved_seconds_min: 10.0, ..limits },
        HotLoopThresholds { switches_per_second_max: -1.0, ..limits },
        HotLoopThresholds { values_max: 1, ..limits },
        HotLoopThresholds { states_max: 1, ..limits },
        HotLoopThresholds { recurring_fraction_min: 1.1, ..limits },
    ] {
        assert!(tiers(stricter).len() < 3, "{stricter:?}");
    }
}

#[test]
fn a_counter_starves_the_event_loop() {
    let counting = |n| handler(round(n), &[("done", 0), ("n", n)]);
    let below = profile(a_loop(), 200, 1.0, |n| below_event_loop(counting(n)));
    assert_eq!(verdicts(&below), [Verdict::EventLoopStarved]);
    let alone = profile(a_loop(), 200, 1.0, |n| vec![counting(n)]);
    assert_eq!(verdicts(&alone), [Verdict::HotLoop]);
}

#[test]
fn data_from_outside_is_work_unless_the_event_loop_starves() {
    let mut fed = a_loop();
    fed.writes = vec![Write { target: input("n"), from_call: true, each_turn_in_place: false }];
    let alone = profile(fed.clone(), 200, 1.0, |n| vec![handler(round(n), &[("done", 0), ("n", n)])]);
    assert!(verdicts(&alone).is_empty());
    let below = profile(fed, 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0), ("n", n)])));
    assert_eq!(verdicts(&below), [Verdict::EventLoopStarved]);
}

#[test]
fn an_exit_whose_inputs_move_is_progress() {
    let moving = profile(a_loop(), 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", n)])));
    let report = judge(&moving, &HotLoopThresholds::default());
    assert!(report.findings.is_empty());
    assert_eq!(report.observations[0].kind, HotObservationKind::Busy);
    assert!(report.observations[0].message.contains("gets on"), "{report:?}");
}

/// `while node is not None: node = node.after`, over so many nodes that look alike.
fn walk(is_pure: bool, nodes: u64, is_called: bool) -> Profile {
    let node = move |n: u64| Value {
        type_name: "Node".into(),
        identity: 0x5000 + n % nodes,
        shallow: ValueHash(n % nodes),
        deep: ValueHash(n % nodes),
        kind: ValueKind::Instance,
        ..Value::default()
    };
    let exit = LoopExit { condition: (12, 15), inputs: vec![input("node")], ..LoopExit::default() };
    let writes = vec![Write { target: input("node"), from_call: false, each_turn_in_place: false }];
    profile(Loop { exits: vec![exit], writes, is_pure, ..a_loop() }, 200, 1.0, move |n| {
        // Samples are no steps: they fall where they fall.
        let variables = vec![Variable { name: "node".into(), value: Some(node(n * 37)) }];
        let detail = FrameDetail { inputs: variables.clone(), variables, ..FrameDetail::default() };
        let mut stack = vec![frame(HANDLER, round(n), Some(detail))];
        stack.extend(is_called.then(|| frame(MAIN_LOOP, 3, None)));
        stack
    })
}

#[test]
fn a_walk_that_comes_back_to_the_very_same_objects_never_ends() {
    assert_eq!(verdicts(&walk(true, 23, false)), [Verdict::NoObservedProgress]);
    assert_eq!(verdicts(&walk(true, 101, false)), [Verdict::NoObservedProgress]);
    // What has other effects, or calls something, may end by these; and what is new each time gets on.
    assert!(verdicts(&walk(false, 23, false)).is_empty());
    assert!(verdicts(&walk(true, 23, true)).is_empty());
    assert!(verdicts(&walk(true, 100_000, false)).is_empty());
}

#[test]
fn what_each_turn_takes_nothing_away_from_stays_as_it_is() {
    let reading = |each_turn_in_place| {
        let exit = LoopExit {
            condition: (12, 15),
            inputs: vec![input("done"), input("n")],
            calls: vec![20],
            leaves_when: Some((0, true)),
            ..LoopExit::default()
        };
        let writes = vec![
            Write { target: input("done"), from_call: true, each_turn_in_place },
            Write { target: input("n"), from_call: false, each_turn_in_place: false },
        ];
        profile(Loop { exits: vec![exit], writes, ..a_loop() }, 200, 1.0, |n| {
            let variables = vec![variable("done", 0), variable("n", n * 7919 % 1009)];
            let detail = FrameDetail { inputs: variables.clone(), variables, ..FrameDetail::default() };
            vec![frame(HANDLER, round(n), Some(detail))]
        })
    };
    assert_eq!(verdicts(&reading(true)), [Verdict::HotLoop]);
    assert!(verdicts(&reading(false)).is_empty());
}

#[test]
fn an_exit_nobody_can_see_into_is_not_judged() {
    let mut opaque = a_loop();
    opaque.exits[0].is_opaque = true;
    let moving = profile(opaque.clone(), 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0), ("n", n)])));
    assert!(verdicts(&moving).is_empty());
    let still = profile(opaque, 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0)])));
    assert_eq!(verdicts(&still), [Verdict::NoObservedProgress]);
}

#[test]
fn what_does_not_go_round_is_no_loop() {
    // Forwards only: one call, not finished yet.
    let once = profile(a_loop(), 28, 1.0, |n| below_event_loop(handler(12 + n as u32, &[("done", 0)])));
    assert!(verdicts(&once).is_empty());
}

#[test]
fn an_event_loop_that_comes_round_is_not_starved() {
    let alive = profile(a_loop(), 200, 1.0, |n| {
        if n % 10 == 0 { vec![frame(MAIN_LOOP, 20, None)] } else { below_event_loop(handler(round(n), &[("done", 0)])) }
    });
    assert!(verdicts(&alive).is_empty());
    // It moved on between two samples, though no sample shows it at work.
    let quick = profile(a_loop(), 200, 1.0, |n| {
        vec![frame(MAIN_LOOP, 20 + (n / 10 % 2) as u32, None), handler(round(n), &[("done", 0)])]
    });
    assert!(verdicts(&quick).is_empty());
}

#[test]
fn a_thread_that_sleeps_is_not_hot() {
    let polling = profile(a_loop(), 200, 0.5, |n| vec![handler(round(n), &[("done", 0)])]);
    let report = judge(&polling, &HotLoopThresholds::default());
    assert!(report.findings.is_empty());
    assert_eq!(report.observations[0].kind, HotObservationKind::Polling);
    let idle = profile(a_loop(), 200, 0.01, |_| below_event_loop(handler(20, &[("done", 0)])));
    assert_eq!(judge(&idle, &HotLoopThresholds::default()).observations[0].kind, HotObservationKind::Idle);
}

fn inside_c(name: &str) -> Vec<Frame> {
    let callee = Some(Callee {
        kind: CalleeKind::C,
        name: name.to_owned(),
        arguments: Vec::new(),
        receiver: None,
        pattern: None,
    });
    below_event_loop(frame(HANDLER, 20, Some(FrameDetail { callee, ..FrameDetail::default() })))
}

#[test]
fn one_call_into_c() {
    let mut stuck = profile(a_loop(), 200, 1.0, |_| inside_c("SRE_Pattern.match"));
    assert_eq!(verdicts(&stuck), [Verdict::InsideOneCCall]);
    stuck.threads[0].moving_iterators = vec!["rangeiterator".to_owned()];
    assert!(verdicts(&stuck).is_empty());
    let alone = profile(a_loop(), 200, 1.0, |_| inside_c("SRE_Pattern.match").split_off(1));
    let report = judge(&alone, &HotLoopThresholds::default());
    assert!(report.findings.is_empty());
    assert_eq!(report.observations[0].kind, HotObservationKind::InsideOneCCall);
    assert!(report.observations[0].message.contains("SRE_Pattern.match"));
}

#[test]
fn too_little_to_judge_by() {
    let short = profile(a_loop(), 5, 1.0, |n| vec![handler(round(n), &[("done", 0)])]);
    let report = judge(&short, &HotLoopThresholds::default());
    assert!(report.findings.is_empty() && report.problems.len() == 1, "{report:?}");
    let mut unknown = profile(a_loop(), 200, 1.0, |n| vec![handler(round(n), &[("done", 0)])]);
    unknown.threads[0].tid = None;
    assert_eq!(judge(&unknown, &HotLoopThresholds::default()).problems.len(), 1);
    let mut torn = profile(a_loop(), 200, 1.0, |n| vec![handler(round(n), &[("done", 0)])]);
    torn.threads[0].samples.iter_mut().for_each(|sample| sample.torn = true);
    assert_eq!(judge(&torn, &HotLoopThresholds::default()).problems.len(), 1);
    assert_eq!(judge(&Profile::default(), &HotLoopThresholds::default()).problems.len(), 1);
}

#[test]
fn overdue_timers_tell_for_how_long() {
    let mut stuck = profile(a_loop(), 200, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0)])));
    stuck.threads[0].overdue_seconds = Some(37.5);
    let report = judge(&stuck, &HotLoopThresholds::default());
    let Evidence::HotLoop(evidence) = &report.findings[0].evidence else { panic!() };
    assert_eq!(evidence.starved_seconds, Some(37.5));
}

#[test]
fn a_poll_on_a_crowded_machine_is_not_hot() {
    // It sleeps 1 ms of 2.1, runs a tenth of one, and waits the rest of each 20 ms turn for its processor.
    let mut polling = profile(a_loop(), 200, 0.005, |n| vec![handler(round(n), &[("done", 0)])]);
    for (n, sample) in polling.threads[0].samples.iter_mut().enumerate() {
        sample.facts.wait_ns = n as u64 * 9_450_000;
    }
    let report = judge(&polling, &HotLoopThresholds::default());
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.abstained.is_empty(), "{:?}", report.abstained);
}

#[test]
fn too_little_processor_is_no_verdict_and_is_said() {
    let limits = HotLoopThresholds::default();
    let spin = || profile(a_loop(), 300, 1.0, |n| below_event_loop(handler(round(n), &[("done", 0)])));
    // The thread got a tenth of a processor.
    let mut starving = spin();
    starving.cost = SamplingCost { asked_ns: 3_000_000_000, took_ns: 3_000_000_000, rounds: 300, ..starving.cost };
    assert_eq!(judge(&starving, &limits).findings.len(), 1, "enough");
    for (n, sample) in starving.threads[0].samples.iter_mut().enumerate() {
        sample.facts.cpu_ns = n as u64 * 1_000_000;
        sample.facts.wait_ns = n as u64 * 9_000_000;
    }
    let report = judge(&starving, &limits);
    assert!(report.findings.is_empty() && report.observations.is_empty(), "{report:?}");
    assert!(report.abstained[0].contains("the main thread is not judged: it got a processor for 0.3 s"), "{report:?}");
    assert_eq!(report.problems[0].message, report.abstained[0]);
    // The sampler itself had none.
    let mut blind = spin();
    blind.rate_hz = 100.0;
    blind.cost = SamplingCost { own_wait_ns: 2_000_000_000, ..starving.cost };
    blind.cost.rounds = 60;
    let report = judge(&blind, &limits);
    assert!(report.findings.is_empty() && report.abstained.len() == 1, "{report:?}");
    // Iterators of a call into C were watched while the thread could not run.
    let mut unsure = profile(a_loop(), 200, 1.0, |_| inside_c("sum"));
    unsure.threads[0].iterators_unsure = true;
    let report = judge(&unsure, &limits);
    assert!(report.findings.is_empty() && report.abstained.len() == 1, "{report:?}");
}

const CALLED: u32 = 2;

/// A loop that counts its turns in `n`, tries at 20 what raises, and handles it at 30. What it calls there, `at_call`, has a
/// text in its hands that is new each time; the exceptions say what `said` gives.
fn failing(at_call: u32, said: impl Fn(u64) -> u64) -> Profile {
    let mut failing = profile(a_loop(), 200, 1.0, |n| {
        let at = if n % 2 == 0 { 20 } else { 30 };
        let mut frames = vec![handler(at, &[("done", 0), ("n", n)])];
        if at == at_call {
            let hash = ValueHash::default().number(n);
            let text = Value { kind: ValueKind::Str, shallow: hash, deep: hash, length: Some(9), ..Value::default() };
            let variables = vec![Variable { name: "text".into(), value: Some(text) }];
            frames.push(frame(CALLED, 3, Some(FrameDetail { variables, ..FrameDetail::default() })));
        }
        frames
    });
    failing.codes[HANDLER as usize].tries =
        vec![Try { first: 18, handler: 26, otherwise: 36, end: 36, apart: None, always: false }];
    failing.codes.push(code("called", "/srv/app.py", Vec::new()));
    for (n, sample) in failing.threads[0].samples.iter_mut().enumerate() {
        sample.caught = Some(Caught {
            frame: 0x1000 * u64::from(HANDLER + 1),
            lasti: 20,
            type_name: "socket.error".into(),
            message: Some("[Errno 24] Too many open files".into()),
            value: Some(ValueHash(said(n as u64))),
            identity: n as u64 % 3,
        });
    }
    failing
}

#[test]
fn what_is_done_about_a_failure_is_no_work() {
    let told = failing(30, |_| 111);
    assert_eq!(verdicts(&told), [Verdict::HotLoop]);
    let summary = &judge(&told, &HotLoopThresholds::default()).findings[0].summary;
    assert!(summary.contains("each turn fails: socket.error ([Errno 24] Too many open files) from line 10, which is caught and tried again"), "{summary}");
    // Before it fails, it has another text each time.
    assert!(verdicts(&failing(20, |_| 111)).is_empty());
}

#[test]
fn failures_that_each_say_something_else_are_work() {
    assert!(verdicts(&failing(30, |n| n)).is_empty());
    // Some were freed while they were read.
    assert_eq!(verdicts(&failing(30, |n| if n % 3 == 0 { n } else { 111 })), [Verdict::HotLoop]);
}

#[test]
fn turns_that_get_past_what_fails_now_and_then_are_work() {
    let mut seldom = failing(30, |_| 111);
    for sample in seldom.threads[0].samples.iter_mut().step_by(20) {
        sample.stack.0[0].lasti = Some(23);
    }
    assert!(verdicts(&seldom).is_empty());
}

#[test]
fn without_a_new_exception_each_time_nothing_fails() {
    let mut once = failing(30, |_| 111);
    once.threads[0].samples.iter_mut().filter_map(|sample| sample.caught.as_mut()).for_each(|one| one.identity = 5);
    assert!(verdicts(&once).is_empty());
    once.threads[0].samples.iter_mut().for_each(|sample| sample.caught = None);
    assert!(verdicts(&once).is_empty());
}
