//! Looks as time passes: the target does whatever it does.

use std::sync::mpsc;
use std::time::Duration;

use bloathound_engine::looks::{self, RunJudge, WatchEvent, WatchOptions};
use bloathound_engine::source::LiveProcess;
use bloathound_engine::{Asked, Interrupt, Look, Moment};

use super::sampled::sample;
use super::{CheckError, CheckEvent, CheckPlan, Checked, CheckedProcess};
use crate::load::joined;

/// Samples, looks until it is sure, samples again; all processes side by side.
pub(super) fn check(
    pids: &[u32],
    plan: &CheckPlan,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(CheckEvent),
) -> Result<Checked, CheckError> {
    let (sender, receiver) = mpsc::channel();
    let checked: Vec<Result<(CheckedProcess, Option<String>), CheckError>> = std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (number, pid) in pids.iter().enumerate() {
            let sender = (number == 0).then(|| sender.clone());
            let one = move || one(*pid, plan, interrupt, &mut |event| drop(sender.as_ref().map(|to| to.send(event))));
            threads.push(std::thread::Builder::new().spawn_scoped(scope, one));
        }
        drop(sender);
        // Until the last of them has nothing more to tell.
        receiver.iter().for_each(&mut *events);
        let join = |thread: std::io::Result<_>| joined(thread.map_err(crate::load::LoadError::Thread)?)?;
        threads.into_iter().map(join).collect()
    });
    let mut processes = Vec::new();
    let (mut cut_short, mut failed) = (None, None);
    for one in checked {
        match one {
            Ok((process, why)) => {
                processes.push(process);
                cut_short = cut_short.or(why);
            }
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    match failed {
        // One of several that ended meanwhile costs nothing but itself.
        Some(error) if processes.is_empty() => Err(error),
        failed => Ok(Checked {
            processes,
            requests: 0,
            load: None,
            elapsed: Duration::ZERO,
            cut_short: cut_short.or(failed.map(|error| error.to_string())),
            unmet: Vec::new(),
            ledger: serde_json::Value::Null,
            output: Vec::new(),
        }),
    }
}

/// One process, and why it was not watched to the end.
fn one(
    pid: u32,
    plan: &CheckPlan,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(CheckEvent),
) -> Result<(CheckedProcess, Option<String>), CheckError> {
    let mut judge = RunJudge::new(&plan.without, plan.illustrate);
    // What spins does nothing else that there would be to see.
    tell(CheckEvent::Sampling);
    let spins = sample(pid, &mut judge, plan, interrupt)?;
    let mut watched = None;
    if !spins {
        let options = WatchOptions {
            asked: Asked::default(),
            pid,
            rounds: plan.rounds,
            interval: plan.interval,
            max_time: plan.max_time,
            look: plan.look.clone(),
            keep: None,
            without: plan.without.clone(),
        };
        let of = plan.rounds;
        let mut told = |event: &WatchEvent| {
            if let WatchEvent::Looked(told) = event {
                tell(CheckEvent::Looked { round: told.round, of, requests: 0 });
            }
        };
        watched = Some(looks::watch(&options, interrupt, &mut told)?.report);
    }
    let mut pauses = Vec::new();
    let sample_again = watched.as_ref().is_some_and(|report| report.findings.is_empty());
    let partial = watched.as_ref().and_then(|report| report.partial.as_ref());
    let cut_short = match partial.map(|partial| partial.why.clone()) {
        None => at_the_end(pid, &mut judge, sample_again, plan, interrupt, &mut pauses, tell).err(),
        cut_short => cut_short,
    };
    let mut found = judge.finish();
    if let Some(report) = watched {
        // What the watch says of a place is surer than what the look at the end says of the same.
        let watched: Vec<_> = report.findings.iter().map(|one| (one.class, one.fingerprint.clone())).collect();
        found.findings.retain(|one| !watched.contains(&(one.class, one.fingerprint.clone())));
        found.findings.splice(0..0, report.findings);
        found.observations.extend(report.observations);
        let new: Vec<_> = report.problems.into_iter().filter(|problem| !found.problems.contains(problem)).collect();
        found.problems.extend(new);
    }
    Ok((CheckedProcess { pid, found, pauses }, cut_short))
}

/// Samples once more, where nothing was found yet: a loop may have begun meanwhile. Then the rules of one look. Why that was not
/// possible; what was seen before stands all the same.
fn at_the_end(
    pid: u32,
    judge: &mut RunJudge,
    sample_again: bool,
    plan: &CheckPlan,
    interrupt: &Interrupt,
    pauses: &mut Vec<Duration>,
    tell: &mut dyn FnMut(CheckEvent),
) -> Result<(), String> {
    let look = |judge: &mut RunJudge, pauses: &mut Vec<Duration>| -> Result<(), CheckError> {
        let mut process = LiveProcess::open(pid, plan.look.clone())?;
        let examined = process.examine()?;
        judge.note_copy(&examined);
        pauses.push(examined.timings.capture.longest_pause);
        judge.judge(pid, &Look { moment: Moment::Inspect, requests: 0, requests_since: 0 }, &examined);
        Ok(())
    };
    if sample_again {
        tell(CheckEvent::Sampling);
        sample(pid, judge, plan, interrupt).map_err(|error| error.to_string())?;
    }
    look(judge, pauses).map_err(|error| error.to_string())
}
