//! What the in-process kit costs while it is off: processor time and throughput of three services side by side, one
//! without the kit, one with all of it off, one in which everything was on and is off again.
//!
//! `BLOATHOUND_KIT_ROUNDS=60 cargo test -p bloathound-driver --test kit_off -- --nocapture` gives the figures that
//! stand in the kit's README; fewer rounds by default.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; figures are told"
)]

mod support;

use std::time::Duration;

use bloathound_driver::kit::{ControlClient, TraceSession, TraceTally};
use bloathound_driver::{LoadReport, run_round};
use bloathound_scenario::{Load, Method, Request};
use support::kit::{Subject, start};

const OPTIONS: [&str; 4] = ["--kind", "idle", "--rows", "50"];
const REQUESTS: u64 = 100;
/// More than this is measurable, and a failure where it is certain.
const COST_MAX: f64 = 1.05;

fn round(port: u16) -> LoadReport {
    let request = Request { method: Method::Get, path: "/attendees".into() };
    run_round(port, &Load { request, requests: REQUESTS, concurrency: 2 }, Duration::from_secs(240)).unwrap()
}

/// Nanoseconds on a processor, of all threads. A thread's time goes when it ends, so helpers must have ended before.
fn on_cpu(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let of_thread = |text: String| text.split(' ').next()?.parse::<f64>().ok();
    tasks.filter_map(|task| of_thread(std::fs::read_to_string(task.path().join("schedstat")).ok()?)).sum()
}

/// Everything on for a while, then off.
fn use_everything(control: &ControlClient, port: u16) {
    for command in ["log on", "manhole on"] {
        control.request(command).unwrap();
    }
    let mut session = TraceSession::start(control.clone(), false).unwrap();
    let mut tally = TraceTally::default();
    std::thread::scope(|scope| {
        let load = scope.spawn(|| round(port));
        while !load.is_finished() {
            session.step(&mut tally, Duration::from_millis(20), None).unwrap();
        }
    });
    assert!(tally.events() > 1000);
    session.finish().unwrap();
    for command in ["log off", "manhole off", "dump"] {
        control.request(command).unwrap();
    }
}

/// Geometric mean of ratios and its 95 % interval.
struct Interval {
    low: f64,
    mean: f64,
    high: f64,
}

impl Interval {
    fn of(ratios: &[f64]) -> Self {
        let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        // Student's t at 95 %, to two digits from seven degrees of freedom on.
        let t = 1.96 + 2.8 / (count - 1.0);
        let spread = t * (variance / count).sqrt();
        Self { low: (mean - spread).exp(), mean: mean.exp(), high: (mean + spread).exp() }
    }
}

#[test]
fn off_costs_nothing_measurable() {
    let Some(off) = Subject::start("negatives", &OPTIONS) else { return };
    let again = Subject::start("negatives", &OPTIONS).unwrap();
    let plain = start("negatives", &OPTIONS).unwrap();
    let services = [(plain.pid(), plain.port()), (off.service.pid(), off.service.port())];
    let services = [services[0], services[1], (again.service.pid(), again.service.port())];
    for (_, port) in services {
        round(port);
    }
    use_everything(&again.control, again.service.port());

    let rounds: usize = std::env::var("BLOATHOUND_KIT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let (mut time, mut throughput) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for turn in 0..rounds.max(8) {
        let mut figures = [(0.0, 0.0); 3];
        for step in 0..3 {
            // Each is first, second and last equally often.
            let which = (step + turn) % 3;
            let (pid, port) = services[which];
            let before = on_cpu(pid);
            let report = round(port);
            figures[which] = (on_cpu(pid) - before, report.throughput_per_second());
        }
        for kit in 0..2 {
            time[kit].push(figures[kit + 1].0 / figures[0].0);
            throughput[kit].push(figures[kit + 1].1 / figures[0].1);
        }
    }
    let mut lowest: f64 = 0.0;
    for (kit, what) in ["all off", "off again"].into_iter().enumerate() {
        for (name, ratios) in [("processor time a request", &time[kit]), ("throughput", &throughput[kit])] {
            let Interval { low, mean, high } = Interval::of(ratios);
            println!("{what:9}  {name:24}  {mean:.3} of that without the kit, 95 % from {low:.3} to {high:.3}");
        }
        lowest = lowest.max(Interval::of(&time[kit]).low);
    }
    assert!(lowest < COST_MAX, "for certain more than {COST_MAX} times the processor time: {time:?}");
}
