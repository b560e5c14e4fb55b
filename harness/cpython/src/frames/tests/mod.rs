//! A target made up byte by byte, without Python. The offsets stand here in figures of their own, as `ptype /o` gives
//! them, so that a wrong one in `layouts` is caught.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemorySource, Permissions, ReadError, Region, RegionKind};
use bloathound_profile::ThreadFacts;

use super::*;

mod quick;

const BASE: u64 = 0x10_0000;

/// Memory that is written object after object.
struct Target {
    bytes: Vec<u8>,
    regions: Vec<Region>,
    types: BTreeMap<&'static str, u64>,
}

impl MemorySource for Target {
    fn regions(&self) -> &[Region] {
        &self.regions
    }

    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let unmapped = || ReadError::Unmapped { address, len: buffer.len() };
        let start = address.0.checked_sub(BASE).ok_or_else(unmapped)? as usize;
        let end = start.checked_add(buffer.len()).ok_or_else(unmapped)?;
        buffer.copy_from_slice(self.bytes.get(start..end).ok_or_else(unmapped)?);
        Ok(())
    }
}

impl Target {
    fn new() -> Self {
        let region = Region {
            start: Address(BASE),
            end: Address(BASE + (1 << 20)),
            permissions: Permissions { read: true, write: true, ..Permissions::default() },
            file_offset: 0,
            kind: RegionKind::Anonymous,
            rss_bytes: None,
        };
        let mut target = Self { bytes: Vec::new(), regions: vec![region], types: BTreeMap::new() };
        target.add_type("type", 1 << 31);
        for (name, flags) in [("frame", 0), ("code", 0), ("str", 1 << 27), ("int", 1 << 23), ("tuple", 1 << 26)] {
            target.add_type(name, flags);
        }
        target
    }

    fn room(&mut self, len: usize) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(16), 0);
        let at = BASE + self.bytes.len() as u64;
        self.bytes.resize(self.bytes.len() + len.max(64), 0);
        at
    }

    fn put(&mut self, at: u64, offset: u64, word: u64) {
        let start = (at - BASE + offset) as usize;
        self.bytes[start..start + 8].copy_from_slice(&word.to_le_bytes());
    }

    fn put_half(&mut self, at: u64, offset: u64, half: u32) {
        let start = (at - BASE + offset) as usize;
        self.bytes[start..start + 4].copy_from_slice(&half.to_le_bytes());
    }

    fn put_bytes(&mut self, at: u64, offset: u64, bytes: &[u8]) {
        let start = (at - BASE + offset) as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn add_type(&mut self, name: &'static str, flags: u64) {
        let text = self.room(128);
        self.put_bytes(text, 0, name.as_bytes());
        let at = self.room(400);
        let meta = *self.types.get("type").unwrap_or(&at);
        self.put(at, 0, 1);
        self.put(at, 8, meta);
        self.put(at, 24, text);
        self.put(at, 32, 24);
        self.put(at, 168, flags);
        self.types.insert(name, at);
    }

    fn object(&mut self, type_name: &str, len: usize) -> u64 {
        let at = self.room(len);
        self.put(at, 0, 1);
        self.put(at, 8, self.types[type_name]);
        at
    }

    fn string(&mut self, bytes: &[u8]) -> u64 {
        let at = self.object("str", 37 + bytes.len());
        self.put(at, 16, bytes.len() as u64);
        self.put_bytes(at, 36, bytes);
        at
    }

    fn tuple(&mut self, items: &[u64]) -> u64 {
        let at = self.object("tuple", 24 + 8 * items.len());
        self.put(at, 16, items.len() as u64);
        for (index, item) in items.iter().enumerate() {
            self.put(at, 24 + 8 * index as u64, *item);
        }
        at
    }

    fn code(&mut self, name: &str, bytecode: &[u8], locals: &[&str]) -> u64 {
        let names: Vec<u64> = locals.iter().map(|local| self.string(local.as_bytes())).collect();
        let parts = [
            (32, self.string(bytecode)),
            (48, self.tuple(&[])),
            (56, self.tuple(&names)),
            (64, self.tuple(&[])),
            (72, self.tuple(&[])),
            (80, self.string(b"made/up.py")),
            (88, self.string(name.as_bytes())),
            (104, self.string(&[6, 1, 6, 1])),
        ];
        let at = self.object("code", 128);
        self.put_half(at, 20, locals.len() as u32);
        self.put_half(at, 24, 2);
        self.put_half(at, 96, 10);
        for (offset, part) in parts {
            self.put(at, offset, part);
        }
        at
    }

    fn frame(&mut self, code: u64, back: u64, lasti: u32, locals: &[u64]) -> u64 {
        let at = self.object("frame", 376 + 8 * (locals.len() + 2));
        self.put(at, 24, back);
        self.put(at, 32, code);
        self.put_half(at, 120, lasti);
        for (index, local) in locals.iter().enumerate() {
            self.put(at, 376 + 8 * index as u64, *local);
        }
        at
    }

    fn int(&mut self, value: u64) -> u64 {
        let at = self.object("int", 24);
        self.put(at, 16, value);
        at
    }
}

/// `n = 0; while not done: n += 1`, as CPython 2.7.18 compiles it.
const SPIN: &[u8] = &[
    100, 1, 0, 125, 1, 0, 120, 20, 0, 124, 0, 0, 115, 28, 0, 124, 1, 0, 100, 2, 0, 55, 125, 1, 0, 113, 9, 0, 87, 100,
    0, 0, 83,
];

struct Made {
    target: Target,
    start: FrameTarget,
    state: u64,
    inner: u64,
}

/// A thread in `spin`, called by `outer`.
fn made() -> Made {
    let mut target = Target::new();
    let outer = target.code("outer", &[100, 0, 0, 83], &[]);
    let spin = target.code("spin", SPIN, &["done", "n"]);
    let (done, n) = (target.int(0), target.int(41));
    let base = target.frame(outer, 0, 0, &[]);
    let inner = target.frame(spin, base, 15, &[done, n]);
    let (interpreter, state) = (target.room(80), target.room(168));
    target.put(interpreter, 8, state);
    target.put(state, 8, interpreter);
    target.put(state, 16, inner);
    let pthread = target.room(1100);
    target.put_half(pthread, 720, 4321);
    target.put(state, 144, pthread);
    target.room(1024);
    let current = target.room(8);
    target.put(current, 0, state);
    let start = FrameTarget {
        dialect: &crate::dialect::CPYTHON_2_7,
        interpreter_state: None,
        current_thread: Address(current),
        unicode_bytes: 4,
    };
    Made { target, start, state, inner }
}

#[test]
fn a_stack_with_its_loop_and_values() {
    let made = made();
    let mut reader = FrameReader::new(made.start);
    let threads = reader.threads(&made.target).unwrap();
    assert_eq!(threads.len(), 1);
    let StackRead::Whole(stack) = reader.stack(&made.target, &threads[0], None) else { panic!() };
    let [outer, spin] = stack.0.as_slice() else { panic!("{stack:?}") };
    let code = &reader.codes()[spin.code.0 as usize];
    assert_eq!((&*code.function, &*code.file, spin.line, spin.lasti), ("spin", "made/up.py", 12, Some(15)));
    assert_eq!(code.loops.len(), 1);
    assert!(outer.detail.is_none());
    let detail = spin.detail.as_ref().unwrap();
    let shown: Vec<(&str, &str)> =
        detail.variables.iter().map(|v| (&*v.name, v.value.as_ref().map_or("?", |value| &*value.summary))).collect();
    assert_eq!(shown, [("done", "0"), ("n", "41")]);
    assert_eq!(detail.inputs.len(), 1);
    assert_eq!(&*detail.inputs[0].name, "done");
}

#[test]
fn values_not_identities() {
    let mut made = made();
    let mut reader = FrameReader::new(made.start);
    let thread = reader.threads(&made.target).unwrap()[0];
    let value = |reader: &mut FrameReader, target: &Target| {
        let StackRead::Whole(stack) = reader.stack(target, &thread, None) else { panic!() };
        let frame = stack.0[1].clone();
        (frame.identity, frame.detail.unwrap().variables[1].value.clone().unwrap().deep)
    };
    let first = value(&mut reader, &made.target);
    let same_value = made.target.int(41);
    made.target.put(made.inner, 376 + 8, same_value);
    let second = value(&mut reader, &made.target);
    assert_ne!(first.0, second.0);
    assert_eq!(first.1, second.1);
    let other_value = made.target.int(42);
    made.target.put(made.inner, 376 + 8, other_value);
    assert_ne!(value(&mut reader, &made.target).1, second.1);
}

#[test]
fn damage_is_torn_or_refused_never_a_panic_or_a_hang() {
    // A frame that is its own caller; an instruction outside the code; something else in a frame's place.
    for (offset, word) in [(24, made().inner), (120, 900), (8, BASE), (32, BASE + 24), (24, 7)] {
        let mut made = made();
        made.target.put(made.inner, offset, word);
        let mut reader = FrameReader::new(made.start);
        let thread = reader.threads(&made.target).unwrap()[0];
        assert_eq!(reader.stack(&made.target, &thread, None), StackRead::Torn, "{offset}");
    }
    let mut endless = made();
    endless.target.put(endless.state, 0, endless.state);
    assert!(matches!(FrameReader::new(endless.start).threads(&endless.target), Err(FramesError::Damaged { .. })));
    let nobody = FrameTarget { current_thread: Address(8), ..endless.start };
    assert!(matches!(FrameReader::new(nobody).threads(&endless.target), Err(FramesError::NoThreads)));
}

#[test]
fn what_another_series_lays_out_otherwise_is_refused_and_not_misread() {
    use crate::dialect::{CPYTHON_2_7, Dialect, DictTable, Frames, InstructionEncoding, LineTableKind};
    static OTHER_CALLS: Dialect =
        Dialect { frames: Frames::InterpreterFrames { holds_next_instruction: true }, series: "3.13", ..CPYTHON_2_7 };
    static OTHER_LINES: Dialect = Dialect { line_table: LineTableKind::SignedIncrements, series: "3.9", ..CPYTHON_2_7 };
    static OTHER_DICTS: Dialect = Dialect { dict_table: DictTable::CombinedKeys, series: "3.6", ..CPYTHON_2_7 };
    static OTHER_CODE: Dialect =
        Dialect { instruction_encoding: InstructionEncoding::WordsWithCaches, series: "3.15", ..CPYTHON_2_7 };
    let told = [
        (&OTHER_DICTS, "dicts of CPython 3.6 can't be read yet"),
        (&OTHER_CODE, "bytecode of CPython 3.15 can't be read yet"),
        (&OTHER_CALLS, "stacks of CPython 3.13 can't be read yet"),
        (&OTHER_LINES, "line tables of CPython 3.9 can't be read yet"),
    ];
    let made = made();
    let thread = FrameReader::new(made.start).threads(&made.target).unwrap()[0];
    for (dialect, words) in told {
        let mut reader = FrameReader::new(FrameTarget { dialect, ..made.start });
        assert_eq!(reader.threads(&made.target).unwrap_err().to_string(), words);
    }
    let mut reader = FrameReader::new(FrameTarget { dialect: &OTHER_LINES, ..made.start });
    assert_eq!(reader.stack(&made.target, &thread, None), StackRead::Torn);
}

#[test]
fn random_damage_is_survived() {
    let mut seed = 1_u64;
    for _ in 0..3000 {
        let mut made = made();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 20) as usize % made.target.bytes.len();
            made.target.bytes[at] = (seed >> 56) as u8;
        }
        let mut reader = FrameReader::new(made.start);
        for thread in reader.threads(&made.target).unwrap_or_default().iter().take(3) {
            let _ = reader.stack(&made.target, thread, None);
        }
        assert!(reader.reads < 1_000_000);
    }
}

/// Time that passes when somebody waits or reads the clock; a thread that is always running.
struct MadeProbe {
    now: u64,
    look_ns: u64,
    ends_at: u64,
}

impl ThreadProbe for MadeProbe {
    fn monotonic_ns(&mut self) -> u64 {
        self.now += self.look_ns;
        self.now
    }

    fn wall_seconds(&mut self) -> f64 {
        self.now as f64 / 1e9
    }

    fn wait_until(&mut self, monotonic_ns: u64) {
        self.now = self.now.max(monotonic_ns);
    }

    fn thread_ids(&mut self) -> Vec<u32> {
        if self.now < self.ends_at { vec![4321] } else { Vec::new() }
    }

    fn facts(&mut self, tid: u32, with_switches: bool) -> Option<ThreadFacts> {
        assert_eq!(tid, 4321);
        let voluntary_switches = if with_switches { 5 } else { 0 };
        Some(ThreadFacts { cpu_ns: self.now, voluntary_switches, ..ThreadFacts::default() })
    }
}

fn sampled(look_ns: u64, ends_at: u64) -> bloathound_profile::Profile {
    let made = made();
    let mut reader = FrameReader::new(made.start);
    let mut probe = MadeProbe { now: 0, look_ns, ends_at };
    sample(&made.target, &mut reader, &mut probe, SamplerOptions { rate_hz: 100.0, seconds: 2.0 }).unwrap()
}

#[test]
fn samples_at_a_steady_rate() {
    let profile = sampled(1000, u64::MAX);
    let thread = &profile.threads[0];
    assert_eq!((thread.tid, thread.is_main), (Some(4321), true));
    assert!((199..=201).contains(&thread.samples.len()), "{}", thread.samples.len());
    assert_eq!(profile.cost.rounds_missed, 0);
    let gaps: Vec<u64> = thread.samples.windows(2).map(|pair| pair[1].monotonic_ns - pair[0].monotonic_ns).collect();
    assert!(gaps.iter().all(|gap| gap.abs_diff(10_000_000) < 100_000));
    assert!(thread.samples.iter().all(|sample| sample.facts.voluntary_switches == 5 && !sample.torn));
}

#[test]
fn a_torn_sample_does_not_forget_what_was_counted() {
    let mut made = made();
    // The innermost frame is its own caller: no stack can be read.
    made.target.put(made.inner, 24, made.inner);
    let mut reader = FrameReader::new(made.start);
    let mut probe = MadeProbe { now: 0, look_ns: 1000, ends_at: u64::MAX };
    let options = SamplerOptions { rate_hz: 100.0, seconds: 1.0 };
    let profile = sample(&made.target, &mut reader, &mut probe, options).unwrap();
    let samples = &profile.threads[0].samples;
    assert!(samples.iter().all(|sample| sample.torn && sample.facts.voluntary_switches == 5));
}

#[test]
fn a_slow_look_skips_rounds_instead_of_hurrying_after() {
    let profile = sampled(6_000_000, u64::MAX);
    assert!(profile.cost.rounds_missed >= 90, "{:?}", profile.cost);
    assert!(profile.threads[0].samples.len() < 110);
}

#[test]
fn a_target_that_ends_is_said_to_have_ended() {
    let profile = sampled(1000, 500_000_000);
    assert!(profile.problems.iter().any(|problem| problem.contains("ended")), "{:?}", profile.problems);
    assert!((48..=62).contains(&profile.threads[0].samples.len()));
}

/// A probe whose thread spins and gets a share of a processor, as the sampler itself does.
struct CrowdedProbe {
    made: MadeProbe,
    share: f64,
}

impl ThreadProbe for CrowdedProbe {
    fn monotonic_ns(&mut self) -> u64 {
        self.made.monotonic_ns()
    }

    fn wall_seconds(&mut self) -> f64 {
        self.made.wall_seconds()
    }

    fn wait_until(&mut self, monotonic_ns: u64) {
        self.made.wait_until(monotonic_ns);
    }

    fn thread_ids(&mut self) -> Vec<u32> {
        self.made.thread_ids()
    }

    fn facts(&mut self, tid: u32, with_switches: bool) -> Option<ThreadFacts> {
        let facts = self.made.facts(tid, with_switches)?;
        let cpu_ns = (facts.cpu_ns as f64 * self.share) as u64;
        Some(ThreadFacts { cpu_ns, wait_ns: facts.cpu_ns - cpu_ns, ..facts })
    }

    fn own_waits(&mut self) -> OwnWaits {
        OwnWaits { wait_ns: (self.made.now as f64 * (1.0 - self.share)) as u64, stolen_ns: 0 }
    }
}

#[test]
fn sampling_goes_on_until_it_is_enough_and_gives_up() {
    // Each look takes as long as its share of the processor makes it; asked for are 2 s, of which a thread needs 0.4 and a
    // tenth more: with a fifth of a processor it has them after 4.4 s.
    for (share, look_ns, seconds) in
        [(1.0, 1000, 1.9..2.1), (0.2, 1000, 4.2..4.6), (0.01, 1000, 15.5..16.5), (0.5, 14_000_000, 4.0..5.5)]
    {
        let made = made();
        let mut reader = FrameReader::new(made.start);
        let mut probe = CrowdedProbe { made: MadeProbe { now: 0, look_ns, ends_at: u64::MAX }, share };
        let options = SamplerOptions { rate_hz: 100.0, seconds: 2.0 };
        let profile = sample(&made.target, &mut reader, &mut probe, options).unwrap();
        let took = profile.cost.took_ns as f64 / 1e9;
        assert!(seconds.contains(&took), "{share}, {look_ns}: {took} s; {:?}", profile.cost);
        assert_eq!(profile.cost.asked_ns, 2_000_000_000);
    }
}

/// What a sample costs the target: who changes it, changes it on purpose.
#[test]
fn a_later_sample_reads_no_more_than_what_may_have_changed() {
    let made = made();
    let mut reader = FrameReader::new(made.start);
    let thread = reader.threads(&made.target).unwrap()[0];
    let mut cost = || {
        let before = reader.reads;
        let _ = reader.stack(&made.target, &thread, None);
        reader.reads - before
    };
    let [first, second, third] = [cost(), cost(), cost()];
    // The frames together; what their slots lead to, together; the exception that is handled; each of the two variables once
    // more, whether it still is what it was; and so the slots, for what the loop's exit depends on.
    let may_have_changed = 1 + 1 + 1 + 2 + 1;
    assert_eq!((second, third), (may_have_changed, may_have_changed));
    // Code and types are read once.
    assert!(first > second, "{first}");
}
