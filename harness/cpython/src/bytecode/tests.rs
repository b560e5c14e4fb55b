//! The bytecode here was compiled by CPython 2.7.18 from the sources quoted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_profile::{Loop, LoopKind, Try};

use super::*;

mod blocks;
mod earlier;
mod in_place;
mod words;

fn analysis(hex: &str, locals: &[&str], names: &[&str]) -> Analysis {
    let code: Vec<u8> = (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
    let texts = |texts: &[&str]| texts.iter().map(|&t| t.into()).collect();
    let names = Names { locals: texts(locals), cells: Vec::new(), names: texts(names) };
    analyse(&crate::dialect::CPYTHON_2_7, &code, &names, &|offset| offset)
}

fn only_loop(hex: &str, locals: &[&str], names: &[&str]) -> Loop {
    let mut loops = analysis(hex, locals, names).loops;
    assert_eq!(loops.len(), 1);
    loops.remove(0)
}

fn texts(inputs: &[bloathound_profile::LoopInput]) -> Vec<String> {
    inputs.iter().map(ToString::to_string).collect()
}

/// `n = 0; while not done: n += 1`
#[test]
fn a_spin_that_counts_depends_on_done_alone() {
    let spin = "6401007d01007814007c0000731c007c0100640200377d01007109005764000053";
    let found = only_loop(spin, &["done", "n"], &[]);
    assert_eq!((found.first, found.last), (9, 25));
    assert_eq!(found.kind, LoopKind::Condition);
    assert_eq!(found.exits.len(), 1);
    assert_eq!(texts(&found.exits[0].inputs), ["done"]);
    assert_eq!(found.exits[0].condition, (9, 12));
    assert!(found.exits[0].calls.is_empty() && !found.exits[0].is_opaque && !found.has_calls);
    assert_eq!(found.writes.len(), 1);
    assert_eq!(found.writes[0].target.to_string(), "n");
    assert!(!found.writes[0].from_call);
}

/// `n = 0; while n < limit: n += 1`
#[test]
fn a_counted_loop_depends_on_its_counter() {
    let until = "6401007d0100781a007c01007c00006b00007222007c0100640200377d01007109005764000053";
    let found = only_loop(until, &["limit", "n"], &[]);
    assert_eq!(texts(&found.exits[0].inputs), ["limit", "n"]);
}

/// `done = False; while not done: x = x / 2; if x < 1: done = True`
#[test]
fn a_flag_set_inside_depends_on_what_sets_it() {
    let flag =
        "7400007d01007829007c01007331007c0000640100157d00007c00006402006b00007209007401007d01007109007109005764000053";
    let found = only_loop(flag, &["x", "done"], &["False", "True"]);
    assert_eq!(texts(&found.exits[0].inputs), ["done", "x"]);
}

/// `while not state.done: state.count += 1`
#[test]
fn attributes_are_told_apart() {
    let attribute = "781c007c00006a0000731e007c0000046a010064010037025f01007103005764000053";
    let found = only_loop(attribute, &["state"], &["done", "count"]);
    assert_eq!(texts(&found.exits[0].inputs), ["state.done"]);
    assert_eq!(found.writes[0].target.to_string(), "state.count");
    assert!(!found.writes[0].from_call);
}

/// `n = 0; while True: n += 1; if n % 1000 == 0: if done: break`
#[test]
fn the_guard_of_a_break_is_kept_apart() {
    let guarded = "6401007d01007831007400007239007c0100640200377d01007c0100640300166401006b02007209007c0000723600507136007109007109005764000053";
    let found = only_loop(guarded, &["done", "n"], &["True"]);
    assert_eq!(found.exits.len(), 1);
    assert_eq!(texts(&found.exits[0].inputs), ["done"]);
    assert_eq!(texts(&found.exits[0].guards), ["n"]);
}

/// `n = 0; while True: n += 1`
#[test]
fn while_true_has_no_exit() {
    let endless = "6401007d0000781400740000721c007c0000640200377d00007109005764000053";
    assert!(only_loop(endless, &["n"], &["True"]).exits.is_empty());
}

/// `step(*rows)`
#[test]
fn a_tuple_of_arguments_is_one() {
    let all = analysis("7400007c00008c000053", &["rows"], &["step"]);
    assert_eq!(all.calls, [CallSite { offset: 6, callee_slot: Some(0), receivers: 0, positional: 1 }]);
}

/// `while 1: pass`
#[test]
fn a_loop_of_one_instruction() {
    let found = only_loop("7804007103005764000053", &[], &[]);
    assert_eq!((found.first, found.last), (3, 3));
    assert_eq!((found.line_first, found.line_last), (0, 3));
    assert!(found.exits.is_empty());
}

/// `while not done: done = step(row)`
#[test]
fn a_helper_hides_what_it_depends_on() {
    let helper = "7816007c01007318007400007c00008301007d01007103005764000053";
    let all = analysis(helper, &["row", "done"], &["step"]);
    let exit = &all.loops[0].exits[0];
    assert_eq!(texts(&exit.inputs), ["done", "row", "step"]);
    assert_eq!(exit.calls, [15]);
    assert!(all.loops[0].writes[0].from_call);
    assert_eq!(all.calls, [CallSite { offset: 15, callee_slot: Some(0), receivers: 0, positional: 1 }]);
}

/// `while not done: for row in rows: total = row`
#[test]
fn nested_loops_outer_first_and_the_iterators_slot() {
    let nested = "7821007c01007323007814007c0000445d0c007d02007c02007d0300711000577103005764000053";
    let all = analysis(nested, &["rows", "done", "row", "total"], &[]);
    assert_eq!(all.loops.len(), 2);
    assert_eq!((all.loops[0].first, all.loops[1].first), (3, 16));
    assert_eq!(texts(&all.loops[0].exits[0].inputs), ["done"]);
    assert_eq!(all.loops[1].kind, LoopKind::Iterator);
    assert!(all.loops[1].exits[0].by_iterator);
    assert_eq!(all.iterators, [(1, 0)]);
}

/// `while True: try: x = it.next() except StopIteration: break`
#[test]
fn an_exception_is_an_exit_that_depends_on_calls() {
    let caught =
        "782f007400007231007910007c00006a01008300007d010057710300047402006b0a00722d0001010150710300587103005764000053";
    let found = only_loop(caught, &["it", "x"], &["True", "next", "StopIteration"]);
    assert_eq!(found.exits.len(), 1);
    let inputs = texts(&found.exits[0].inputs);
    assert!(found.exits[0].is_opaque && inputs.contains(&"x".to_owned()), "{inputs:?}");
    assert!(inputs.iter().any(|input| input.starts_with("it")), "{inputs:?}");
}

/// `while not done: try: it.next() except ValueError: continue`
#[test]
fn an_exception_that_is_swallowed_is_no_exit() {
    let swallowed =
        "782f007c0100733100790e007c00006a00008300000157710300047401006b0a00722d00010101710300710300587103005764000053";
    let found = only_loop(swallowed, &["it", "done"], &["next", "ValueError"]);
    assert_eq!(found.exits.len(), 1);
    assert_eq!(texts(&found.exits[0].inputs), ["done"]);
}

/// `return [row + 1 for row in rows if row]`
#[test]
fn a_comprehension_keeps_its_iterator_above_the_list() {
    let comprehension = "6700007c0000445d16007d01007c01007207007c0100640100175e020071070053";
    let all = analysis(comprehension, &["rows", "row"], &[]);
    assert_eq!(all.iterators, [(0, 1)]);
    assert_eq!(all.loops[0].exits.len(), 1);
}

/// `while not done: with lock: step()`
#[test]
fn a_with_block_inside() {
    let with = "781e007c01007320007c00008f0c0001740000830000015764000051587103005764000053";
    let all = analysis(with, &["lock", "done"], &["step"]);
    assert_eq!(texts(&all.loops[0].exits[0].inputs), ["done"]);
    assert_eq!(all.calls[0].callee_slot, Some(1));
}

#[test]
fn hostile_bytecode_is_survived() {
    let mut state = 7_u32;
    for round in 0..400_u32 {
        let code: Vec<u8> = (0..round)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let byte = (state >> 24) as u8;
                // Mostly small numbers, so that jumps land inside.
                if state & 3 == 0 { byte } else { byte % 8 }
            })
            .collect();
        let names = Names {
            locals: vec!["a".into(), "b".into()],
            cells: vec!["c".into()],
            names: vec!["d".into(), "e".into()],
        };
        let _ = analyse(&crate::dialect::CPYTHON_2_7, &code, &names, &|offset| offset);
    }
}

/// `EXTENDED_ARG` makes `UNPACK_SEQUENCE` put four billion items on the stack, and `DUP_TOPX` doubles it each time.
#[test]
fn stacks_without_end_are_given_up() {
    let back = "710000";
    let unpacked = format!("91ffff5cffff{back}");
    let doubled = format!("640000{}{back}", "91ff7f63ffff".repeat(40));
    // Each of these puts so many on it; every instruction remembers them all.
    let unpacked_often = format!("{}{back}", "5cff03".repeat(2000));
    for code in [unpacked, doubled, unpacked_often] {
        let found = analysis(&code, &[], &[]);
        assert_eq!(found.loops.len(), 1);
        assert!(found.returns.is_opaque && found.calls.is_empty());
    }
}

/// A literal of 500 constants before the loop is nothing unusual.
#[test]
fn a_long_literal_is_followed() {
    let code = format!("{}67f4017d0000{}", "640000".repeat(500), "7c0000710000");
    let found = analysis(&code.replace("710000", "71e205"), &["rows"], &[]);
    assert_eq!(found.loops.len(), 1);
    assert!(!found.returns.is_opaque);
}

/// `while True:` around `try: x(); y()`, `except IOError: z()`, `else: w()`
#[test]
fn what_only_runs_where_nothing_was_raised() {
    let code = "783e007400007240007912007401008300000174020083000001576e1800047403006b0a007235000101017404008300000171030058\
                740500830000017103005764000053";
    let found = analysis(code, &[], &["True", "x", "y", "IOError", "z", "w"]).tries;
    assert_eq!(found, [Try { first: 12, handler: 30, otherwise: 54, end: 64, apart: None, always: false }]);
    let one = found[0];
    // `x` raised: its own call and the handler are where it fails, `y` and `w` are past it.
    assert!(
        [25, 57].into_iter().all(|at| one.is_past(15, at))
            && ![12, 15, 46, 64].into_iter().any(|at| one.is_past(15, at))
    );
    assert!(one.handles(46) && !one.handles(57));
}

/// A `try` inside another whose clause is `continue`: `w()` behind it is not come to where something was raised.
#[test]
fn a_clause_that_continues_comes_to_nothing_behind_the_statement() {
    let code = "785200740000725400792a00790b0074010083000001576e1800047402006b0a00723100010101740300830000016e010058576e14000474\
                04006b0a007249000101017103006e010058740500830000017103005764000053";
    let found = analysis(code, &[], &["True", "x", "KeyError", "y", "IOError", "w"]).tries;
    assert_eq!(found[0], Try { first: 12, handler: 54, otherwise: 74, end: 84, apart: None, always: false });
    assert_eq!(found[1], Try { first: 15, handler: 26, otherwise: 50, end: 50, apart: None, always: false });
}

/// `while True:` around `try:` around `try: x(); y()`, `finally: w()`; then `except IOError: z()`.
#[test]
fn a_finally_runs_whatever_was_raised() {
    let code = "7846007400007248007921007a1200740100830000017402008300000157640000740300830000015857710300047404006b0a00\
                72440001010174050083000001710300587103005764000053";
    let tries = analysis(code, &[], &["True", "x", "y", "w", "IOError", "z"]).tries;
    assert_eq!(tries[0], Try { first: 12, handler: 45, otherwise: 69, end: 72, apart: None, always: false });
    assert_eq!(tries[1], Try { first: 15, handler: 33, otherwise: 41, end: 45, apart: None, always: true });
    let is_past = |offset| Try::any_is_past(&tries, 18, offset);
    assert!(is_past(25) && !is_past(36) && !is_past(61));
    assert!(tries[0].is_past(18, 36), "by the `except` alone");
}

/// `while node is not None: last = node; node = node.after`, and the same with `del node.x`.
#[test]
fn a_walk_has_no_effect_but_on_its_own_variables() {
    let walk = "781f007c00006400006b09007221007c00007d01007c00006a01007d00007103005764000053";
    assert!(only_loop(walk, &["node", "last"], &["None", "after"]).is_pure);
    let changing = "781f007c00006400006b09007221007c00006001007c00006a02007d00007103005764000053";
    assert!(!only_loop(changing, &["node"], &["None", "x", "after"]).is_pure);
}

/// `while left: left -= len(read(left))`; `while self.left: self.left -= read(1)`; the same behind `if read:`.
#[test]
fn what_each_turn_takes_something_away_from_is_told_from_what_some_do() {
    let local = "7820007c00007222007c00007400007c01007c0000830100830100387d00007103005764000053";
    let found = only_loop(local, &["left", "read"], &["len"]);
    assert!(found.writes[0].each_turn_in_place && found.writes[0].from_call && !found.is_pure);
    let attribute = "7822007c00006a00007224007c0000046a00007c010064010083010038025f00007103005764000053";
    assert!(only_loop(attribute, &["self", "read"], &["left"]).writes[0].each_turn_in_place);
    let at_times =
        "782b007c00006a0000722d007c01007203007c0000046a00007c010064010083010038025f00007103007103005764000053";
    assert!(!only_loop(at_times, &["self", "read"], &["left"]).writes[0].each_turn_in_place);
}
