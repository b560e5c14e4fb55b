//! Stacks, bytecode and samples of a damaged interpreter.

use std::hint::black_box;
use std::sync::Arc;

use bloathound_cpython::bytecode::{Names, analyse_with_handlers};
use bloathound_cpython::dialect::{Dialect, LineTableKind};
use bloathound_cpython::frames::{
    FrameReader, FrameTarget, SamplerOptions, ThreadProbe, line_ranges, line_table, locations, sample,
};
use bloathound_detect::{Thresholds, hot_loop};
use bloathound_profile::{LineTable, ThreadFacts};

use super::damage::{Base, apply};

/// Bits of the second length; those above choose the interpreter.
const LENGTH_BITS: u32 = 13;

/// First a length and as much bytecode, another length and a line table (of 3, a byte with its length, itself, and the
/// table of exceptions); then orders for damage to the interpreter whose frames are read.
pub fn frames(input: &[u8]) {
    let Some((length, rest)) = counted(input) else { return };
    let Some((bytecode, rest)) = rest.split_at_checked(usize::from(length)) else { return };
    let Some((length, rest)) = counted(rest) else { return };
    let Some((tables, orders)) = rest.split_at_checked(usize::from(length & ((1 << LENGTH_BITS) - 1))) else { return };
    let base = match length >> LENGTH_BITS {
        0 => Base::chosen(0),
        // The written one has no threads but of 2.7, and the other of 2.7 no more than it.
        choice => Base::chosen(1 + choice as u8 % (Base::COUNT - 1)),
    };
    look_at_bytecode(base.dialect(), bytecode, tables);
    let Some(target) = apply(base, orders) else { return };
    let mut reader = FrameReader::new(FrameTarget::from(&target.interpreter));
    let mut probe = Probe { now: 0 };
    let options = SamplerOptions { rate_hz: 100.0, seconds: 0.2 };
    let Ok(profile) = sample(&target.image, &mut reader, &mut probe, options) else { return };
    for thread in &profile.threads {
        black_box(bloathound_profile::folded(&profile, thread));
    }
    black_box(hot_loop::judge(&profile, &Thresholds::default().hot_loop));
}

fn counted(input: &[u8]) -> Option<(u16, &[u8])> {
    let (length, rest) = input.split_first_chunk()?;
    Some((u16::from_le_bytes(*length), rest))
}

fn look_at_bytecode(d: &'static Dialect, bytecode: &[u8], tables: &[u8]) {
    let names = |count: usize| (0..count).map(|n| Arc::from(format!("n{n}"))).collect::<Vec<Arc<str>>>();
    let names = Names { locals: names(4), cells: names(2), names: names(4) };
    let (table, exceptions) = match (d.line_table, tables.split_first()) {
        (LineTableKind::Locations, Some((&length, both))) => {
            let (lines, exceptions) = both.split_at(both.len().min(usize::from(length)));
            (LineTable::new(locations(10, lines)), exceptions)
        }
        (LineTableKind::Ranges, _) => (line_ranges(10, tables), [].as_slice()),
        _ => (line_table(10, tables), [].as_slice()),
    };
    let line_at = |at| table.line_at(at).unwrap_or_default();
    black_box(analyse_with_handlers(d, bytecode, exceptions, &names, &line_at));
}

/// Time that passes by itself; one thread that is always running.
struct Probe {
    now: u64,
}

impl ThreadProbe for Probe {
    fn monotonic_ns(&mut self) -> u64 {
        self.now += 1000;
        self.now
    }

    fn wall_seconds(&mut self) -> f64 {
        self.now as f64 / 1e9
    }

    fn wait_until(&mut self, monotonic_ns: u64) {
        self.now = self.now.max(monotonic_ns);
    }

    fn thread_ids(&mut self) -> Vec<u32> {
        vec![4321]
    }

    fn facts(&mut self, _tid: u32, with_switches: bool) -> Option<ThreadFacts> {
        let voluntary_switches = if with_switches { 5 } else { 0 };
        Some(ThreadFacts { cpu_ns: self.now, voluntary_switches, ..ThreadFacts::default() })
    }
}
