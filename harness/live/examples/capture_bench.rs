//! Pause against the warm copy limit, measured in one run on a heap of instances with dicts, lists and strings.
//!
//! `cargo run --release -p bloathound-live --example capture_bench -- [TRACKED_OBJECTS [ROUNDS]]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use bloathound_cpython::find_interpreter_in;
use bloathound_live::{Capture, CaptureMode, CaptureOptions, MomentVerdict, Process, Thread, ThreadState, copy_again};
use bloathound_memory::{Recording, SymbolTable, WriteOptions, read_recording, write_recording};

#[path = "../tests/common/mod.rs"]
mod common;

/// About 4 tracked objects a row: instance, its dict, a list, a tuple.
const HEAP: &str = "
import sys
class Row(object):
    def __init__(self, i):
        self.name = 'row %d' % i
        self.values = [i, i + 1, str(i)]
        self.pair = (self.values, 'p%d' % i)
rows = [Row(i) for i in xrange(int(sys.argv[1]) // 4)]
print 'ready'
sys.stdin.readline()
";

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn capture(process: &Process, mode: CaptureMode, buffer: Vec<u8>) -> Result<Capture, Box<dyn std::error::Error>> {
    let options = CaptureOptions { mode, buffer, ..CaptureOptions::default() };
    Ok(process.capture(options, &mut |_| MomentVerdict::Accept)?)
}

/// Asleep in system call 0, `read`.
fn is_reading(thread: &Thread) -> bool {
    thread.state == ThreadState::Sleeping && thread.system_call == Some(0)
}

/// What a recording of it costs.
fn write_and_read(
    out: &mut impl Write,
    symbols: SymbolTable,
    capture: Capture,
) -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("image");
    let recording = Recording { symbols, page_runs: capture.page_runs, image: capture.image, ..Recording::default() };
    let started = Instant::now();
    let written = write_recording(&path, &recording, WriteOptions::default())?;
    let wrote = started.elapsed();
    let started = Instant::now();
    let read = read_recording(&path, u64::MAX)?;
    let took = started.elapsed();
    if !read.problems.is_empty() || read.recording.image.flat() != recording.image.flat() {
        return Err("what was read is not what was written".into());
    }
    writeln!(
        out,
        "recording: {:.1} MB to {:.1} MB, written in {:.0} ms, read in {:.0} ms",
        written.raw_bytes as f64 / 1e6,
        written.file_bytes as f64 / 1e6,
        milliseconds(wrote),
        milliseconds(took),
    )?;
    Ok(())
}

/// Exact resident bytes; the counters behind `VmRSS` may be off by a few pages a processor.
fn rss(process: &Process) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(process.smaps()?.iter().filter_map(|mapping| mapping.region.rss_bytes).sum())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let objects = arguments.next().unwrap_or_else(|| "1000000".to_owned());
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let mut out = io::stdout().lock();
    let Some(python) = common::python27() else {
        return Ok(());
    };
    let mut command = std::process::Command::new(python);
    let mut script = common::Script::start_command(command.args(["-u", "-c", HEAP, &objects]));
    script.line();
    let process = Process::open(script.pid())?;
    // After its last line it still has to get to where it waits for ours; that touches pages.
    while !process.threads()?.iter().all(is_reading) {
        std::thread::yield_now();
    }

    let started = Instant::now();
    let symbols = find_interpreter_in(&process, Some(process.executable()), &mut |region| process.open_region(region))?;
    writeln!(
        out,
        "symbols: {} of {} in {:.2} ms",
        symbols.symbols.len(),
        symbols.version.as_deref().unwrap_or("?"),
        milliseconds(started.elapsed())
    )?;
    let rss_before = rss(&process)?;
    let mut buffer = Vec::new();
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let capture = capture(&process, CaptureMode::Paused, buffer)?;
        let timings = capture.timings;
        let runs = capture.present_runs();
        let copied_bytes = capture.copied_bytes;
        let (rate, runs_count) = (capture.copy_rate(), runs.len());
        buffer = capture.image.into_flat();
        // The limit: the same bytes again, into memory that is there, with nothing else around it. Best of three.
        let mut limit = Duration::MAX;
        for _ in 0..3 {
            let started = Instant::now();
            copy_again(&process, &runs, &mut buffer, &mut |_| ControlFlow::Continue(()))?;
            limit = limit.min(started.elapsed());
        }
        let ratio = timings.paused.as_secs_f64() / limit.as_secs_f64();
        ratios.push(ratio);
        writeln!(
            out,
            "{round}: {:.1} MB in {runs_count} runs, pause {:.2} ms (stop {:.2}, look {:.2}, copy {:.2} = {:.2} GB/s), \
             warm limit {:.2} ms, ratio {ratio:.2}; prepare {:.1}, finish {:.1}",
            copied_bytes as f64 / 1e6,
            milliseconds(timings.paused),
            milliseconds(timings.stop),
            milliseconds(timings.look),
            milliseconds(timings.copy),
            rate / 1e9,
            milliseconds(limit),
            milliseconds(timings.prepare),
            milliseconds(timings.finish),
        )?;
    }
    let quiet = capture(&process, CaptureMode::PreferQuiet, buffer)?;
    writeln!(
        out,
        "prefer-quiet: {:?}, paused {:.2} ms, copy {:.2} ms",
        quiet.stillness,
        milliseconds(quiet.timings.paused),
        milliseconds(quiet.timings.copy)
    )?;
    write_and_read(&mut out, symbols, quiet)?;
    let rss_after = rss(&process)?;
    ratios.sort_by(f64::total_cmp);
    writeln!(
        out,
        "rss {} -> {} bytes ({:+}), median ratio {:.2}",
        rss_before,
        rss_after,
        rss_after as i64 - rss_before as i64,
        ratios[ratios.len() / 2]
    )?;
    Ok(())
}
