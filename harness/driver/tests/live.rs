//! The real services on the real Python 2.7: load, ledger, whole runs with an observer that notes what it
//! is told.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; figures are told"
)]

mod support;

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use bloathound_driver::{
    DrivenRun, Ledger, Limits, Look, Looked, Moment, Observer, RunError, RunEvent, Service, StopHow, TriggerState, run,
    run_round,
};
use bloathound_scenario::{Scenario, Traffic, Variant, load_dir, load_file, parse};
use serde_json::json;
use support::{is_running, launcher, root, wait_for};

type Boxed = Box<dyn Error + Send + Sync>;

type Act = fn(u32, &Look) -> Result<Looked, Boxed>;

/// Notes each look and does what the test says.
struct Noting {
    looks: Vec<(u32, Look)>,
    act: Act,
}

impl Observer for Noting {
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Boxed> {
        assert!(is_running(pid));
        self.looks.push((pid, *look));
        (self.act)(pid, look)
    }
}

fn acting(act: Act) -> Noting {
    Noting { looks: Vec::new(), act }
}

fn noting() -> Noting {
    acting(|_, _| Ok(Looked { pauses: vec![Duration::from_millis(3)] }))
}

/// Looks in a row that show a service at rest.
const RESTS: usize = 20;

/// Looks until the service has nothing to do.
fn until_idle(pid: u32, _: &Look) -> Result<Looked, Boxed> {
    // Waiting, and at look after look the same number of waits begun: it did not run in between. Two looks are too few,
    // as between the rows of a table it waits for a moment too.
    let (mut before, mut alike) = (None, 0);
    wait_for("the service to have nothing to do", || {
        let now = waits_begun(pid);
        alike = if now.is_some() && now == before { alike + 1 } else { 0 };
        before = now;
        alike >= RESTS
    });
    Ok(Looked::default())
}

fn scenario(name: &str) -> Scenario {
    let file = root().join(format!("scenarios/{name}.yaml"));
    load_file(&file, &root().join("reference-services")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A scenario of the repository with something changed.
fn changed(name: &str, from: &str, to: &str) -> Scenario {
    let file = root().join(format!("scenarios/{name}.yaml"));
    let yaml = std::fs::read_to_string(&file).unwrap();
    assert!(yaml.contains(from), "{from}");
    let services = root().join("reference-services");
    parse(&yaml.replace(from, to), &file, &services).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn a_counted_load_leaks_a_counted_number_of_classes() {
    let Some(launcher) = launcher() else { return };
    let scenario = scenario("leak");
    let load = scenario.load.as_ref().unwrap();
    for (variant, a_request) in [(Variant::Buggy, 1000), (Variant::Fixed, 0)] {
        let service = Service::start(&launcher.launch(&scenario, variant, &Limits::default())).unwrap();
        let ledger = Ledger::new(service.port(), service.ledger_file());
        let within = Duration::from_secs(30);
        for round in 1..=3 {
            let report = run_round(service.port(), load, within).unwrap();
            assert_eq!(report.requests, load.requests);
            let totals = ledger.totals(within).unwrap();
            assert_eq!(totals["requests"], json!(round * load.requests));
            assert_eq!(totals["leaked_objects"], json!(round * load.requests * a_request));
        }
        let facts = ledger.facts(&ledger.totals(within).unwrap()).unwrap();
        assert_eq!(facts["events"]["request"], json!(3 * load.requests));
        assert_eq!(facts["last"]["request"]["n"], json!(3 * load.requests));
        let pid = service.pid();
        // In time, that is: after the grace it would have been killed.
        assert_eq!(service.stop(Duration::from_secs(5)), StopHow::Quit);
        assert!(!is_running(pid));
    }
}

#[test]
fn a_growth_run_looks_once_before_and_once_after_each_round() {
    let Some(launcher) = launcher() else { return };
    let scenario = scenario("leak");
    let load = scenario.load.clone().unwrap();
    let rounds = scenario.observe.rounds();
    let mut observer = noting();
    let mut ready = None;
    let record = run(&scenario, Variant::Buggy, &launcher, &Limits::default(), &mut observer, &mut |event| {
        if let RunEvent::ServiceReady { pid, port } = event {
            ready = Some((pid, port));
        }
    })
    .unwrap();
    let (pid, port) = ready.unwrap();
    let mut expected: Vec<Look> = (0..=rounds)
        .map(|round| Look {
            moment: Moment::Round { round, of: rounds },
            requests: scenario.warm_up + round * load.requests,
            requests_since: if round == 0 { scenario.warm_up } else { load.requests },
        })
        .collect();
    let last = scenario.warm_up + rounds * load.requests;
    expected.push(Look { moment: Moment::UnderLoad, requests: last, requests_since: 0 });
    let looks: Vec<Look> = observer.looks.iter().map(|(_, look)| *look).collect();
    assert_eq!(looks, expected);
    assert!(observer.looks.iter().all(|(seen, _)| *seen == pid));
    assert_eq!(record.unmet, []);
    assert_eq!(record.requests, last);
    assert_eq!(record.ledger["leaked_objects"], json!(last * 1000));
    assert_eq!(record.load.as_ref().unwrap().requests, rounds * load.requests);
    assert_eq!(record.disturbance.pauses_ms.len(), expected.len());
    assert_eq!(record.disturbance.longest_pause_ms, Some(3.0));
    assert!(record.disturbance.latency_p99_ms.unwrap() > 0.0);
    assert!(record.disturbance.baseline_latency_p99_ms.unwrap() > 0.0);
    assert_eq!(record.stopped, StopHow::Quit);
    assert!(!is_running(pid));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn uneven_traffic_is_as_many_requests_and_each_look_is_told_how_many_came() {
    let Some(launcher) = launcher() else { return };
    let scenario = Scenario { traffic: Traffic::Lulls, seed: 3, ..scenario("leak") };
    let mut observer = noting();
    let limits = Limits { measure_disturbance: false, ..Limits::default() };
    let record = run(&scenario, Variant::Buggy, &launcher, &limits, &mut observer, &mut |_| ()).unwrap();
    let rounds = scenario.round_requests();
    let since: Vec<u64> = observer.looks.iter().map(|(_, look)| look.requests_since).collect();
    assert_eq!(since, [vec![scenario.warm_up], rounds.clone()].concat());
    assert!(rounds.contains(&0), "{rounds:?}");
    let of = rounds.len() as u64;
    let last = observer.looks.last().map(|(_, look)| look.moment);
    assert!(matches!(last, Some(Moment::Round { round, of: all }) if (round, all) == (of, of)));
    // The ledger is the same as under steady traffic, and so is what the scenario requires of it.
    assert_eq!(record.unmet, []);
    let planned = scenario.warm_up + rounds.iter().sum::<u64>();
    assert_eq!(record.requests, planned);
    assert_eq!(record.ledger["leaked_objects"], json!(planned * 1000));
}

#[test]
fn a_stuck_service_is_observed_while_it_answers_nobody_and_is_gone_afterwards() {
    let Some(launcher) = launcher() else { return };
    let scenario = scenario("tightloop");
    let mut observer = noting();
    let record = run(&scenario, Variant::Buggy, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap();
    assert_eq!(record.unmet, []);
    assert_eq!(record.trigger, Some(TriggerState::Unanswered));
    assert_eq!(record.stopped, StopHow::Killed);
    let [(pid, look)] = observer.looks.as_slice() else { panic!("{:?}", observer.looks) };
    assert!(matches!(look.moment, Moment::Hot { .. }));
    assert!(!is_running(*pid));
    // The twin answers the same request; whoever looks for a while sees it done.
    let mut observer = acting(until_idle);
    let record = run(&scenario, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap();
    assert_eq!(record.unmet, []);
    assert_eq!(record.trigger, Some(TriggerState::Answered));
    assert_eq!(record.stopped, StopHow::Quit);
}

/// Processor time that a process has taken, in clock ticks.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// How often the main thread has gone to sleep, while it sleeps; else `None`.
fn waits_begun(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    field("State:")?.trim().starts_with('S').then(|| field("voluntary_ctxt_switches:")?.trim().parse().ok())?
}

#[test]
fn a_run_whose_bug_did_not_happen_is_invalid() {
    let Some(launcher) = launcher() else { return };
    let never = changed("leak", "leaked_objects: 0", "leaked_objects: 24000");
    let mut observer = noting();
    let record = run(&never, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap();
    assert_eq!(record.unmet.len(), 1);
    assert_eq!(record.unmet[0].to_string(), "the ledger's `leaked_objects` is 0; required: 24000");
    // What was waited for in vain is told too, and nothing is looked at in a state that isn't the one meant.
    let wait = "collect: true\nwait: {ledger: {events.no_such: {min: 1}}, within_seconds: 0.2}\nobserve:";
    let in_vain = changed("leak", "observe:", wait);
    let mut observer = noting();
    let record = run(&in_vain, Variant::Buggy, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap();
    assert_eq!(record.unmet[0].to_string(), "the ledger's `events.no_such` is 0; required: at least 1");
    assert!(observer.looks.is_empty());
}

#[test]
fn what_fails_in_a_run_is_named_and_leaves_no_service() {
    let Some(launcher) = launcher() else { return };
    let scenario = scenario("cycles");
    let fails = |act: Act| {
        let mut observer = acting(act);
        let error = run(&scenario, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ());
        assert!(!is_running(observer.looks[0].0));
        error.unwrap_err().error
    };
    let error = fails(|_, _| Err("the page is gone".into()));
    assert!(matches!(error, RunError::Observer { .. }), "{error}");
    assert_eq!(error.to_string(), "the page is gone");
    let error = fails(|pid, _| {
        duct::cmd!("kill", "-9", pid.to_string()).run()?;
        Err("no such process".into())
    });
    assert!(matches!(error, RunError::Service(_)), "{error}");
    assert!(error.to_string().contains("signal: 9"), "{error}");
    let nowhere = changed("leak", "path: /attendees", "path: /nowhere");
    let mut observer = noting();
    let error = run(&nowhere, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("/nowhere failed; the first: status 404"), "{error}");
    let option = changed("cycles", "audit-ticks", "no-such-option");
    let error = run(&option, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("unrecognized arguments"), "{error}");
}

#[test]
fn load_goes_on_for_as_long_as_a_look_under_load_takes() {
    let Some(launcher) = launcher() else { return };
    let yaml = "{name: busy, title: Busy, service: negatives, options: {kind: idle}, \
                load: {path: /attendees, requests: 4, concurrency: 2}, observe: {hot: {seconds: 1, under_load: true}}, \
                fixed: {expect: [], ledger: {requests: {min: 12}}}}";
    let services = root().join("reference-services");
    let scenario = parse(yaml, Path::new("busy.yaml"), &services).unwrap_or_else(|errors| panic!("{errors}"));
    // Looks until the service has worked through three rounds' worth of processor time and more.
    let mut observer = acting(|pid, _| {
        let before = cpu_ticks(pid);
        wait_for("a second of the service's work", || cpu_ticks(pid) - before >= 100);
        Ok(Looked::default())
    });
    let record = run(&scenario, Variant::Fixed, &launcher, &Limits::default(), &mut observer, &mut |_| ()).unwrap();
    assert_eq!(record.unmet, []);
    assert_eq!(record.requests % 4, 0, "rounds are finished");
    assert_eq!(record.ledger["requests"], json!(record.requests));
}

#[test]
fn in_every_scenario_the_ledger_says_what_the_file_requires() {
    let Some(launcher) = launcher() else { return };
    let scenarios = load_dir(&root().join("scenarios"), &root().join("reference-services"));
    let mut wrong = Vec::new();
    // Those of CPython 3 are held by `cli/tests/scenarios_3.rs`, whose runs are no good without their ledgers.
    let is_of_27 = |scenario: &Scenario| scenario.series.takes("2.7");
    for scenario in scenarios.unwrap_or_else(|errors| panic!("{errors}")).into_iter().filter(is_of_27) {
        for variant in scenario.variants.keys() {
            let outcome = valid_run(&scenario, *variant, &launcher);
            match outcome {
                Ok(record) if record.unmet.is_empty() => {}
                Ok(record) => wrong.push(format!("{} {variant}: {:?}\n{}", scenario.name, record.unmet, record.ledger)),
                Err(error) => wrong.push(format!("{} {variant}: {error}", scenario.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn valid_run(
    scenario: &Scenario,
    variant: Variant,
    launcher: &bloathound_driver::Launcher,
) -> Result<DrivenRun, RunError> {
    // A loop that the fix ends needs its time to end; a negative's work goes on for longer than any look.
    let ends = scenario.trigger.is_some() && scenario.variants.len() == 2 && variant == Variant::Fixed;
    let mut observer = if ends { acting(until_idle) } else { noting() };
    let limits = Limits { measure_disturbance: false, ..Limits::default() };
    let record =
        run(scenario, variant, launcher, &limits, &mut observer, &mut |_| ()).map_err(|broken| broken.error)?;
    println!(
        "{} {variant}: {:.1} s, {} requests, {:?}, {:?}",
        scenario.name,
        record.elapsed.as_secs_f64(),
        record.requests,
        record.trigger,
        record.stopped
    );
    Ok(record)
}

/// What a service answers, without the head.
fn fetched(port: u16, path: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn a_seed_varies_the_rows_and_no_count_and_gives_the_same_again() {
    let Some(launcher) = launcher() else { return };
    let mut scenario = scenario("leak");
    let mut told = |seed: u64| {
        scenario.seed = seed;
        let service = Service::start(&launcher.launch(&scenario, Variant::Buggy, &Limits::default())).unwrap();
        let ledger = Ledger::new(service.port(), service.ledger_file());
        let rows = fetched(service.port(), "/attendees");
        (rows, ledger.totals(Duration::from_secs(30)).unwrap())
    };
    let (rows, totals) = told(7);
    assert!(rows.contains("@example.org"), "{rows}");
    assert_eq!(told(7), (rows.clone(), totals.clone()));
    let (other_rows, other_totals) = told(8);
    assert_ne!(other_rows, rows);
    assert_eq!(other_totals, totals);
    // Large enough for Python 2 to need another type for it.
    assert_ne!(told(u64::MAX).0, rows);
}
