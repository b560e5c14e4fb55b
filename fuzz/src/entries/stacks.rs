//! Stacks, bytecode and samples of a damaged interpreter.

use std::hint::black_box;
use std::sync::Arc;

use bloathound_cpython::bytecode::{Names, analyse};
use bloathound_cpython::frames::{FrameReader, FrameTarget, SamplerOptions, ThreadProbe, line_table, sample};
use bloathound_detect::{Thresholds, hot_loop};
use bloathound_profile::ThreadFacts;

use super::damage::{Base, apply};

/// First a length and as much bytecode, another length and a line table; then orders for damage to the interpreter whose
/// frames are read.
pub fn frames(input: &[u8]) {
    let Some((bytecode, rest)) = counted(input) else { return };
    let Some((lines, orders)) = counted(rest) else { return };
    look_at_bytecode(bytecode, lines);
    let Some(target) = apply(Base::chosen(0), orders) else { return };
    let mut reader = FrameReader::new(FrameTarget::from(&target.interpreter));
    let mut probe = Probe { now: 0 };
    let options = SamplerOptions { rate_hz: 100.0, seconds: 0.2 };
    let Ok(profile) = sample(&target.image, &mut reader, &mut probe, options) else { return };
    for thread in &profile.threads {
        black_box(bloathound_profile::folded(&profile, thread));
    }
    black_box(hot_loop::judge(&profile, &Thresholds::default().hot_loop));
}

fn counted(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

fn look_at_bytecode(bytecode: &[u8], lines: &[u8]) {
    let names = |count: usize| (0..count).map(|n| Arc::from(format!("n{n}"))).collect::<Vec<Arc<str>>>();
    let names = Names { locals: names(4), cells: names(2), names: names(4) };
    let table = line_table(10, lines);
    black_box(analyse(&bloathound_cpython::dialect::CPYTHON_2_7, bytecode, &names, &|at| {
        table.line_at(at).unwrap_or_default()
    }));
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
