//! The bytecode here was compiled by CPython 3.13.0 from this source, whose first line is its second:
//!
//! ```python
//! def retry(page, limit):
//!     done = False
//!     tries = 0
//!     while not done:
//!         try:
//!             row = page.peek()
//!         except ValueError as error:
//!             tries += 1
//!             continue
//!         if row is None:
//!             continue
//!         done = row.last
//!     return tries
//! def inner(rows, other):
//!     total = 0
//!     for row in rows:
//!         while other.ready(row):
//!             total += 1
//!         print(total)
//!     return total
//! async def waits(queue):
//!     while not queue.items:
//!         await queue.sleep(0)
//! def forever(make):
//!     while True:
//!         make.n += 1
//!         if make.n > 5 and make.stop is not None:
//!             break
//! ```

use bloathound_profile::{LineTable, Loop, LoopKind};

use crate::bytecode::{Analysis, Names, analyse_with_handlers, places};
use crate::dialect::{CPYTHON_3_13, Dialect};
use crate::frames::locations;

pub(super) struct Made {
    pub line_first: u32,
    pub code: &'static str,
    pub exceptions: &'static str,
    pub lines: &'static str,
    pub names: &'static [&'static str],
    pub variables: &'static [&'static str],
}

const RETRY: Made = Made {
    line_first: 2,
    code: "950053016e0253026e0355022800000000000000642b00001e005500520100000000000000000000000000000000000035000000000000006e045504630200004d1d0000550452040000000000000000000000000000000000006e0255022800000000000000640200004d2b00005503240021005b0200000000000000000700611000006e05550353032d0d00006e031f0053006e0541054d49000053006e054105660166003d031f006601",
    exceptions: "8d103900b90a411303c10305410e03c10e05411303",
    lines: "8000d80b108044d80c0d8045de0e12f002040915d8121697299129932b8843f008000c0f893bd90c14d80f128f7889788804f711000f138864f012000c11804cf8f40d00101af300020915d80c119051894a8845dd0c14fbf005020915fa",
    names: &["peek", "ValueError", "last"],
    variables: &["page", "limit", "done", "tries", "row", "error"],
};
const INNER: Made = Made {
    line_first: 15,
    code: "950053016e0255001300484100006e0355015201000000000000000000000000000000000000550335010000000000002800000000000000611d0000550253022d0d00006e0255015201000000000000000000000000000000000000550335010000000000002800000000000000610200004d1d00005b0300000000000000005502350100000000000020004d4300000b00200055022400",
    exceptions: "",
    lines: "8000d80c0d8045db0f138803d80e138f6b896b9823d70e1ed10e1ed80c119051894a8845f003000f148f6b896b9823d70e1ed30e1ee4080d88658e0cf107001014f008000c11804c",
    names: &["ready", "print"],
    variables: &["rows", "other", "total", "row"],
};
const WAITS: Made = Made {
    line_first: 22,
    code: "230020009500550052000000000000000000000000000000000000002800000000000000642d000055005203000000000000000000000000000000000000530135010000000000004900530068030000760195034e050c002000550052000000000000000000000000000000000000002800000000000000640200004d2c00006700670008004e1937036601",
    exceptions: "8226410401a801410204a915410401c10003410401",
    lines: "e9008000d80e138f6b8f6bd80e138f6b896b98218b6ed7081cd0081cf003000f148f6b8f6b8b6bd9081cf9",
    names: &["items", "sleep"],
    variables: &["queue"],
};
const FOREVER: Made = Made {
    line_first: 25,
    code: "95001e0055003d01520000000000000000000000000000000000000053012d0d000073026c0000000000000000005500520000000000000000000000000000000000000053023a940000610e0000550052020000000000000000000000000000000000006201000067004d350000",
    exceptions: "",
    lines: "8000d80a0ed8080c8f068a069021890b8d06d80b0f8f36893690418b3a98249f299929d11a2fd80c11f107000b0f",
    names: &["n", "stop"],
    variables: &["make"],
};

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn analysed(made: &Made) -> Analysis {
    analysed_as(&CPYTHON_3_13, made)
}

pub(super) fn analysed_as(d: &'static Dialect, made: &Made) -> Analysis {
    let texts = |of: &[&str]| of.iter().map(|text| (*text).into()).collect();
    let names = Names { names: texts(made.names), locals: texts(made.variables), cells: texts(made.variables) };
    let lines = LineTable::new(locations(made.line_first, &bytes(made.lines)));
    let (code, exceptions) = (bytes(made.code), bytes(made.exceptions));
    analyse_with_handlers(d, &code, &exceptions, &names, &|at| lines.line_at(at).unwrap())
}

pub(super) fn lines(of: &Loop) -> (u32, u32) {
    (of.line_first, of.line_last)
}

pub(super) fn exits(of: &Loop) -> Vec<((u32, u32), Vec<String>)> {
    of.exits.iter().map(|exit| (exit.condition, exit.inputs.iter().map(ToString::to_string).collect())).collect()
}

#[test]
fn a_loop_whose_test_stands_twice_and_whose_handler_stands_at_the_end_is_one() {
    let found = analysed(&RETRY);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((one.first, one.last, lines(one), one.kind), (10, 152, (5, 13), LoopKind::Condition));
    // What follows it stands before its handler; what raises again is behind.
    assert_eq!(one.apart, [(110, 114)]);
    assert!(one.contains(106) && one.contains(134) && !one.contains(110));
    let inputs = ["done".to_owned(), "page.peek".to_owned(), "row".to_owned(), "row.last".to_owned()];
    let left_at: Vec<(u32, u32)> = exits(one).into_iter().map(|(at, _)| at).collect();
    assert_eq!(left_at, [(10, 20), (68, 102)], "{:?}", one.exits);
    for (_, names) in exits(one) {
        assert!(inputs.iter().filter(|name| names.contains(name)).count() >= 2, "{names:?}");
    }
    let leaves_when =
        |at: usize| one.exits[at].leaves_when.map(|(index, when)| (one.exits[at].inputs[index].to_string(), when));
    assert_eq!(leaves_when(0), Some(("done".to_owned(), true)));
    let written: Vec<(String, bool)> =
        one.writes.iter().map(|write| (write.target.to_string(), write.from_call)).collect();
    assert!(
        written.contains(&("tries".to_owned(), false)) && written.contains(&("row".to_owned(), true)),
        "{written:?}"
    );
    // Of `error`, which is taken away whatever happens in the clause, there is one more.
    let catching: Vec<_> = found.tries.iter().filter(|one| !one.always).collect();
    let [tried] = catching[..] else { panic!("{:?}", found.tries) };
    assert!(tried.tries(48) && !tried.tries(58) && tried.handles(134) && !tried.handles(110));
    assert!(tried.is_past(48, 58) && tried.is_past(48, 60) && !tried.is_past(48, 134));
    assert!(found.calls.iter().any(|call| call.offset == 48 && call.callee_slot == Some(0)));
}

#[test]
fn a_loop_inside_another_is_the_innermost() {
    let found = analysed(&INNER);
    let [outer, inner] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((lines(outer), outer.kind, outer.first, outer.last), ((17, 20), LoopKind::Iterator, 10, 140));
    assert_eq!((lines(inner), inner.kind, inner.first, inner.last), ((18, 19), LoopKind::Condition, 60, 114));
    assert_eq!(found.iterators, [(0, 0)]);
    assert!(outer.exits.iter().any(|exit| exit.by_iterator));
    assert_eq!(inner.exits[0].calls, [94]);
}

#[test]
fn what_is_awaited_is_no_loop() {
    let found = analysed(&WAITS);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((one.first, one.last, lines(one), one.has_calls), (40, 124, (23, 24), true));
    assert_eq!(exits(one), [((86, 120), vec!["queue.items".to_owned()])]);
}

#[test]
fn an_attribute_is_written_in_place_and_asked_for() {
    let found = analysed(&FOREVER);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!(lines(one), (26, 29));
    let inputs: Vec<String> = one.exits.iter().flat_map(|exit| &exit.inputs).map(ToString::to_string).collect();
    assert!(inputs.contains(&"make.n".to_owned()) || inputs.contains(&"make.stop".to_owned()), "{inputs:?}");
    let write = one.writes.iter().find(|write| write.target.to_string() == "make.n").unwrap();
    assert!(write.each_turn_in_place && !write.from_call);
}

#[test]
fn what_is_damaged_is_read_to_its_end() {
    for made in [&RETRY, &INNER, &WAITS, &FOREVER] {
        damaged(&CPYTHON_3_13, made);
    }
}

/// Analyses it with bytes changed at random.
pub(super) fn damaged(d: &'static Dialect, made: &Made) {
    let mut seed = 1_u64;
    for _ in 0..2000 {
        let (mut code, mut exceptions) = (bytes(made.code), bytes(made.exceptions));
        for damaged in [&mut code, &mut exceptions] {
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 20) as usize % damaged.len().max(1);
                if let Some(byte) = damaged.get_mut(at) {
                    *byte = (seed >> 56) as u8;
                }
            }
        }
        let names = Names::default();
        let _ = analyse_with_handlers(d, &code, &exceptions, &names, &|at| at);
        let _ = places(d, &code);
    }
}
