//! Looks after rounds of load.

use std::time::{Duration, Instant};

use bloathound_engine::looks::RunJudge;
use bloathound_engine::source::{ExamineError, LiveProcess};
use bloathound_engine::{Interrupt, Look, Moment};

use super::loader::{Loader, STALLED};
use super::sampled::sample;
use super::{CheckError, CheckEvent, CheckPlan, Checked, CheckedProcess};
use crate::load::{self, LoadError, LoadReport, Progress};
use crate::run::FinishOnDrop;
use crate::service::POLL_EVERY;

/// One process, and what is known of it so far.
struct Judged {
    pid: u32,
    judge: RunJudge,
    pauses: Vec<Duration>,
}

struct Loaded<'p> {
    processes: Vec<Judged>,
    loader: Loader<'p>,
    plan: &'p CheckPlan,
    interrupt: &'p Interrupt,
    requests: u64,
    requests_at_look: u64,
    load: Option<LoadReport>,
    /// It was sampled because it answered nothing.
    sampled: bool,
}

/// A look, a round of load, a look, …; then one by the rules of one look, then samples under load.
pub(super) fn check(
    pids: &[u32],
    loader: Loader<'_>,
    plan: &CheckPlan,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(CheckEvent),
) -> Result<Checked, CheckError> {
    let judged =
        |pid: &u32| Judged { pid: *pid, judge: RunJudge::new(&plan.without, plan.illustrate), pauses: Vec::new() };
    let processes = pids.iter().map(judged).collect();
    let mut loaded =
        Loaded { processes, loader, plan, interrupt, requests: 0, requests_at_look: 0, load: None, sampled: false };
    let cut_short = loaded.rounds(events)?;
    let finish = |one: Judged| CheckedProcess { pid: one.pid, found: one.judge.finish(), pauses: one.pauses };
    Ok(Checked {
        processes: loaded.processes.into_iter().map(finish).collect(),
        requests: loaded.requests,
        load: loaded.load,
        elapsed: Duration::ZERO,
        cut_short,
        unmet: Vec::new(),
        ledger: serde_json::Value::Null,
        output: Vec::new(),
    })
}

impl Loaded<'_> {
    /// Why it was cut short, if it was.
    fn rounds(&mut self, events: &mut dyn FnMut(CheckEvent)) -> Result<Option<String>, CheckError> {
        let rounds = self.plan.of_rounds();
        let of = u32::try_from(rounds.len()).unwrap_or(u32::MAX);
        // What the first requests leave behind, imports and caches, is no growth.
        if self.plan.warm_up > 0
            && let Err(why) = self.round(self.plan.warm_up, events)?
        {
            return if self.sampled { Ok(Some(why.to_string())) } else { Err(why.into()) };
        }
        for (round, requests) in (0..=of).zip([0].into_iter().chain(rounds)) {
            if self.interrupt.came().is_some() {
                return Ok(Some(format!("ended after {round} of {of} rounds")));
            }
            if round > 0
                && let Err(why) = self.round(requests, events)?
            {
                return Ok(Some(format!("round {round} of {of}: {why}")));
            }
            if let Err(error) = self.look(Moment::Round { round: u64::from(round), of: u64::from(of) }) {
                return if round == 0 { Err(error.into()) } else { Ok(Some(error.to_string())) };
            }
            events(CheckEvent::Looked { round, of: Some(of), requests: self.requests });
        }
        if let Err(error) = self.look(Moment::Inspect) {
            return Ok(Some(error.to_string()));
        }
        if self.plan.sample.is_zero() || self.sampled {
            return Ok(None);
        }
        events(CheckEvent::Sampling);
        Ok(self.sample_under_load().err().map(|error| error.to_string()))
    }

    fn look(&mut self, moment: Moment) -> Result<(), ExamineError> {
        let look = Look { moment, requests: self.requests, requests_since: self.requests - self.requests_at_look };
        self.requests_at_look = self.requests;
        for one in &mut self.processes {
            let mut process = LiveProcess::open(one.pid, self.plan.look.clone())?;
            let examined = process.examine()?;
            one.judge.note_copy(&examined);
            one.pauses.push(examined.timings.capture.longest_pause);
            one.judge.judge(one.pid, &look, &examined);
        }
        Ok(())
    }

    /// A round of load. Where nothing is answered for a while, the processes are sampled meanwhile, once: that is when it
    /// shows what holds them.
    fn round(
        &mut self,
        requests: u64,
        events: &mut dyn FnMut(CheckEvent),
    ) -> Result<Result<(), LoadError>, CheckError> {
        let progress = Progress::default();
        let Self { processes, loader, plan, interrupt, sampled, .. } = self;
        let made = std::thread::scope(|scope| {
            let make = || {
                let _over = FinishOnDrop(&progress);
                loader.round(requests, &progress)
            };
            let thread = std::thread::Builder::new().spawn_scoped(scope, make).map_err(LoadError::Thread)?;
            let (mut answered, mut since) = (0, Instant::now());
            while !progress.is_over() {
                if interrupt.came().is_some() {
                    loader.give_up();
                }
                if progress.answered() != answered {
                    (answered, since) = (progress.answered(), Instant::now());
                }
                if !*sampled && !plan.sample.is_zero() && since.elapsed() >= STALLED {
                    *sampled = true;
                    events(CheckEvent::Stalled);
                    for one in processes.iter_mut() {
                        // One that can't be sampled now has ended, and the load will say so.
                        let _ = sample(one.pid, &mut one.judge, plan, interrupt);
                    }
                }
                std::thread::sleep(POLL_EVERY);
            }
            load::joined(thread)?
        });
        match made {
            Ok(report) => {
                self.requests += report.requests;
                match &mut self.load {
                    Some(sum) => sum.add(&report),
                    None => self.load = Some(report),
                }
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn sample_under_load(&mut self) -> Result<(), CheckError> {
        let (progress, looked) = (Progress::default(), Progress::default());
        let Self { processes, loader, plan, interrupt, .. } = self;
        std::thread::scope(|scope| {
            let rounds = || {
                while !looked.is_over() && loader.round(plan.requests, &progress).is_ok() {}
            };
            let thread = std::thread::Builder::new().spawn_scoped(scope, rounds).map_err(LoadError::Thread)?;
            let over = FinishOnDrop(&looked);
            let mut outcome = Ok(());
            for one in processes.iter_mut() {
                outcome = outcome.and(sample(one.pid, &mut one.judge, plan, interrupt).map(drop));
            }
            drop(over);
            load::joined(thread)?;
            outcome
        })?;
        self.requests += progress.answered();
        Ok(())
    }
}
