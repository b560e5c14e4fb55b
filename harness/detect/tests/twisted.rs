//! The hot-loop rule on the reference services: each kind of tight loop, its fixed twin, and what only looks like one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a failed test ends by a panic, and says why it was skipped"
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_detect::hot_loop::{self, HotJudgement};
use bloathound_detect::{Evidence, HotLoopThresholds, Verdict};
use bloathound_driver::{Cache, Search};
use bloathound_testkit::skip;
use support::{python27, sample_process};

/// A reference service; its end of standard input ends it, and it is killed when dropped.
struct Service {
    child: Child,
    port: u16,
    ledger: PathBuf,
    folder: PathBuf,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder with Twisted, as the services have it: the first time, pip fills it. `None`, as without Python 2.7, where
/// that can't be done.
fn environment() -> Option<PathBuf> {
    let search = Search { configured: Some(python27()?.into()), ..Search::default() };
    let interpreter = search.find().unwrap_or_else(|error| panic!("{error}")).interpreter;
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference-services/requirements.lock");
    let prepared = Cache::of_user().and_then(|cache| cache.prepare(&interpreter, &lock, &mut |_| ()));
    prepared.map(|environment| environment.dir).map_err(|error| skip(&format!("no Twisted: {error}"))).ok()
}

fn start(name: &str, fixed: bool, options: &[&str]) -> Option<Service> {
    let (python, environment) = (python27()?, environment()?);
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference-services").canonicalize().ok()?;
    let unique = format!("bloathound-hot-{}-{name}-{}", std::process::id(), options.join("-"));
    let folder = std::env::temp_dir().join(unique + if fixed { "-fixed" } else { "" });
    std::fs::create_dir_all(&folder).unwrap();
    let ledger = folder.join("ledger");
    let mut path = vec![environment, services.join("common")];
    if fixed {
        path.push(services.join(name).join("fix"));
    }
    path.push(services.join(name));
    let mut child = Command::new(python)
        .args(["-u", "-B", "-s", "-m", "service", "--port", "0", "--ledger"])
        .arg(&ledger)
        .args(options)
        .current_dir(&folder)
        .env("PYTHONPATH", std::env::join_paths(path).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let port = ready
        .split("\"port\": ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    Some(Service { child, port: port.unwrap(), ledger, folder })
}

impl Service {
    /// Asks and does not wait for the answer.
    fn ask(&self, path: &str) -> TcpStream {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        connection
    }

    fn wait_for(&self, event: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !std::fs::read_to_string(&self.ledger).is_ok_and(|text| text.contains(event)) {
            assert!(Instant::now() < deadline, "{event} did not happen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn judge(&self, seconds: f64) -> HotJudgement {
        let profile = sample_process(self.child.id(), seconds);
        let report = hot_loop::judge(&profile, &HotLoopThresholds::default());
        println!("{report:#?} {:?}", profile.cost);
        report
    }
}

/// Enters the loop of a kind and judges it.
fn stuck(kind: &str) -> Option<HotJudgement> {
    let service = start("tightloop", false, &["--loop", kind])?;
    let _connection = service.ask("/attendees?stuck=1");
    service.wait_for("loop_entered");
    Some(service.judge(3.0))
}

fn check(kind: &str, verdict: Verdict, lines: Option<(u32, u32)>, unchanging: &[&str]) {
    let Some(report) = stuck(kind) else { return };
    let [finding] = report.findings.as_slice() else {
        panic!("{kind}: one finding expected: {report:#?}");
    };
    let Evidence::HotLoop(evidence) = &finding.evidence else {
        panic!("hot-loop evidence expected");
    };
    assert_eq!(finding.verdict, verdict, "{kind}");
    assert_eq!(finding.location.module.as_deref(), Some("loops"), "{kind}");
    assert_eq!(finding.location.function.as_deref(), Some(kind), "{kind}");
    if let Some(lines) = lines {
        assert_eq!((finding.location.line_first, finding.location.line_last), (Some(lines.0), Some(lines.1)), "{kind}");
    }
    for name in unchanging {
        assert!(evidence.unchanging.iter().any(|known| known == name), "{kind}: {:?}", evidence.unchanging);
    }
    assert!(evidence.cpu_fraction.unwrap() > 0.9 && evidence.starved_seconds.unwrap() > 2.5, "{kind}: {evidence:?}");
}

#[test]
fn the_loop_of_the_talk() {
    check("call", Verdict::NoObservedProgress, Some((22, 28)), &["done"]);
}

#[test]
fn no_call_at_all() {
    check("nocall", Verdict::NoObservedProgress, Some((41, 47)), &["done", "position"]);
}

#[test]
fn counting() {
    check("counting", Verdict::EventLoopStarved, Some((61, 68)), &["done", "position"]);
}

#[test]
fn flipping() {
    check("flipping", Verdict::NoObservedProgress, Some((82, 89)), &["done", "position"]);
}

#[test]
fn an_attribute_moves() {
    check("attribute", Verdict::EventLoopStarved, Some((101, 108)), &["done"]);
}

#[test]
fn one_call_into_c() {
    check("ccall", Verdict::InsideOneCCall, None, &[]);
}

/// The event loop's own timers tell that it was away before anybody looked.
#[test]
fn overdue_timers_tell_more_than_was_watched() {
    let (Some(python), Some(environment)) = (python27(), environment()) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/overdue.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).env("PYTHONPATH", environment);
    let script = support::Script::spawn(&mut command);
    // Ready means: due since a second, and still in the loop.
    let profile = script.sample(1.5);
    let overdue = profile.threads[0].overdue_seconds.unwrap();
    assert!((2.4..60.0).contains(&overdue), "{overdue}");
    let report = hot_loop::judge(&profile, &HotLoopThresholds::default());
    let Evidence::HotLoop(evidence) = &report.findings[0].evidence else { panic!() };
    assert_eq!(evidence.starved_seconds, Some(overdue));
}

fn coroutine(kind: &str) -> Option<HotJudgement> {
    let (python, environment) = (python27()?, environment()?);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/coroutines.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).arg(kind).env("PYTHONPATH", environment);
    let profile = support::Script::spawn(&mut command).sample(2.0);
    Some(hot_loop::judge(&profile, &HotLoopThresholds::default()))
}

/// The trampoline goes round for all of them; whose loop it is, and whether it gets on, is the coroutine's matter.
#[test]
fn coroutines_whose_answers_are_there_already() {
    let Some(stuck) = coroutine("stuck") else { return };
    let [finding] = stuck.findings.as_slice() else {
        panic!("one finding expected: {stuck:#?}");
    };
    assert_eq!(finding.location.function.as_deref(), Some("stuck"));
    assert_eq!(finding.verdict, Verdict::NoObservedProgress);
    // What is asked counts it; the answer is the same.
    let Some(asked) = coroutine("checked_out") else { return };
    let [finding] = asked.findings.as_slice() else {
        panic!("one finding expected: {asked:#?}");
    };
    assert_eq!(finding.location.function.as_deref(), Some("checkout"));
    // Lists made anew each time are read while they change, and each failure is counted by Twisted: whether that is
    // enough for a verdict is a matter of the moment, whose loop it is is not.
    for kind in ["nested", "failing"] {
        let Some(report) = coroutine(kind) else { return };
        let named = report.findings.iter().filter_map(|finding| finding.location.function.as_deref());
        assert!(named.clone().all(|function| function == kind), "{report:#?}");
        let told = format!("a loop in {kind}");
        let observed = report.observations.iter().any(|seen| seen.message.contains(&told));
        assert!(named.count() == 1 || observed, "{kind}: {report:#?}");
    }
    for kind in ["draining", "counting", "paging"] {
        let Some(report) = coroutine(kind) else { return };
        assert!(report.findings.is_empty(), "{kind}: {report:#?}");
    }
}

#[test]
fn the_fixed_twins_are_silent() {
    for kind in ["call", "counting", "ccall"] {
        let Some(service) = start("tightloop", true, &["--loop", kind]) else { return };
        let mut connection = service.ask("/attendees?stuck=1");
        connection.read_to_end(&mut Vec::new()).unwrap();
        assert!(service.judge(1.5).findings.is_empty(), "{kind}");
    }
}

#[test]
fn honest_work_in_the_reactor_is_no_finding() {
    let kinds: [&[&str]; 3] = [
        &["--kind", "compute", "--seconds", "60"],
        &["--kind", "iterator", "--items", "2000000000"],
        &["--kind", "long-call", "--items", "4000000000"],
    ];
    for kind in kinds {
        let Some(service) = start("negatives", false, kind) else { return };
        let _connection = service.ask("/attendees?stuck=1");
        service.wait_for("work_entered");
        let report = service.judge(3.0);
        assert!(report.findings.is_empty(), "{kind:?}: {report:#?}");
    }
}

#[test]
fn idle_and_polling_services_are_no_finding() {
    let kinds: [&[&str]; 3] = [
        &["--kind", "idle"],
        &["--kind", "sleep-poll", "--poll", "reactor"],
        &["--kind", "sleep-poll", "--poll", "thread"],
    ];
    for kind in kinds {
        let Some(service) = start("negatives", false, kind) else { return };
        assert!(service.judge(2.0).findings.is_empty(), "{kind:?}");
    }
}
