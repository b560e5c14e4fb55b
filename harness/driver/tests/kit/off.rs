//! What the in-process kit costs while it is off: processor time and throughput of four services side by side, two
//! without the kit (what they differ by is not to be called a cost), one with all of it off, one in which everything
//! was on and is off again.
//!
//! `BLOATHOUND_KIT_ROUNDS=240 cargo test -p bloathound-driver --test kit_off -- --nocapture` gives the figures that
//! stand in the kit's README; fewer rounds by default.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; figures are told"
)]

#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use bloathound_driver::{LoadReport, run_round};
use bloathound_kit::{ControlClient, TraceSession, TraceTally};
use bloathound_scenario::{Load, Method, Request};
use support::kit::{Subject, start};

const OPTIONS: [&str; 4] = ["--kind", "idle", "--rows", "50"];
/// Few at a time, so that the services take turns faster than the machine's mood changes.
const REQUESTS: u64 = 20;
const ROUNDS: usize = 60;
/// Times that all services are started anew: two equal processes differ by how their memory happens to lie.
const BLOCKS: usize = 6;
/// More than this is measurable, and a failure where it is certain.
const COST_MAX: f64 = 1.10;

fn round(port: u16) -> LoadReport {
    let request = Request::plain(Method::Get, "/attendees");
    run_round(port, &Load::of(request, REQUESTS, 2), Duration::from_secs(240)).unwrap()
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

/// The median of ratios and its 95 % interval, by their ranks alone: a neighbour's burst moves few of them.
struct Interval {
    low: f64,
    median: f64,
    high: f64,
}

impl Interval {
    fn of(ratios: &[f64]) -> Self {
        let mut sorted = ratios.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        // Of so many throws of a coin, the heads are within this of half with 95 %.
        let spread = 0.98 * count.sqrt();
        let rank = |rank: f64| sorted[(rank.max(0.0) as usize).min(sorted.len() - 1)];
        Self { low: rank(count / 2.0 - spread - 1.0), median: rank(count / 2.0), high: rank(count / 2.0 + spread) }
    }
}

/// The ratios of each turn to the first service's: of processor time, of throughput.
#[derive(Default)]
struct Compared {
    time: Vec<f64>,
    throughput: Vec<f64>,
}

/// Turns of four fresh services; none where there is no Python 2.7.
fn block(turns: usize, compared: &mut [Compared; 3]) -> Option<()> {
    let plain = start("negatives", &OPTIONS)?;
    let twin = start("negatives", &OPTIONS)?;
    let off = Subject::start("negatives", &OPTIONS)?;
    let again = Subject::start("negatives", &OPTIONS)?;
    let services = [&plain, &twin, &off.service, &again.service].map(|service| (service.pid(), service.port()));
    for (_, port) in services {
        round(port);
    }
    use_everything(&again.control, again.service.port());
    for turn in 0..turns {
        let mut figures = [(0.0, 0.0); 4];
        for step in 0..4 {
            // Each is first, second, third and last equally often.
            let which = (step + turn) % 4;
            let (pid, port) = services[which];
            let before = on_cpu(pid);
            let report = round(port);
            figures[which] = (on_cpu(pid) - before, report.throughput_per_second());
        }
        for (other, compared) in compared.iter_mut().enumerate() {
            compared.time.push(figures[other + 1].0 / figures[0].0);
            compared.throughput.push(figures[other + 1].1 / figures[0].1);
        }
    }
    Some(())
}

#[test]
fn off_costs_nothing_measurable() {
    let rounds = std::env::var("BLOATHOUND_KIT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let mut compared: [Compared; 3] = Default::default();
    for _ in 0..BLOCKS {
        if block(rounds.div_ceil(BLOCKS), &mut compared).is_none() {
            return;
        }
    }
    for (what, Compared { time, throughput }) in ["no kit either", "all off", "off again"].into_iter().zip(&compared) {
        for (name, ratios) in [("processor time a request", time), ("throughput", throughput)] {
            let Interval { low, median, high } = Interval::of(ratios);
            println!("{what:13}  {name:24}  {median:.3} of that without the kit, 95 % from {low:.3} to {high:.3}");
        }
        let low = Interval::of(time).low;
        assert!(low < COST_MAX, "{what}: for certain more than {COST_MAX} times the processor time: {time:?}");
    }
}
