//! The source of `words.rs`, as CPython 3.10.13 compiled it: handlers stand inside the loop, and instructions begin and end
//! what they are for. And one more, whose first line is the 30th:
//!
//! ```python
//! def tidy(lock, work):
//!     try:
//!         found = work.take(lock, key=1)
//!     except KeyError:
//!         return None
//!     else:
//!         work.note(*found)
//!     finally:
//!         lock.release()
//!     with lock:
//!         work.done()
//! ```

use bloathound_profile::{LoopKind, Try};

use super::words::{Made, bytes, exits, lines};
use crate::bytecode::{Analysis, Names, analyse, compiled};
use crate::dialect::CPYTHON_3_10;
use crate::frames::line_ranges;

const RETRY: Made = Made {
    line_first: 2,
    code: "64017d0264027d037c02732d7a067c00a000a1007d0457006e1604007401792201007d0501007a0a7c03640337007d035700590064007d057e05710464007d057e05770177007c0464007500722871047c046a027d027c0272067c035300",
    exceptions: "",
    lines: "04010401040102010c010e0108010c01088002fe08030201060104f80409",
    names: &["peek", "ValueError", "last"],
    variables: &["page", "limit", "done", "tries", "row", "error"],
};
const INNER: Made = Made {
    line_first: 15,
    code: "64017d027c0044005d147d037c01a0007c03a10172147c02640237007d027c01a0007c03a101730b74017c028301010071047c025300",
    exceptions: "",
    lines: "040108010a0108010aff0a020401",
    names: &["ready", "print"],
    variables: &["rows", "other", "total", "row"],
};
const WAITS: Made = Made {
    line_first: 22,
    code: "81017c006a0073117c00a0016401a10149006400480001007c006a0072046400530064005300",
    exceptions: "",
    lines: "0280060110010eff",
    names: &["items", "sleep"],
    variables: &["queue"],
};
const FOREVER: Made = Made {
    line_first: 25,
    code: "09007c0004006a006402370002005f007c006a0064036b0472147c006a01640075017214640053007101",
    exceptions: "",
    lines: "02010e011401040102fd",
    names: &["n", "stop"],
    variables: &["make"],
};
const TIDY: Made = Made {
    line_first: 30,
    code: "7a247a097c016a007c00640164028d027d0257006e0f040074017919010001000100590057007c00a002a10001006400530077007c016a037c028e00010057007c00a002a10001006e057c00a002a100010077007c008f0d01007c01a004a1000100570064000400040083030100640053003100733c77010100010001005900010064005300",
    exceptions: "",
    lines: "040112010c0104010c0402fb0c03140206010a0122ff",
    names: &["take", "KeyError", "release", "note", "done"],
    variables: &["lock", "work", "found"],
};

fn analysed(made: &Made) -> Analysis {
    let texts = |of: &[&str]| of.iter().map(|text| (*text).into()).collect();
    let names = Names { names: texts(made.names), locals: texts(made.variables), cells: Vec::new() };
    let lines = line_ranges(made.line_first, &bytes(made.lines));
    analyse(&CPYTHON_3_10, &bytes(made.code), &names, &|at| lines.line_at(at).unwrap())
}

#[test]
fn a_loop_that_asks_at_its_end_is_one_with_its_handler() {
    let found = analysed(&RETRY);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((lines(one), one.kind), ((5, 13), LoopKind::Condition));
    let write = |name: &str| one.writes.iter().find(|write| write.target.to_string() == name);
    assert_eq!(write("tries").map(|write| write.from_call), Some(false), "{:?}", one.writes);
    assert_eq!(write("row").map(|write| write.from_call), Some(true), "{:?}", one.writes);
    let catching: Vec<&Try> = found.tries.iter().filter(|one| !one.always).collect();
    let [tried] = catching[..] else { panic!("{:?}", found.tries) };
    let (call, behind, handler) = (18, 70, 26);
    assert!(tried.tries(call) && tried.handles(handler) && !tried.handles(behind), "{tried:?}");
    assert!(tried.is_past(call, behind) && !tried.is_past(call, handler), "{tried:?}");
    assert!(one.contains(call) && one.contains(handler), "{one:?}");
    let site = found.calls.iter().find(|one| one.offset == call).unwrap();
    assert_eq!((site.callee_slot, site.receivers, site.positional), (Some(0), 1, 0));
}

#[test]
fn loops_inside_others_and_what_is_awaited_are_told() {
    let found = analysed(&INNER);
    let [outer, inner] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((lines(outer), outer.kind), ((17, 20), LoopKind::Iterator));
    assert_eq!((lines(inner), inner.kind), ((18, 19), LoopKind::Condition));
    assert_eq!(found.iterators, [(0, 0)]);
    let found = analysed(&WAITS);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!((lines(one), one.has_calls), ((23, 24), true));
    assert!(exits(one).iter().all(|(_, inputs)| *inputs == ["queue.items"]), "{:?}", one.exits);
    let found = analysed(&FOREVER);
    let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
    assert_eq!(lines(one), (26, 29));
    let write = one.writes.iter().find(|write| write.target.to_string() == "make.n").unwrap();
    assert!(write.each_turn_in_place && !write.from_call);
}

#[test]
fn statements_that_handle_exceptions_are_told_with_their_parts() {
    let found = analysed(&TIDY);
    let parts = |one: &Try| (one.first, one.handler, one.otherwise, one.end, one.apart, one.always);
    let all: Vec<_> = found.tries.iter().map(parts).collect();
    // `finally`, whose ordinary copy stands before its handler; `except`, with an `else` behind; `with`.
    let finally = (2, 74, 84, 84, Some((64, 84)), true);
    let except = (4, 22, 52, 74, Some((20, 52)), false);
    let with = (88, 114, 134, 134, Some((100, 134)), true);
    assert_eq!(all, [finally, except, with]);
    let sites: Vec<_> =
        found.calls.iter().map(|one| (one.offset, one.callee_slot, one.receivers, one.positional)).collect();
    assert!(sites.contains(&(14, Some(0), 0, 2)) && sites.contains(&(58, Some(0), 0, 1)), "{sites:?}");
    assert!(sites.contains(&(94, Some(1), 1, 0)) && sites.contains(&(106, Some(0), 0, 3)), "{sites:?}");
}

#[test]
fn what_is_damaged_is_read_to_its_end() {
    for made in [&RETRY, &INNER, &WAITS, &FOREVER, &TIDY] {
        super::words::damaged(&CPYTHON_3_10, made);
    }
    assert!(compiled(&CPYTHON_3_10, &[100]).is_empty());
}
