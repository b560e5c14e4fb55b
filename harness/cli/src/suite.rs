//! The runs of a suite: one after another or side by side, to the end or to the first that is not as expected.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use bloathound_driver::Launcher;
use bloathound_scenario::{Scenario, Variant};
use bloathound_vocabulary::Outcome;

use crate::args::RunArguments;
use crate::twin::{self, Twin};

/// Which twin of which scenario.
pub(crate) type Planned<'s> = (&'s Scenario, Variant);

/// Makes the runs and hands each over, always on this thread and in one order; how many were not made because one before
/// was not as expected.
pub(crate) fn run(
    planned: &[Planned<'_>],
    launcher: &Launcher,
    arguments: &RunArguments,
    done: &mut dyn FnMut(Planned<'_>, Twin),
) -> usize {
    let mut made = 0;
    let mut go_on = true;
    let mut hand_over = |one: Planned<'_>, twin: Twin| {
        made += 1;
        go_on &= !arguments.fail_fast || is_as_expected(&twin);
        done(one, twin);
        go_on
    };
    let beside: Vec<Planned<'_>> = if arguments.jobs > 1 {
        planned.iter().filter(|one| !measures_time(one.0)).copied().collect()
    } else {
        Vec::new()
    };
    let goes_on = beside.is_empty() || side_by_side(&beside, launcher, arguments, &mut hand_over);
    // What is judged by time has the machine to itself, after the others.
    let mut alone = planned.iter().filter(|one| beside.is_empty() || measures_time(one.0));
    if goes_on {
        alone.by_ref().all(|one| hand_over(*one, twin::run(one.0, one.1, launcher, arguments)));
    }
    planned.len() - made
}

/// Whether a verdict on it rests on time: samples of a thread, or latencies with a diagnostic on and off.
fn measures_time(scenario: &Scenario) -> bool {
    scenario.observe.hot.is_some() || scenario.observe.toggle.is_some()
}

fn is_as_expected(twin: &Twin) -> bool {
    twin.record.outcome == Outcome::Pass
}

/// Several at once, each on a thread of its own: a service ends with the thread that started it. They are handed over in
/// their order; false where one was not as expected and no more are to be made. Those begun are finished.
fn side_by_side(
    planned: &[Planned<'_>],
    launcher: &Launcher,
    arguments: &RunArguments,
    hand_over: &mut dyn FnMut(Planned<'_>, Twin) -> bool,
) -> bool {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let mut goes_on = true;
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.min(planned.len()) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some((scenario, variant)) = planned.get(number) else { break };
                    let twin = twin::run(scenario, *variant, launcher, arguments);
                    if arguments.fail_fast && !is_as_expected(&twin) {
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
        let mut ready: BTreeMap<usize, Twin> = BTreeMap::new();
        let mut shown = 0;
        for (number, twin) in receiver {
            ready.insert(number, twin);
            while let (Some(twin), Some(one)) = (ready.remove(&shown), planned.get(shown)) {
                goes_on &= hand_over(*one, twin);
                shown += 1;
            }
        }
    });
    goes_on
}
