//! The stages that need a process: copy, decode, the account of memory, a sample of stacks, judging a loop.
//!
//! The heap is deterministic: a script makes N tracked objects and waits. Needs a CPython 2.7; without one it says so.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bloathound_cpython::frames::SamplerOptions;
use bloathound_detect::{Thresholds, hot_loop};
use bloathound_engine::Interrupt;
use bloathound_engine::looks::sample_process;
use bloathound_engine::session::Session;
use bloathound_engine::source::{ExamineOptions, LiveProcess};
use bloathound_live::{CaptureMode, CaptureOptions, MomentVerdict};
use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode};

const HEAP: &str = "
import gc, sys
gc.disable()
class Row(object):
    cache = {}
    def __init__(self, n):
        self.n = n
        self.items = [n, str(n)]
        self.pair = (n, [n])
for n in xrange(int(sys.argv[1]) // 5):
    Row.cache[n] = Row(n)
sys.stdout.write('ready\\n')
sys.stdout.flush()
sys.stdin.readline()
";

const LOOP: &str = "
import sys
sys.stdout.write('ready\\n')
sys.stdout.flush()
done = False
while not done:
    row = len(sys.argv)
";

/// A process that ends with us.
struct Running(Child);

impl Running {
    fn start(python: &std::path::Path, script: &str, argument: &str) -> Option<Self> {
        let child =
            Command::new(python).args(["-c", script, argument]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut running = Self(child.ok()?);
        let mut line = String::new();
        BufReader::new(running.0.stdout.take()?).read_line(&mut line).ok()?;
        line.starts_with("ready").then_some(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn heap_stages(criterion: &mut Criterion, python: &std::path::Path, tracked: u32) -> Option<()> {
    let running = Running::start(python, HEAP, &tracked.to_string())?;
    let options = ExamineOptions { mode: CaptureMode::Paused, ..ExamineOptions::default() };
    let mut target = LiveProcess::open(running.0.id(), options).ok()?;
    let examined = target.examine().ok()?;
    let mut group = criterion.benchmark_group("stages");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(5));
    group.bench_function(BenchmarkId::new("copy", tracked), |bencher| {
        bencher.iter(|| target.process().capture(CaptureOptions::default(), &mut |_| MomentVerdict::Accept));
    });
    group.bench_function(BenchmarkId::new("decode", tracked), |bencher| {
        bencher.iter(|| bloathound_cpython::decode(&examined.image, &examined.interpreter, examined.pools.as_ref()));
    });
    group.bench_function(BenchmarkId::new("arenas and RSS account", tracked), |bencher| {
        bencher.iter_batched(
            || {
                let session = Session::from(&examined);
                // Not what is measured.
                let _ = session.replay();
                session
            },
            |session| (session.arenas().is_some(), session.rss().is_some()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    Some(())
}

fn loop_judging(criterion: &mut Criterion, python: &std::path::Path) -> Option<()> {
    let running = Running::start(python, LOOP, "x")?;
    let target = LiveProcess::open(running.0.id(), ExamineOptions::default()).ok()?;
    let options = SamplerOptions { seconds: 2.0, ..SamplerOptions::default() };
    let profile = sample_process(&target, options, &Interrupt::default()).ok()?.profile;
    let thresholds = Thresholds::default();
    criterion.bench_function("judging 200 samples of a loop", |bencher| {
        bencher.iter(|| hot_loop::judge(&profile, &thresholds.hot_loop));
    });
    Some(())
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    if let Some(python) = bloathound_testkit::python27() {
        for tracked in [100_000, 1_000_000] {
            heap_stages(&mut criterion, &python, tracked);
        }
        loop_judging(&mut criterion, &python);
    }
    criterion.final_summary();
}
