//! The rule on made-up samples: what a spin is, and each thing that makes it none.

use std::sync::Arc;

use bloathound_profile::{
    Attribute, Code, CodeId, Descriptor, DescriptorKind, Frame, FrameDetail, FunctionName, LineTable, Outside, Profile,
    Returns, Sample, Stack, ThreadFacts, ThreadProfile, Value, ValueHash, ValueKind, Variable,
};
use bloathound_vocabulary::{Evidence, FindingClass, Grade, HotLoopEvidence, Location, SpinEvidence, Verdict};

use super::judge;
use crate::Finding;
use crate::thresholds::Thresholds;

const MAIN: u32 = 0;
const POLL: u32 = 1;
const READ: u32 = 2;
const DUE: u32 = 3;

fn code(function: &str, file: &str) -> Code {
    Code {
        address: 0x5000,
        function: function.into(),
        file: file.into(),
        line_first: 7,
        lines: LineTable::new(vec![(0, 7)]),
        is_generator: false,
        loops: Vec::new(),
        calls: Vec::new(),
        returns: Returns::default(),
        bytecode_bytes: 90,
        tries: Vec::new(),
    }
}

fn value(kind: ValueKind, of: u64) -> Value {
    let hash = ValueHash(of);
    Value { kind, number: Some(of as f64), shallow: hash, deep: hash, type_name: "int".into(), ..Value::default() }
}

fn named(name: &str, value: Value) -> Variable {
    Variable { name: name.into(), value: Some(value) }
}

fn frame(code: u32, lasti: u32, variables: Vec<Variable>) -> Frame {
    Frame {
        address: 0x1000 * u64::from(code + 1),
        code: CodeId(code),
        lasti: Some(lasti),
        line: 9,
        identity: ValueHash(u64::from(lasti)),
        detail: Some(Arc::new(FrameDetail { variables, ..FrameDetail::default() })),
        detail_age: 0,
    }
}

/// The object whose method is called: it counts its turns.
fn this(turns: u64, data: u64) -> Value {
    let part = |name: &str, kind, of: u64| Attribute {
        name: name.into(),
        kind,
        hash: ValueHash(of),
        number: Some(of as f64),
        ..Attribute::default()
    };
    Value {
        type_name: "Tail".into(),
        attributes: vec![part("turns", ValueKind::Int, turns), part("lines", ValueKind::List, data)],
        ..value(ValueKind::Instance, turns * 1000 + data)
    }
}

/// One sample's calls: `n` is its number, `data` what the program has in hand, `fd` what is ready.
fn stack(n: u64, data: u64, fd: u64) -> Vec<Frame> {
    let poll = frame(POLL, 10 + (n * 7 % 13) as u32, vec![named("fd", value(ValueKind::Int, fd))]);
    let mut frames = vec![frame(MAIN, 10 + (n % 3) as u32, Vec::new()), poll];
    if n.is_multiple_of(3) {
        frames.push(frame(READ, 30, vec![named("self", this(n, data))]));
    }
    frames
}

fn profile(stack: impl Fn(u64) -> Vec<Frame>) -> Profile {
    let sample = |n: u64| Sample {
        monotonic_ns: n * 10_000_000,
        facts: ThreadFacts { cpu_ns: n * 10_000_000, ..ThreadFacts::default() },
        stack: Stack(stack(n)),
        torn: false,
        caught: None,
    };
    let thread = ThreadProfile {
        tid: Some(7),
        is_main: true,
        samples: (0..300).map(sample).collect(),
        ..ThreadProfile::default()
    };
    let socket = |number, what: &str, is_at_end| Descriptor {
        number,
        kind: DescriptorKind::Socket,
        what: what.into(),
        is_at_end,
        is_connected: true,
        moved: Some(0),
        ..Descriptor::default()
    };
    Profile {
        codes: vec![
            code("mainLoop", "/x/twisted/internet/base.py"),
            code("doPoll", "/x/twisted/internet/epollreactor.py"),
            code("doRead", "/srv/tail.py"),
            code("runUntilCurrent", "/x/twisted/internet/base.py"),
        ],
        threads: vec![thread],
        outside: Some(Outside {
            seconds: 3.0,
            read_bytes: Some(0),
            reads: Some(0),
            only_files_are_read: false,
            written_bytes: Some(0),
            tcp_is_counted: true,
            descriptors: vec![
                socket(5, "socket 127.0.0.1:80 to 127.0.0.1:9, closed by its peer", true),
                socket(6, "socket 127.0.0.1:80 to 127.0.0.1:10", false),
            ],
            gone: 0,
            descriptors_max: Some(1024),
        }),
        ..Profile::default()
    }
}

fn spinning() -> Profile {
    profile(|n| stack(n, 0, 5))
}

fn found(profile: &Profile) -> Vec<Finding> {
    judge(profile, &Thresholds::default())
}

#[track_caller]
fn only(profile: &Profile) -> (Finding, SpinEvidence) {
    let findings = found(profile);
    let [finding] = findings.as_slice() else { panic!("one finding expected: {findings:?}") };
    let Evidence::Spin(evidence) = &finding.evidence else { panic!("{finding:?}") };
    (finding.clone(), evidence.clone())
}

#[test]
fn where_all_descriptors_are_in_use_nothing_more_is_accepted() {
    let mut profile = spinning();
    let outside = profile.outside.as_mut().unwrap();
    outside.descriptors[0].kind = DescriptorKind::Listening;
    let most = outside.descriptors.len() as u64;
    assert_eq!(only(&profile).1.descriptors_max, None, "there is room");
    profile.outside.as_mut().unwrap().descriptors_max = Some(most);
    let (finding, evidence) = only(&profile);
    assert_eq!(evidence.descriptors_max, Some(most));
    assert!(finding.summary.contains("All 2 descriptors"), "{}", finding.summary);
    // Who only reads needs none.
    profile.outside.as_mut().unwrap().descriptors[0].kind = DescriptorKind::Socket;
    assert_eq!(only(&profile).1.descriptors_max, None);
}

#[test]
fn the_same_descriptor_each_turn_and_nothing_done() {
    let (finding, evidence) = only(&spinning());
    assert_eq!(
        evidence.descriptor.as_deref(),
        Some("descriptor 5: socket 127.0.0.1:80 to 127.0.0.1:9, closed by its peer")
    );
    assert_eq!(evidence.callback.as_deref(), Some("tail.Tail.doRead (tail.py:7)"));
    assert_eq!((evidence.bytes_moved, evidence.turns_per_second), (Some(0), None));
    assert_eq!(finding.location.expression.as_deref(), Some("tail.Tail.doRead"));
    assert_eq!(finding.confidence.map(|confidence| confidence.grade), Some(Grade::High));
    assert!(finding.summary.contains("tail.Tail.doRead (tail.py:7)"), "{}", finding.summary);
}

#[test]
fn what_is_due_each_turn_has_no_descriptor() {
    let due = profile(|n| {
        let mut frames = stack(n, 0, 5);
        if frames.len() > 2 {
            frames[1] = frame(DUE, 20, Vec::new());
        }
        frames
    });
    let (_, evidence) = only(&due);
    assert_eq!(evidence.descriptor, None);
    assert_eq!(evidence.callback.as_deref(), Some("tail.Tail.doRead (tail.py:7)"));
}

#[test]
fn what_is_only_asked_is_not_what_is_called() {
    let mut asked = profile(|n| {
        let mut frames = stack(n * 3, 0, 5);
        match n % 8 {
            0..=3 => frames[2].code = CodeId(4),
            4..=6 => drop(frames.pop()),
            _ => {}
        }
        frames
    });
    asked.codes.push(code("fileno", "/srv/tail.py"));
    assert_eq!(only(&asked).1.callback.as_deref(), Some("tail.Tail.doRead (tail.py:7)"));
}

#[test]
fn data_that_comes_in_is_work() {
    let with = |change: fn(&mut Outside)| {
        let mut profile = spinning();
        change(profile.outside.as_mut().unwrap());
        found(&profile).len()
    };
    assert_eq!(with(|_| ()), 1);
    assert_eq!(with(|outside| outside.descriptors[1].moved = Some(4000)), 0);
    assert_eq!(with(|outside| (outside.read_bytes, outside.reads) = (Some(90_000), Some(3000))), 0);
    assert_eq!(with(|outside| outside.descriptors[1].is_new = true), 0);
    // A byte a read wakes the event loop, and what is written may be the log of it.
    assert_eq!(with(|outside| (outside.read_bytes, outside.reads) = (Some(3000), Some(3000))), 1);
    assert_eq!(with(|outside| outside.written_bytes = Some(90_000)), 1);
}

#[test]
fn without_a_look_at_the_outside_nothing_is_said() {
    let profile = Profile { outside: None, ..spinning() };
    assert!(found(&profile).is_empty());
}

#[test]
fn data_that_changes_in_the_programs_hands_is_work() {
    assert!(found(&profile(|n| stack(n, n, 5))).is_empty());
}

#[test]
fn a_framework_alone_spins_only_for_what_stays_ready() {
    let of = |descriptor| {
        let mut profile = profile(|n| stack(n, 0, descriptor));
        profile.codes[READ as usize] = code("doRead", "/x/twisted/internet/tcp.py");
        found(&profile).len()
    };
    assert_eq!((of(5), of(6)), (1, 0));
}

#[test]
fn text_over_a_socket_that_nobody_counts_may_have_been_delivered() {
    let with = |length: u64| {
        let text = Value { length: Some(length), ..value(ValueKind::Str, 3) };
        let mut profile = profile(|n| {
            let mut frames = stack(n, 0, 6);
            if frames.len() > 2 {
                frames[2] = frame(READ, 30, vec![named("self", this(0, 0)), named("data", text.clone())]);
            }
            frames
        });
        profile.outside.as_mut().unwrap().descriptors[1].moved = None;
        found(&profile).len()
    };
    assert_eq!((with(0), with(4)), (1, 0));
}

#[test]
fn each_limit_alone_keeps_it_silent() {
    let with = |change: fn(&mut Thresholds), profile: &Profile| {
        let mut thresholds = Thresholds::default();
        change(&mut thresholds);
        judge(profile, &thresholds).len()
    };
    // Without the event loop in a fifth of the samples; standing still in most; of many descriptors; in own code mostly.
    let away = profile(|n| if n % 5 == 1 { vec![frame(READ, 3, Vec::new())] } else { stack(n, 0, 5) });
    assert_eq!((with(|_| (), &away), with(|all| all.spin.loop_share_min = 0.5, &away)), (0, 1));
    let slow = profile(|n| {
        let mut frames = stack(n / 30 * 3, 0, 5);
        frames.truncate(2 + (n % 2) as usize);
        frames
    });
    assert_eq!((with(|_| (), &slow), with(|all| all.spin.turning_share_min = 0.01, &slow)), (0, 1));
    let many = profile(|n| stack(n, 0, 5 + n % 9));
    assert_eq!((with(|_| (), &many), with(|all| all.spin.descriptors_max = 9, &many)), (0, 1));
    let own = profile(|n| stack(n * 3, 0, 5));
    assert_eq!((with(|_| (), &own), with(|all| all.spin.own_share_max = 1.0, &own)), (0, 1));
    let mut handlers = profile(|n| {
        let mut frames = stack(n, 0, 5);
        if let Some(frame) = frames.get_mut(2) {
            frame.code = CodeId(4 + (n / 3 % 6) as u32);
        }
        frames
    });
    handlers.codes.extend((0..6).map(|n| code(&format!("handler{n}"), "/srv/tail.py")));
    assert_eq!((with(|_| (), &handlers), with(|all| all.spin.callbacks_max = 6, &handlers)), (0, 1));
}

/// A greenlet that only asks again: the hub is not on its stack, nor it on the hub's.
#[test]
fn a_hub_turns_while_what_it_runs_is_on_stacks_of_its_own() {
    let of = |hub: &str, in_greenlet: fn(u64) -> bool, switches: u64| {
        let mut profile = profile(|n| {
            let greenlet = || frame(READ, 10 + (n % 5) as u32, vec![named("self", this(n, 0))]);
            vec![if in_greenlet(n) { greenlet() } else { frame(4, 30, Vec::new()) }]
        });
        profile.codes.push(code("run", hub));
        // It sleeps for a moment now and then.
        for (n, sample) in profile.threads[0].samples.iter_mut().enumerate() {
            sample.facts.cpu_ns = n as u64 * 7_000_000;
            sample.facts.voluntary_switches = n as u64 * switches;
        }
        profile
    };
    let limits = |change: fn(&mut Thresholds), profile: &Profile| {
        let mut thresholds = Thresholds::default();
        change(&mut thresholds);
        judge(profile, &thresholds).len()
    };
    let hub = "/x/gevent/hub.py";
    let (finding, evidence) = only(&of(hub, |n| n % 2 == 0, 1));
    assert_eq!(finding.fingerprint, "spin:tail.py:doRead");
    assert_eq!(evidence.callback.as_deref(), Some("tail.Tail.doRead (tail.py:7)"));
    // One that never lets the hub have a turn, one that sleeps each time, and no hub at all.
    assert!(found(&of(hub, |n| n % 20 > 0, 1)).is_empty());
    assert_eq!(
        limits(|all| (all.spin.hub_share_min, all.spin.own_share_max) = (0.01, 1.0), &of(hub, |n| n % 20 > 0, 1)),
        1
    );
    assert_eq!(limits(|all| all.spin.own_share_max = 1.0, &of(hub, |n| n % 20 > 0, 1)), 0);
    assert!(found(&of(hub, |n| n % 2 == 0, 9)).is_empty());
    assert!(found(&of("/srv/hub.py", |n| n % 2 == 0, 1)).is_empty());
    assert_eq!(limits(|all| all.spin.hub_busy_fraction_min = 0.95, &of(hub, |n| n % 2 == 0, 1)), 0);
    assert_eq!(limits(|all| all.spin.hub_switches_per_second_max = 1000.0, &of(hub, |n| n % 2 == 0, 9)), 1);
}

#[test]
fn a_method_too_short_to_be_seen_is_named_by_the_object_it_is_called_on() {
    let hands_on = |n: u64, method: &str| {
        let mut frames = stack(n, 5, 9);
        frames.truncate(2);
        let name =
            FunctionName { class: Some("Tail".into()), function: method.into(), file: "/srv/tail.py".into(), line: 7 };
        let object = Value { called_when_ready: vec![name], ..this(n, 5) };
        frames[1] =
            frame(POLL, 10 + (n * 7 % 13) as u32, vec![named("fd", value(ValueKind::Int, 9)), named("logger", object)]);
        frames
    };
    let (finding, _) = only(&profile(|n| hands_on(n, "doWrite")));
    assert_eq!(finding.location.function.as_deref(), Some("doWrite"));
    assert_eq!(finding.location.class.as_deref(), Some("Tail"));
    // Seen now and then, but for too short a time to say whose method it is.
    let glimpsed = |n: u64| {
        let mut frames = hands_on(n, "doRead");
        if n == 100 {
            frames.push(Frame { detail: None, ..frame(READ, 30, Vec::new()) });
        }
        frames
    };
    let (finding, _) = only(&profile(glimpsed));
    assert_eq!(finding.location.expression.as_deref(), Some("tail.Tail.doRead"));
}

#[test]
fn a_heartbeat_is_no_work() {
    let with = |bytes: u64| {
        let mut profile = spinning();
        profile.outside.as_mut().unwrap().descriptors[0].moved = Some(bytes);
        found(&profile).len()
    };
    assert_eq!((with(20), with(3000)), (1, 0));
}

#[test]
fn a_trickle_hides_no_spin() {
    // Now and then a line comes in, and other functions and descriptors have a part in that.
    let with = |one_in: u64, bytes: u64| {
        let mut profile = profile(|n| {
            let mut frames = stack(n, 0, 5);
            if n.is_multiple_of(one_in) {
                frames = stack(0, 0, 10 + n / one_in % 9);
                frames[2].code = CodeId(4 + (n / one_in % 9) as u32);
            }
            frames
        });
        profile.codes.extend((0..9).map(|n| code(&format!("handler{n}"), "/srv/tail.py")));
        profile.outside.as_mut().unwrap().descriptors[1].moved = Some(bytes);
        found(&profile).len()
    };
    assert_eq!(with(60, 110), 1);
    // More bytes, or more of what is no usual turn.
    assert_eq!((with(60, 3000), with(9, 110)), (0, 0));
}

#[test]
fn text_that_was_in_hand_once_is_no_delivery() {
    let with = |one_in: u64| {
        let mut profile = profile(|n| {
            let mut frames = stack(n, 0, 6);
            if frames.len() > 2 {
                let length = u64::from(n.is_multiple_of(one_in));
                let text = Value { length: Some(length), ..value(ValueKind::Str, 3) };
                frames[2] = frame(READ, 30, vec![named("self", this(0, 0)), named("data", text)]);
            }
            frames
        });
        profile.outside.as_mut().unwrap().descriptors[1].moved = None;
        found(&profile).len()
    };
    assert_eq!((with(90), with(9)), (1, 0));
}

#[test]
fn a_loop_around_a_spin_is_no_second_finding() {
    let (spin, _) = only(&spinning());
    let around = |thread| {
        let hot = HotLoopEvidence {
            samples: 300,
            cpu_fraction: None,
            loop_bytecode: None,
            distinct_states: 1,
            unchanging: Vec::new(),
            starved_seconds: None,
            voluntary_switches: 0,
            tiers: Vec::new(),
            thread: Some(thread),
            inside: None,
            exit_values: Vec::new(),
            fails: None,
        };
        let evidence = Evidence::HotLoop(hot);
        Finding::new(FindingClass::HotLoop, Verdict::HotLoop, "x".into(), Location::default(), evidence)
    };
    let mut findings = vec![around(7), around(8), spin];
    super::settle(&mut findings);
    let told: Vec<Verdict> = findings.iter().map(|finding| finding.verdict).collect();
    assert_eq!(told, [Verdict::HotLoop, Verdict::EventLoopSpins]);
}
