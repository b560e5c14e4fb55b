//! The source of `words.rs`, as CPython 3.11.7 and 3.12.1 compiled it: handlers of 3.11 stand inside the loop, a call is two
//! instructions there, and a loop's end jumps back by its condition.

use bloathound_profile::LoopKind;

use super::words::{Made, analysed_as, bytes, exits, lines};
use crate::bytecode::{places, words};
use crate::dialect::{CPYTHON_3_11, CPYTHON_3_12, Dialect, Operation};

struct Compiled {
    d: &'static Dialect,
    retry: Made,
    inner: Made,
    waits: Made,
    forever: Made,
    /// Of `retry`: where `peek` is called, what comes right behind, and its handler.
    peek: (u32, u32, u32),
}

const OF_3_11: Compiled = Compiled {
    d: &CPYTHON_3_11,
    retry: Made {
        line_first: 2,
        code: "970064017d0264027d037c02733e09007c00a0000000000000000000000000000000000000000000a6000000ab0000000000000000007d046e1c23007402000000000000000000002400720f7d057c0364037a0d00007d03590064007d057e058c2c64007d057e05770177007803590077017c0480018c377c046a0200000000000000007d027c02af3e7c035300",
        exceptions: "88141d009d0a3603a7053103b1053603",
        lines: "8000d80b108044d80c0d8045d80e12f000080518f002040915d8121697299229912b942b88438843f8dd0f19f000020915f000020915f000020915d80c119051894a8845d80c148848884888488848f8f8f8f8f005020915f8f8f8f006000c0f883bd80c14d80f128c788804f011000f13f000080518f012000c11804c",
        names: &["peek", "ValueError", "last"],
        variables: &["page", "limit", "done", "tries", "row", "error"],
    },
    inner: Made {
        line_first: 15,
        code: "970064017d027c0044005d407d037c01a00000000000000000000000000000000000000000007c03a6010000ab010000000000000000721a7c0264027a0d00007d027c01a00000000000000000000000000000000000000000007c03a6010000ab010000000000000000b01a7403000000000000000000007c02a6010000ab01000000000000000001008c417c025300",
        exceptions: "",
        lines: "8000d80c0d8045d80f13f000030515f0000305158803d80e138f6b8a6b9823d10e1ed40e1ef000010917d80c119051894a8845f003000f148f6b8a6b9823d10e1ed40e1ef000010917e5080d8865890c8c0c880c880cd80b10804c",
        names: &["ready", "print"],
        variables: &["rows", "other", "total", "row"],
    },
    waits: Made {
        line_first: 22,
        code: "4b00010097007c006a00000000000000000073247c00a00100000000000000000000000000000000000000006401a6010000ab010000000000000000830064007b0356009703860401007c006a000000000000000000af226400530064005300",
        exceptions: "",
        lines: "e800e8008000d80e138c6bf00001051dd80e138f6b8a6b9821896e8c6ed0081cd0081cd0081cd0081cd0081cd0081cd0081cf003000f148c6bf00001051df00001051df00001051df00001051df00001051d",
        names: &["items", "sleep"],
        variables: &["queue"],
    },
    forever: Made {
        line_first: 25,
        code: "970009007c0078016a00000000000000000064027a0d000063025f0000000000000000007c006a00000000000000000064036b040000000072097c006a0100000000000000008102640053008c25",
        exceptions: "",
        lines: "8000f002030512d8080c88068c069021890b88068c06d80b0f8c3690418a3a883a98249c29d01a2fd80c118845f007030512",
        names: &["n", "stop"],
        variables: &["make"],
    },
    peek: (44, 54, 60),
};
const OF_3_12: Compiled = Compiled {
    d: &CPYTHON_3_12,
    retry: Made {
        line_first: 2,
        code: "970064017d0264027d037c02732309007c006a01000000000000000000000000000000000000ab000000000000007d047c0480018c167c046a040000000000000000000000000000000000007d027c0273018c237c0353002300740200000000000000002400720f7d057c0364037a0d00007d03590064007d057e058c3a64007d057e0577017700780359007701",
        exceptions: "88102c00ac09410403b5053f03bf05410403",
        lines: "8000d80b108044d80c0d8045d90e12f002040915d8121697299129932b8843f008000c0f883bd80c14d80f128f7889788804f211000f13f012000c11804cf8f40d00101af200020915d80c119051894a8845dc0c14fbf005020915fa",
        names: &["peek", "ValueError", "last"],
        variables: &["page", "limit", "done", "tries", "row", "error"],
    },
    inner: Made {
        line_first: 15,
        code: "970064017d027c0044005d3500007d037c016a010000000000000000000000000000000000007c03ab0100000000000072177c0264027a0d00007d027c016a010000000000000000000000000000000000007c03ab0100000000000072018c17740300000000000000007c02ab0100000000000001008c3704007c025300",
        exceptions: "",
        lines: "8000d80c0d8045d80f13f2000305158803d80e138f6b896b9823d40e1ed80c119051894a8845f003000f148f6b896b9823d50e1ee4080d88658d0cf007030515f008000c11804c",
        names: &["ready", "print"],
        variables: &["rows", "other", "total", "row"],
    },
    waits: Made {
        line_first: 22,
        code: "4b00010097007c006a0000000000000000000000000000000000000073277c006a030000000000000000000000000000000000006401ab01000000000000830064007b030000960297038605050001007c006a0000000000000000000000000000000000000073018c267900790037008c13ad037701",
        exceptions: "82213901a3013704a4103901b5033901",
        lines: "e800f88000d80e138f6b8a6bd80e138f6b896b98218b6ed7081cd0081cf003000f148f6b8d6bd8081cfa",
        names: &["items", "sleep"],
        variables: &["queue"],
    },
    forever: Made {
        line_first: 25,
        code: "970009007c0078016a0000000000000000000000000000000000000064017a0d000063025f0000000000000000007c006a0000000000000000000000000000000000000064026b440000720d7c006a02000000000000000000000000000000000000810179008c32",
        exceptions: "",
        lines: "8000d80a0ed8080c8f068a069021890b8d06d80b0f8f36893690418a3a98249f299929d01a2fd80c11f007000b0f",
        names: &["n", "stop"],
        variables: &["make"],
    },
    peek: (38, 46, 90),
};

#[test]
fn a_loop_and_its_handler_are_what_they_are_in_later_series() {
    for made in [&OF_3_11, &OF_3_12] {
        let found = analysed_as(made.d, &made.retry);
        let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
        assert_eq!((lines(one), one.kind), ((5, 13), LoopKind::Condition), "{}", made.d.series);
        let done = |exit: &bloathound_profile::LoopExit| {
            exit.leaves_when.map(|(at, when)| (exit.inputs[at].to_string(), when))
        };
        assert!(one.exits.iter().any(|exit| done(exit) == Some(("done".to_owned(), true))), "{:?}", one.exits);
        let from_call = |name: &str| {
            let write = one.writes.iter().find(|write| write.target.to_string() == name);
            write.map(|write| write.from_call)
        };
        assert_eq!((from_call("tries"), from_call("row")), (Some(false), Some(true)), "{:?}", one.writes);
        let (call, behind, handler) = made.peek;
        let catching: Vec<_> = found.tries.iter().filter(|one| !one.always).collect();
        let [tried] = catching[..] else { panic!("{:?}", found.tries) };
        assert!(tried.tries(call) && tried.handles(handler) && !tried.handles(behind), "{tried:?}");
        assert!(tried.is_past(call, behind) && !tried.is_past(call, handler), "{tried:?}");
        assert!(one.contains(call) && one.contains(handler), "{one:?}");
        assert!(found.calls.iter().any(|one| one.offset == call && one.callee_slot == Some(0)), "{:?}", found.calls);
    }
}

#[test]
fn loops_inside_others_and_what_is_awaited_are_too() {
    for made in [&OF_3_11, &OF_3_12] {
        let found = analysed_as(made.d, &made.inner);
        let [outer, inner] = &found.loops[..] else { panic!("{:?}", found.loops) };
        assert_eq!((lines(outer), outer.kind), ((17, 20), LoopKind::Iterator));
        assert_eq!((lines(inner), inner.kind), ((18, 19), LoopKind::Condition));
        assert_eq!(found.iterators, [(0, 0)]);
        assert!(outer.exits.iter().any(|exit| exit.by_iterator));
        let found = analysed_as(made.d, &made.waits);
        let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
        assert_eq!((lines(one), one.has_calls), ((23, 24), true));
        assert!(
            exits(one).iter().all(|(_, inputs)| *inputs == ["queue.items"]) && one.exits.len() == 1,
            "{:?}",
            one.exits
        );
        let found = analysed_as(made.d, &made.forever);
        let [one] = &found.loops[..] else { panic!("{:?}", found.loops) };
        assert_eq!(lines(one), (26, 29));
        let write = one.writes.iter().find(|write| write.target.to_string() == "make.n").unwrap();
        assert!(write.each_turn_in_place && !write.from_call);
    }
}

#[test]
fn a_call_that_stands_at_a_cache_or_begins_is_at_its_instruction() {
    let code = bytes(OF_3_11.retry.code);
    let at = |offset: usize| places(&CPYTHON_3_11, &code)[offset / 2];
    assert_eq!([18, 20, 38, 40, 42, 44, 52, 54].map(at), [18, 18, 18, 44, 44, 44, 44, 54]);
    let code = bytes(OF_3_12.retry.code);
    let at = |offset: usize| places(&CPYTHON_3_12, &code)[offset / 2];
    assert_eq!([18, 36, 38, 44, 46].map(at), [18, 18, 38, 38, 46]);
    assert!(places(&CPYTHON_3_11, &[]).is_empty());
}

#[test]
fn a_jump_back_by_a_condition_is_one_over_a_jump_back() {
    let d = &CPYTHON_3_11;
    let found = words::disassemble(d, &d.instructions.words.unwrap(), &bytes(OF_3_11.retry.code));
    let [.., over, back, _, _] = &found[..] else { panic!("{found:?}") };
    assert_eq!((over.operation, over.offset, over.to), (Operation::PopJumpIfTrue, 136, Some(138)));
    assert_eq!((back.operation, back.offset, back.to), (Operation::JumpBackward, 136, Some(14)));
}

#[test]
fn what_is_damaged_of_earlier_series_is_read_to_its_end() {
    for made in [&OF_3_11, &OF_3_12] {
        for of in [&made.retry, &made.inner, &made.waits, &made.forever] {
            super::words::damaged(made.d, of);
        }
    }
}
