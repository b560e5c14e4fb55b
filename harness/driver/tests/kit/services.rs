//! The clients of the in-process kit on the real services: dump, tracing, manhole.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking; figures are told"
)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_cpython::dialect::FIRST;
use bloathound_driver::{LoadReport, StopHow, run_round};
use bloathound_heap::{Census, HeapSnapshot, Names, ObjectId, PathFinder};
use bloathound_kit::{Dump, KitError, KitTarget, ManholeClient, TraceSession, TraceStep, TraceSummary, TraceTally};
use bloathound_scenario::{Load, Method, Request};
use support::kit::{MEMORY, PATIENCE, Subject, start};
use support::{is_running, launcher, packages, wait_for};

/// Types by name; what only one view can know is left out by the caller.
fn census(snapshot: &HeapSnapshot, tracked_only: bool) -> BTreeMap<String, (u64, u64)> {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for id in snapshot.ids().filter(|id| !tracked_only || snapshot.is_tracked(*id)) {
        let row = rows.entry(snapshot.type_of(id).qualified_name()).or_default();
        *row = (row.0 + 1, row.1 + snapshot.shallow_size(id));
    }
    rows
}

#[test]
fn the_leak_by_dumps_alone_from_delta_to_cache() {
    let Some(subject) = Subject::start("leak", &[]) else { return };
    subject.get("/attendees");
    // The first dump meets built-in types for the first time; they would be in the delta.
    subject.dump();
    let before = subject.dump().snapshot(FIRST.words);
    for _ in 0..3 {
        subject.get("/attendees");
    }
    let after = subject.dump();
    assert!(!after.torn && after.facts.service == "leak" && after.facts.pid == subject.service.pid() as i32);
    let after = after.snapshot(FIRST.words);
    // Delta by type …
    let names = Names::new(&after);
    let deltas = Census::take(&after, &names, None).since(&Census::take(&before, &Names::new(&before), None));
    let grown = deltas.iter().find(|delta| delta.name == "type").unwrap();
    assert_eq!(grown.objects, 3000, "a thousand classes a request");
    // … and then what holds one of them.
    let known: std::collections::HashSet<u64> = before.ids().map(|id| before.object(id).address).collect();
    let finder = PathFinder::new(&after);
    let fresh =
        |id: &ObjectId| after.type_of(*id).qualified_name() == "type" && !known.contains(&after.object(*id).address);
    let path = after.ids().filter(fresh).find_map(|id| finder.labels_to(id)).unwrap();
    let path = bloathound_heap::Label::join(&path, " → ");
    assert_eq!(path, "module model → DBModel → _field_cache → key");
    assert_eq!(after.quality().surplus_references, 0, "more references than counts");
}

#[test]
fn a_manhole_is_a_source_that_leaves_nothing_behind() {
    let Some(subject) = Subject::start("leak", &["--rows", "50"]) else { return };
    let modules = |dump: &Dump| {
        let snapshot = dump.snapshot(FIRST.words);
        let names: Vec<String> =
            snapshot.roots().iter().filter_map(|root| Some(snapshot.name(root.name?).to_owned())).collect();
        names
    };
    let mut manhole = subject.manhole();
    assert_eq!(manhole.peer().unwrap(), subject.service.pid() as i32);
    subject.get("/attendees");
    manhole.collect(MEMORY).unwrap();
    let first = manhole.collect(MEMORY).unwrap();
    let (files, threads) = traces_of(subject.service.pid());
    subject.get("/attendees");
    let second = manhole.collect(MEMORY).unwrap();
    assert!(!first.torn && !second.torn && first.len() > 10_000);
    assert_eq!(modules(&first).len(), modules(&second).len(), "no module more");
    let rows = census(&second.snapshot(FIRST.words), true);
    assert_eq!(rows.get("type").unwrap().0 - census(&first.snapshot(FIRST.words), true).get("type").unwrap().0, 50);
    // Between the two nothing of the first remained: one walker each, the running one.
    for name in ["_Walk", "_Old"] {
        // The kit, which this service happens to have, holds one of its own.
        let left = rows.iter().filter(|(row, _)| row.ends_with(name) && !row.starts_with("diagnostics."));
        assert!(left.map(|(_, row)| row.0).sum::<u64>() <= 1, "{name}: {rows:?}");
    }
    let census_rows = manhole.census().unwrap();
    let functions = census_rows.iter().find(|row| row.type_name == "function").unwrap().count;
    assert!(functions.abs_diff(rows["function"].0) < 40, "{functions}");
    assert_eq!((files, threads), traces_of(subject.service.pid()), "files and threads");
    drop(manhole);
    subject.get("/attendees");
}

fn traces_of(pid: u32) -> (usize, usize) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
    (count("fd"), count("task"))
}

/// A list of 200 000 rows leads to 800 000 objects that the collector doesn't track: neither what was met nor what waits
/// to be sent may pile up in the service.
#[test]
fn a_dump_through_a_manhole_takes_little_of_the_services_memory() {
    let Some(subject) = Subject::start("negatives", &["--kind", "packed"]) else { return };
    let peak_kib = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", subject.service.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let mut manhole = subject.manhole();
    manhole.census().unwrap();
    let before = peak_kib();
    let dump = manhole.collect(MEMORY).unwrap();
    let grown = peak_kib() - before;
    println!("{} objects, {grown} KiB more at the peak", dump.len());
    assert!(dump.len() > 800_000);
    assert!(grown < 50_000, "{grown} KiB");
    subject.get("/health");
}

#[test]
fn a_wrong_password_is_told_as_such() {
    let Some(subject) = Subject::start("leak", &[]) else { return };
    let reply = subject.control.request("manhole on").unwrap();
    let socket = PathBuf::from(reply.text(&["manhole", "socket"]).unwrap());
    let refused = ManholeClient::login(&socket, "operator", "guess", PATIENCE);
    assert!(matches!(&refused, Err(KitError::Manhole(text)) if text.contains("wrong")), "{refused:?}");
    subject.get("/health");
}

/// Reads the trace until a summary satisfies the condition.
fn watch(session: &mut TraceSession, what: &str, wanted: impl Fn(&TraceSummary) -> bool) -> TraceSummary {
    let mut tally = TraceTally::default();
    let stop = Instant::now() + PATIENCE;
    let mut lines = 0;
    loop {
        assert!(Instant::now() < stop, "waited in vain: {what}");
        match session.step(&mut tally, Duration::from_millis(100), None).unwrap() {
            TraceStep::Lines(more) => lines += more,
            TraceStep::Quiet => {}
            other => panic!("{other:?}"),
        }
        if lines > 3000 {
            lines = 0;
            let summary = tally.summarise(5);
            if wanted(&summary) {
                return summary;
            }
        }
    }
}

#[test]
fn the_tight_loop_is_found_by_signal_while_the_manhole_is_dead() {
    for (kind, calls) in [("call", true), ("nocall", false)] {
        let Some(subject) = Subject::start("tightloop", &["--loop", kind]) else { return };
        let on = subject.control.request("manhole on").unwrap();
        let socket = PathBuf::from(on.text(&["manhole", "socket"]).unwrap());
        let _stuck = subject.begin("/attendees?stuck=1");
        wait_for("the loop", || {
            std::fs::read_to_string(subject.service.ledger_file()).is_ok_and(|text| text.contains("loop_entered"))
        });
        // The row that it stumbles over comes a few turns of the reactor later.
        wait_for("a blocked reactor", || subject.control.request("status").unwrap().by_signal);
        let dead = ManholeClient::login(&socket, "operator", "x", Duration::from_secs(2));
        assert!(matches!(dead, Err(KitError::Manhole(_))), "{dead:?}");

        let mut session = TraceSession::start(subject.control.clone(), false).unwrap();
        assert!(session.by_signal());
        let summary = watch(&mut session, "a loop", |summary| summary.repeating.is_some());
        let found = summary.repeating.as_ref().unwrap();
        assert!(found.lines.iter().any(|row| row.file.ends_with("loops.py") && row.function == kind), "{found:?}");
        assert_eq!(calls, found.has_calls, "{summary:?}");
        assert_eq!(summary.blindness.only_lines, !calls);
        println!(
            "{kind}: {:.0} events/s, {:.0} calls/s, {} turns of {} events, lines {:?}",
            summary.events_per_second(),
            summary.calls_per_second(),
            found.sequence.turns,
            found.sequence.period,
            found.lines.iter().map(|row| row.line).collect::<Vec<_>>()
        );
        session.finish().unwrap();
        let status = subject.control.request("status").unwrap();
        assert!(status.by_signal && status.text(&["trace", "state"]) == Some("off"), "{status:?}");
    }
}

#[test]
fn a_reader_that_just_goes_leaves_the_service_quiet() {
    let Some(subject) = Subject::start("leak", &["--rows", "50"]) else { return };
    let mut session = TraceSession::start(subject.control.clone(), false).unwrap();
    let load = std::thread::spawn({
        let port = subject.service.port();
        move || round(port, 60)
    });
    let summary = watch(&mut session, "requests in the trace", |summary| {
        summary.functions.iter().any(|row| row.function == "fields" || row.file.ends_with("model.py"))
            || summary.calls > 500
    });
    assert!(summary.calls_per_second() > 0.0);
    // As if killed: nothing is said to the service.
    drop(session);
    load.join().unwrap();
    wait_for("quiet", || subject.control.request("status").unwrap().text(&["trace", "state"]) == Some("waiting"));
    let again = TraceSession::start(subject.control.clone(), false).unwrap();
    again.finish().unwrap();
    subject.get("/health");
}

#[test]
fn a_service_without_the_kit_is_told_apart_and_left_alone() {
    let Some(service) = start("leak", &[]) else { return };
    let none = KitTarget::of_process(service.pid() as i32);
    assert!(matches!(none, Err(KitError::NoDiagnostics { .. })));
    assert!(is_running(service.pid()));
}

/// Any user of the machine reaches a service's port.
#[test]
fn nobody_without_the_token_ends_a_service_and_its_ledger_is_its_owners_only() {
    let Some(service) = start("leak", &[]) else { return };
    for path in ["/quit", "/quit?token=", "/quit?token=0123456789abcdef0123456789abcdef"] {
        let mut connection = TcpStream::connect(("127.0.0.1", service.port())).unwrap();
        write!(connection, "POST {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 403 ") && answer.contains("handshake"), "{path}: {answer}");
    }
    assert!(is_running(service.pid()));
    let mode = std::fs::metadata(service.ledger_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(service.stop(Duration::from_secs(60)), StopHow::Quit);
}

fn round(port: u16, requests: u64) -> LoadReport {
    let request = Request::plain(Method::Get, "/attendees");
    run_round(port, &Load::of(request, requests, 4), Duration::from_secs(240)).unwrap()
}

/// The kit's own tests, in Python, on real processes: security, tracing, dump, logging, manhole.
#[test]
fn the_kits_own_tests_pass() {
    let Some(launcher) = launcher() else { return };
    let output = duct::cmd!(
        &launcher.interpreter.executable,
        "-B",
        "-m",
        "unittest",
        "discover",
        "-s",
        "diagnostics/tests",
        "-t",
        "."
    )
    .dir(&launcher.services_dir)
    .env("BLOATHOUND_TEST_ENV", packages(&launcher))
    .stderr_to_stdout()
    .stdout_capture()
    .unchecked()
    .run()
    .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    println!("{}", text.lines().rev().take(4).collect::<Vec<_>>().join(" "));
}
