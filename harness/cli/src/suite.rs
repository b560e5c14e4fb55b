//! The runs of a suite: one after another or side by side, to the end or to the first that is not as expected.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use bloathound_engine::Stop;
use bloathound_scenario::Scenario;
use bloathound_vocabulary::Outcome;

use crate::args::RunArguments;
use crate::ground::On;
use crate::output;
use crate::plan::Planned;
use crate::twin::{self, Twin};

/// What became of it.
pub(crate) struct Suite {
    /// Runs that were not made: one before was not as expected, or somebody wanted us to end.
    not_made: usize,
    /// Who wanted us to end, and during which run.
    stopped: Option<(Stop, String)>,
}

impl Suite {
    /// Who wanted us to end, and how far it came until then. Runs that were left out for another reason are told here.
    pub(crate) fn stopped(self, planned: usize) -> Option<(Stop, String)> {
        let Some((stop, during)) = self.stopped else {
            if self.not_made > 0 {
                output::message(&format!("--fail-fast: {} of {planned} runs were not made", self.not_made));
            }
            return None;
        };
        let far = format!("{} of {planned} runs were made", planned - self.not_made);
        Some((stop, format!("ended by {} {during}; {far}", stop.as_str())))
    }
}

/// Makes the runs and hands each over, always on this thread and in one order.
pub(crate) fn run(
    planned: &[Planned<'_>],
    on: On<'_>,
    arguments: &RunArguments,
    done: &mut dyn FnMut(Planned<'_>, Twin),
) -> Suite {
    let (mut made, mut stopped) = (0, None);
    let mut go_on = true;
    let mut hand_over = |one: Planned<'_>, twin: Result<Twin, Stop>| {
        go_on &= goes_on(&twin, arguments);
        match twin {
            Ok(twin) => {
                made += 1;
                done(one, twin);
            }
            Err(stop) if stopped.is_none() => {
                stopped = Some((stop, format!("during {}, {}", one.0.name, one.1.as_str())));
            }
            Err(_) => {}
        }
        go_on
    };
    let beside: Vec<Planned<'_>> = if arguments.jobs > 1 {
        planned.iter().filter(|one| !measures_time(one.0)).copied().collect()
    } else {
        Vec::new()
    };
    let all_made = beside.is_empty() || side_by_side(&beside, on, arguments, &mut hand_over);
    // What is judged by time has the machine to itself, after the others.
    let mut alone = planned.iter().filter(|one| beside.is_empty() || measures_time(one.0));
    if all_made {
        alone.by_ref().all(|one| hand_over(*one, twin::run(one.0, one.1, on, arguments)));
    }
    Suite { not_made: planned.len() - made, stopped }
}

/// Whether a verdict on it rests on time: samples of a thread, or latencies with a diagnostic on and off.
fn measures_time(scenario: &Scenario) -> bool {
    scenario.observe.hot.is_some() || scenario.observe.toggle.is_some()
}

/// Whether another is to be begun after it.
fn goes_on(twin: &Result<Twin, Stop>, arguments: &RunArguments) -> bool {
    twin.as_ref().is_ok_and(|twin| !arguments.fail_fast || twin.record.outcome == Outcome::Pass)
}

/// Several at once, each on a thread of its own: a service ends with the thread that started it. They are handed over in
/// their order; false where no more are to be made. Those begun are finished, unless somebody wanted us to end.
fn side_by_side(
    planned: &[Planned<'_>],
    on: On<'_>,
    arguments: &RunArguments,
    hand_over: &mut dyn FnMut(Planned<'_>, Result<Twin, Stop>) -> bool,
) -> bool {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let mut go_on = true;
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.min(planned.len()) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some((scenario, variant)) = planned.get(number) else { break };
                    let twin = twin::run(scenario, *variant, on, arguments);
                    if !goes_on(&twin, arguments) {
                        stop.store(true, Ordering::SeqCst);
                    }
                    if sender.send((number, twin)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // The order of the lines is that of the plan, whoever is ready first.
        let mut ready: BTreeMap<usize, Result<Twin, Stop>> = BTreeMap::new();
        let mut shown = 0;
        for (number, twin) in receiver {
            ready.insert(number, twin);
            while let (Some(twin), Some(one)) = (ready.remove(&shown), planned.get(shown)) {
                go_on &= hand_over(*one, twin);
                shown += 1;
            }
        }
    });
    go_on
}
