//! Loops of which nothing moves, beside traffic and calls that only look like work.

use bloathound_profile::{Descriptor, DescriptorKind, Outside};

use super::*;

/// `while not done: ask()`, of which nothing changes, beside that traffic.
fn still(outside: Outside) -> Profile {
    let mut still = profile(a_loop(), 200, 1.0, |n| vec![handler(round(n), &[("done", 0)])]);
    still.outside = Some(outside);
    still
}

/// 40 MB in 10,000 reads.
fn reading(only_files_are_read: bool, file: Descriptor) -> Outside {
    Outside {
        seconds: 2.0,
        read_bytes: Some(40_000_000),
        reads: Some(10_000),
        only_files_are_read,
        tcp_is_counted: true,
        descriptors: vec![Descriptor { number: 5, kind: DescriptorKind::File, ..file }],
        ..Outside::default()
    }
}

#[test]
fn the_same_place_of_a_file_brings_nothing() {
    let file = |is_new, moved| Descriptor { is_new, moved: Some(moved), ..Descriptor::default() };
    let of = |only_files_are_read, file| verdicts(&still(reading(only_files_are_read, file)));
    // Opened anew, and as far as one page; and one that stays open, and goes to and fro within it.
    assert_eq!(of(true, file(true, 24_000)), [Verdict::NoObservedProgress]);
    assert_eq!(of(true, file(false, 8_000)), [Verdict::NoObservedProgress]);
    // It is read on, or what was read may have come by a pipe.
    assert!(of(true, file(false, 40_000_000)).is_empty());
    assert!(of(false, file(true, 24_000)).is_empty());
    // What moves may be made of what was read.
    let outside = Some(reading(true, file(true, 24_000)));
    let mut fed = a_loop();
    fed.writes = vec![Write { target: input("n"), from_call: true, each_turn_in_place: false }];
    let moving = profile(fed, 200, 1.0, |n| vec![handler(round(n), &[("done", 0), ("n", n * 7919 % 1009)])]);
    assert!(verdicts(&Profile { outside, ..moving }).is_empty());
}

#[test]
fn a_heartbeat_is_no_work_and_neither_is_a_trickle() {
    let with = |bytes, lasti: fn(u64) -> u32| {
        let socket = Descriptor { kind: DescriptorKind::Socket, moved: Some(bytes), ..Descriptor::default() };
        let outside = Outside { seconds: 2.0, tcp_is_counted: true, descriptors: vec![socket], ..Outside::default() };
        let stack = |n| vec![handler(lasti(n), &[("done", 0)])];
        verdicts(&Profile { outside: Some(outside), ..profile(a_loop(), 200, 1.0, stack) }).len()
    };
    let often = |n| round(n);
    assert_eq!((with(12, often), with(300, often), with(3000, often)), (1, 1, 0));
    // Of turns that last for half a second each, each brings as much.
    let seldom = |n: u64| 12 + (n % 50 / 2) as u32;
    assert_eq!((with(12, seldom), with(300, seldom)), (1, 0));
}

fn text(of: u64, length: u64) -> Value {
    let hash = ValueHash::default().number(of);
    Value { kind: ValueKind::Str, shallow: hash, deep: hash, length: Some(length), ..Value::default() }
}

#[test]
fn the_same_text_answers_alike_and_another_one_is_work() {
    let asking = |receiver: fn(u64) -> Option<Value>| {
        let asking = profile(a_loop(), 200, 1.0, |n| {
            let mut asks = handler(if n % 4 == 0 { 30 } else { 20 }, &[("done", 0)]);
            let callee = Callee {
                kind: CalleeKind::C,
                name: "str.rpartition".into(),
                arguments: vec![text(1, 1)],
                receiver: receiver(n),
                pattern: None,
            };
            let detail = Arc::unwrap_or_clone(asks.detail.take().unwrap());
            asks.detail = Some(Arc::new(FrameDetail { callee: Some(callee), ..detail }));
            vec![asks]
        });
        verdicts(&asking)
    };
    assert_eq!(asking(|_| Some(text(7, 8192))), [Verdict::NoObservedProgress]);
    assert!(asking(|n| Some(text(n, 8192))).is_empty());
    assert!(asking(|_| None).is_empty());
}

#[test]
fn a_text_that_answers_are_added_to_and_that_stays_was_given_empty_ones() {
    let reading = |each_turn_in_place| {
        let exit = LoopExit {
            condition: (12, 15),
            inputs: vec![input("buffered"), input("recv")],
            calls: vec![20],
            ..LoopExit::default()
        };
        let buffered = LoopInput { attributes: vec!["buffered".into()], ..input("self") };
        let writes = vec![Write { target: buffered.clone(), from_call: true, each_turn_in_place }];
        let exits = vec![LoopExit { inputs: vec![buffered, input("recv")], ..exit }];
        profile(Loop { exits, writes, ..a_loop() }, 200, 1.0, |n| {
            let recv = Value { c_function: Some("socket.recv".into()), kind: ValueKind::Builtin, ..Value::default() };
            let inputs = vec![
                Variable { name: "self.buffered".into(), value: Some(text(5, 3)) },
                Variable { name: "recv".into(), value: Some(recv) },
            ];
            vec![frame(HANDLER, round(n), Some(FrameDetail { inputs, ..FrameDetail::default() }))]
        })
    };
    assert_eq!(verdicts(&reading(true)), [Verdict::NoObservedProgress]);
    assert!(verdicts(&reading(false)).is_empty());
}

#[test]
fn constants_are_no_way_out_and_a_method_is_told_as_its_call() {
    let of_global = |name: &str, attributes: &[&str]| LoopInput {
        is_global: true,
        attributes: attributes.iter().map(|&one| one.into()).collect(),
        ..input(name)
    };
    let (constant, method) =
        (of_global("ssl", &["WANT_READ"]), LoopInput { is_global: false, ..of_global("child", &["poll"]) });
    let exit = LoopExit {
        condition: (12, 15),
        inputs: vec![method.clone(), input("done"), constant.clone()],
        called: vec![0],
        ..LoopExit::default()
    };
    let told = |exit: LoopExit| {
        let asking = profile(Loop { exits: vec![exit], ..a_loop() }, 200, 1.0, |n| {
            let popen = Value { kind: ValueKind::Instance, summary: "Popen instance".into(), ..Value::default() };
            let inputs = vec![
                Variable { name: "child.poll".into(), value: Some(popen) },
                variable("done", 0),
                variable("ssl.WANT_READ", 2),
            ];
            vec![frame(HANDLER, round(n), Some(FrameDetail { inputs, ..FrameDetail::default() }))]
        });
        let findings = judge(&asking, &HotLoopThresholds::default()).findings;
        let [Finding { evidence: Evidence::HotLoop(evidence), .. }] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        (evidence.exit_values.clone(), evidence.unchanging.clone())
    };
    let (values, unchanging) = told(exit.clone());
    assert_eq!(values, ["child.poll()", "done = 0"]);
    assert_eq!(unchanging, ["child.poll()", "done"]);
    // What is not called is told with its value, and a constant where there is nothing else.
    assert_eq!(told(LoopExit { called: Vec::new(), ..exit.clone() }).0, ["child.poll = Popen instance", "done = 0"]);
    assert_eq!(told(LoopExit { inputs: vec![constant], called: Vec::new(), ..exit }).0, ["ssl.WANT_READ = 2"]);
}
