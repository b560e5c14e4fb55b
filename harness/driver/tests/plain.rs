//! Services of the standard library alone, which lie beside their scenarios: the same contract, kept by a real Python.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use bloathound_driver::{
    DrivenRun, Launcher, Ledger, Limits, Look, Looked, Observer, Service, StopHow, TriggerState, run, run_round,
};
use bloathound_scenario::{Scenario, Variant, parse};
use serde_json::json;
use support::{is_running, launcher, root, wait_for};

const SERVICE: &str = "\
from bhplain import Service, run
from stock import Stock

class Shop(Service):
    name = 'shop'
    threads = THREADS

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--items', type=int, default=1)

    def started(self):
        self.stock = Stock()

    def work(self, request):
        self.stock.take(request.number('of', 1) * self.settings.items)
        return {'taken': self.stock.taken()}

    def stuck(self, request):
        while not self.stock.enough():
            pass

    def facts(self):
        return {'kept': len(self.stock.kept)}

if __name__ == '__main__':
    run(Shop)
";

const STOCK: &str = "\
class Stock(object):
    kept = []

    def take(self, count):
        self.kept.extend(object() for _ in range(count))

    def taken(self):
        return len(self.kept)

    def enough(self):
        return False
";

const SCENARIO: &str = "\
name: shop
title: A shop
service: ./shop
options: {items: 5}
warm_up: 2
load: {path: /work?of=2, requests: 4, concurrency: 4}
observe: {growth: {rounds: 3}}
buggy:
  expect: [{class: leak}]
  ledger: {requests: 14, kept: 140, events.request: 14, last.request.n: 14}
fixed:
  expect: []
  ledger: {requests: 14, kept: 0}
";

const STUCK: &str = "\
name: shop
title: A shop
service: ./shop
trigger: {path: /stuck}
wait: {ledger: {events.loop_entered: {min: 1}}, within_seconds: 20}
observe: {hot: {seconds: 1}}
buggy:
  expect: [{class: hot-loop}]
  ledger: {events.loop_entered: 1, events.loop_left: 0}
";

struct Nothing;

impl Observer for Nothing {
    fn observe(&mut self, pid: u32, _: &Look) -> Result<Looked, Box<dyn std::error::Error + Send + Sync>> {
        assert!(is_running(pid));
        Ok(Looked::default())
    }
}

/// The shop beside its scenario, with a fix that keeps nothing.
fn shop(folder: &Path, yaml: &str, threads: bool) -> Scenario {
    let service = folder.join("shop");
    fs::create_dir_all(service.join("fix")).unwrap();
    let threads = if threads { "True" } else { "False" };
    fs::write(service.join("service.py"), SERVICE.replace("THREADS", threads)).unwrap();
    fs::write(service.join("stock.py"), STOCK).unwrap();
    let fixed = STOCK.replace("self.kept.extend", "list").replace("return False", "return True");
    fs::write(service.join("fix/stock.py"), fixed).unwrap();
    let file = folder.join("shop.yaml");
    parse(yaml, &file, &root().join("reference-services")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn made(scenario: &Scenario, variant: Variant, launcher: &Launcher) -> DrivenRun {
    let limits = Limits { measure_disturbance: false, ..Limits::default() };
    let record = run(scenario, variant, launcher, &limits, &mut Nothing, &mut |_| ());
    record.unwrap_or_else(|broken| panic!("{broken}"))
}

#[test]
fn a_plain_service_counts_what_it_was_asked_for() {
    let Some(launcher) = launcher() else { return };
    let folder = tempfile::tempdir().unwrap();
    for threads in [false, true] {
        let scenario = shop(folder.path(), SCENARIO, threads);
        for variant in Variant::ALL {
            let record = made(&scenario, variant, &launcher);
            assert_eq!(record.unmet, [], "{variant}");
            assert_eq!(record.stopped, StopHow::Quit);
        }
    }
}

#[test]
fn it_answers_nobody_while_it_is_stuck_and_its_ledger_tells() {
    let Some(launcher) = launcher() else { return };
    let folder = tempfile::tempdir().unwrap();
    let record = made(&shop(folder.path(), STUCK, false), Variant::Buggy, &launcher);
    assert_eq!(record.unmet, []);
    assert_eq!(record.trigger, Some(TriggerState::Unanswered));
}

#[test]
fn it_ends_with_its_parent_by_its_token_and_by_nothing_else() {
    let Some(launcher) = launcher() else { return };
    let folder = tempfile::tempdir().unwrap();
    let scenario = shop(folder.path(), SCENARIO, false);
    let service = Service::start(&launcher.launch(&scenario, Variant::Buggy, &Limits::default())).unwrap();
    let within = Duration::from_secs(20);
    let ledger = Ledger::new(service.port(), service.ledger_file());
    run_round(service.port(), scenario.load.as_ref().unwrap(), within).unwrap();
    for refused in ["/quit", "/quit?token=0123456789abcdef", "/nowhere", "/collect"] {
        let mut load = scenario.load.clone().unwrap();
        load.request.path = refused.to_owned();
        assert!(run_round(service.port(), &load, within).is_err(), "{refused}");
    }
    assert_eq!(ledger.totals(within).unwrap()["requests"], json!(4));
    let pid = service.pid();
    assert_eq!(service.stop(Duration::from_secs(5)), StopHow::Quit);
    assert!(!is_running(pid));

    // End of file, in the middle of a loop that hears nothing else.
    let launch = launcher.launch(&scenario, Variant::Buggy, &Limits::default());
    let mut alone = std::process::Command::new(&launch.program);
    alone.args(&launch.arguments).current_dir(folder.path());
    alone.env("PYTHONPATH", std::env::join_paths(&launch.python_path).unwrap());
    alone.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = alone.spawn().unwrap();
    let mut line = String::new();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    let port = serde_json::from_str::<serde_json::Value>(&line).unwrap()["port"].as_u64().unwrap();
    let mut stuck = std::net::TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
    std::io::Write::write_all(&mut stuck, b"GET /stuck HTTP/1.1\r\n\r\n").unwrap();
    wait_for("the loop to be entered", || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        let ticks = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(11)?.parse::<u64>().ok());
        ticks.is_some_and(|ticks| ticks > 50)
    });
    drop(child.stdin.take());
    wait_for("it to end", || child.try_wait().unwrap().is_some());
}
