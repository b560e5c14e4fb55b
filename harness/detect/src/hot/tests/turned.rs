//! Event loops that a program's own loop asks for one turn after another.

use bloathound_profile::{Descriptor, DescriptorKind, Outside};

use super::*;

const TURN: u32 = 2;
const POLL: u32 = 3;
const OWN: u32 = 4;

/// `while not done: reactor.iterate(0)`; `below` is what a turn calls.
fn by_hand(is_left: bool, below: impl Fn(u64) -> Vec<Frame>) -> Profile {
    let mut found = profile(a_loop(), 200, 1.0, |n| {
        let mut stack = vec![handler(20, &[("done", 0)])];
        // The last sample is inside, as most are.
        if !is_left || n % 5 != 0 {
            let ready = FrameDetail { variables: vec![variable("count", n * 7919 % 1009)], ..FrameDetail::default() };
            let at = if is_left { 9 } else { 3 + n as u32 % 4 * 3 };
            stack.extend([frame(TURN, at, None), frame(POLL, round(n), Some(ready))]);
            stack.extend(below(n));
        }
        stack
    });
    found.codes.push(code("iterate", "/x/twisted/internet/base.py", Vec::new()));
    found.codes.push(code("doPoll", "/x/twisted/internet/epollreactor.py", vec![a_loop()]));
    found.codes.push(code("lineReceived", "/srv/app.py", Vec::new()));
    found
}

#[test]
fn a_loop_that_turns_its_event_loop_by_hand_is_judged_by_itself() {
    for is_left in [true, false] {
        let idle = by_hand(is_left, |_| Vec::new());
        assert_eq!(verdicts(&idle), [Verdict::NoObservedProgress], "{is_left}");
    }
    // What its turns call gets something done.
    let serving = by_hand(true, |n| {
        let line = FrameDetail { variables: vec![variable("line", n * 7919 % 1009)], ..FrameDetail::default() };
        vec![frame(OWN, 3, Some(line))]
    });
    assert!(verdicts(&serving).is_empty());
}

#[test]
fn an_event_loop_that_was_started_twice_turns_by_itself() {
    let mut started = by_hand(false, |_| Vec::new());
    for (n, sample) in started.threads[0].samples.iter_mut().enumerate() {
        sample.stack.0[1].lasti = Some(if n < 30 { 12 } else { 9 });
    }
    assert!(verdicts(&started).is_empty());
}

#[test]
fn what_an_event_loop_moves_is_work_though_other_threads_are_busy_too() {
    let with = |bytes| {
        let socket = Descriptor { kind: DescriptorKind::Socket, moved: Some(bytes), ..Descriptor::default() };
        let outside = Outside { seconds: 2.0, tcp_is_counted: true, descriptors: vec![socket], ..Outside::default() };
        let mut served = Profile { outside: Some(outside), ..by_hand(true, |_| Vec::new()) };
        let other = profile(a_loop(), 200, 1.0, |n| vec![handler(round(n), &[("done", n)])]);
        served.threads.extend(other.threads.into_iter().map(|thread| ThreadProfile { tid: Some(8), ..thread }));
        verdicts(&served).len()
    };
    assert_eq!((with(0), with(1_000_000)), (1, 0));
}
