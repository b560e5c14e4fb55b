//! What a look costs the one looked at: a loaded service's throughput, p99 and longest wait with and without `inspect`,
//! `watch` and `hot` beside it, round by round in turn; and the gaps that a busy process sees in its own time.
//!
//! `cargo bench --bench disturbance [-- PAIRS]`. Everything is a ratio within one run: the load, the service and the
//! analyser share the machine's processors, so on two cores a part of what is seen is the analyser's own work. Needs a
//! CPython 2.7; without one it says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark ends by panicking, and tells figures"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_driver::{Cache, Launch, Launcher, LoadReport, Search, Service, run_round};
use bloathound_scenario::{Load, Method, Request};

const PAIRS: usize = 12;
/// What a round without a look takes, about.
const ROUND: Duration = Duration::from_secs(2);

/// A look beside a round: the command's arguments after the process id, and whether it lasts as long as the round.
struct Look {
    name: &'static str,
    arguments: &'static [&'static str],
}

const LOOKS: &[Look] = &[
    Look { name: "(nothing)", arguments: &[] },
    Look { name: "inspect", arguments: &["inspect", "PID"] },
    Look { name: "inspect --always-pause", arguments: &["inspect", "PID", "--always-pause"] },
    Look { name: "inspect --no-pause", arguments: &["inspect", "PID", "--no-pause"] },
    Look { name: "watch", arguments: &["watch", "PID", "--rounds", "2", "--interval", "0.5"] },
    Look { name: "hot, 100 Hz", arguments: &["hot", "PID", "--seconds", "1.8"] },
];

fn main() {
    let pairs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(PAIRS);
    let Some(python) = bloathound_testkit::python27() else { return };
    let search = Search { configured: Some(python.into()), ..Search::default() };
    let found = search.find().expect("what tests take for a Python 2.7 is one for the product");
    let python = found.interpreter.executable.clone();
    let services_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference-services");
    let cache = Cache::of_user().expect("a cache directory");
    let environment = cache
        .prepare(&found.interpreter, &services_dir.join("requirements.lock"), &mut |_| ())
        .expect("the services' environment");
    let launcher = Launcher { interpreter: found.interpreter, environment: Some(environment), services_dir };
    clients(&launcher, pairs);
    gaps(&python, pairs);
}

/// What the clients of a loaded service notice.
fn clients(launcher: &Launcher, pairs: usize) {
    let service = Service::start(&launch(launcher)).expect("a service");
    let requests = calibrate(&service);
    println!("{pairs} pairs of rounds of {requests} requests, 4 at once; with / without, median (least to most)\n");
    println!("{:24} {:>22} {:>22} {:>18}", "beside the load", "throughput", "p99", "longest wait, ms");
    for look in LOOKS {
        let (mut throughput, mut p99, mut longest) = (Vec::new(), Vec::new(), Vec::new());
        for pair in 0..pairs {
            // In turn, so that the machine's moods fall on both.
            let (with, without) = if pair % 2 == 0 {
                let with = beside(look, &service, requests);
                (with, round(&service, requests))
            } else {
                let without = round(&service, requests);
                (beside(look, &service, requests), without)
            };
            throughput.push(with.throughput_per_second() / without.throughput_per_second());
            p99.push(with.latency_ms(0.99) / without.latency_ms(0.99));
            longest.push(with.latency_max_ms() - without.latency_max_ms());
        }
        println!("{:24} {:>22} {:>22} {:>+18.1}", look.name, spread(throughput), spread(p99), median(&mut longest));
    }
}

/// A service that has no bug, and rows enough to be at work.
fn launch(launcher: &Launcher) -> Launch {
    let folder = launcher.services_dir.join("negatives");
    let packages = launcher.environment.iter().map(|environment| environment.dir.clone());
    let arguments = ["-u", "-B", "-s", "-m", "service", "--port", "0", "--kind", "cache", "--rows", "200"];
    Launch {
        name: "negatives".into(),
        program: launcher.interpreter.executable.clone(),
        arguments: arguments.map(str::to_owned).into(),
        python_path: packages.chain([launcher.services_dir.join("common"), folder]).collect(),
        seed: 1,
        ready_within: Duration::from_secs(30),
    }
}

fn round(service: &Service, requests: u64) -> LoadReport {
    let request = Request::plain(Method::Get, "/attendees");
    run_round(service.port(), &Load::of(request, requests, 4), Duration::from_secs(60)).expect("a round")
}

/// As many requests as a round is to have.
fn calibrate(service: &Service) -> u64 {
    round(service, 100);
    let report = round(service, 200);
    (report.throughput_per_second() * ROUND.as_secs_f64()).max(50.0) as u64
}

/// A round with the look beside it, which is begun with it and over when both are.
fn beside(look: &Look, service: &Service, requests: u64) -> LoadReport {
    let mut looking = start(look, service.pid());
    let report = round(service, requests);
    if let Some(looking) = &mut looking {
        assert!(looking.wait().expect("the look").success(), "{} failed", look.name);
    }
    report
}

fn start(look: &Look, pid: u32) -> Option<Child> {
    let pid = pid.to_string();
    let arguments = look.arguments.iter().map(|argument| if *argument == "PID" { pid.as_str() } else { argument });
    (!look.arguments.is_empty()).then(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("bloathound")
    })
}

/// Asks the clock all the time; a line in, and the longest gap since the last line and the sum of all gaps over 1 ms come out.
const CLOCK: &str = "
import os, select, sys, time
heap = [{'n': n, 'pair': (n, [n])} for n in xrange(60000)]
print 'ready'
sys.stdout.flush()
longest = total = 0.0
last = time.time()
turn = 0
while True:
    now = time.time()
    gap, last = now - last, now
    if gap > 0.001:
        longest, total = max(longest, gap), total + gap
    turn += 1
    if turn % 2000 == 0 and select.select([0], [], [], 0)[0]:
        if not os.read(0, 100):
            break
        print '%.3f %.3f' % (longest * 1e3, total * 1e3)
        sys.stdout.flush()
        longest = total = 0.0
        last = time.time()
";

/// The gaps that a busy process sees: it stands still for a pause, and for the machine's other work too.
fn gaps(python: &Path, pairs: usize) {
    let mut child = Command::new(python)
        .args(["-c", CLOCK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a busy process");
    let mut input = child.stdin.take().expect("its input");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("ready");
    let mut ask = || -> (f64, f64) {
        input.write_all(b"?\n").expect("a question");
        let mut line = String::new();
        output.read_line(&mut line).expect("an answer");
        let mut numbers = line.split_whitespace().map(|word| word.parse::<f64>().expect("a number"));
        (numbers.next().expect("longest"), numbers.next().expect("all"))
    };
    println!("\ngaps that a busy process with 180 000 tracked objects sees, medians of {pairs}\n");
    println!("{:24} {:>14} {:>24} {:>12}", "beside it", "longest, ms", "lost to gaps, ms", "pause, ms");
    for look in LOOKS {
        let (mut longest, mut all, mut pauses) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..pairs {
            ask();
            let (seconds, pause) = look_at(look, child.id());
            let (gap, sum) = ask();
            longest.push(gap);
            all.push(sum / seconds.max(1e-3));
            pauses.push(pause.unwrap_or(0.0));
        }
        println!(
            "{:24} {:>14.1} {:>22.1}/s {:>12.1}",
            look.name,
            median(&mut longest),
            median(&mut all),
            median(&mut pauses)
        );
    }
    drop(input);
    child.wait().expect("the busy process");
}

/// Runs the look to its end, or waits as long as one takes: seconds, and the pause that `inspect` tells of.
fn look_at(look: &Look, pid: u32) -> (f64, Option<f64>) {
    let started = Instant::now();
    let report: PathBuf = std::env::temp_dir().join(format!("bloathound-disturbance-{}.json", std::process::id()));
    if look.arguments.is_empty() {
        // Nothing is waited for: this is the measurement's own span.
        std::thread::sleep(Duration::from_millis(500));
        return (started.elapsed().as_secs_f64(), None);
    }
    let arguments =
        look.arguments.iter().map(|argument| if *argument == "PID" { pid.to_string() } else { (*argument).into() });
    let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    command.args(arguments).arg("--json").arg(&report).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("bloathound").success(), "{} failed", look.name);
    let seconds = started.elapsed().as_secs_f64();
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
    let _ = std::fs::remove_file(&report);
    (seconds, read.pointer("/timing/pause_ms").and_then(serde_json::Value::as_f64))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn spread(mut values: Vec<f64>) -> String {
    let middle = median(&mut values);
    let (least, most) = (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN));
    format!("{middle:.3} ({least:.2} to {most:.2})")
}
