//! Tracing where nobody is answered any more: the manhole's reactor is the one that is blocked.

use std::thread;
use std::time::{Duration, Instant};

use bloathound_scenario::{Load, ToggleFact};

use super::manhole::Credentials;
use super::subject::{ANSWER_WITHIN, Subject};
use super::trace::{is_gone, not_seen};
use super::{Toggling, phase};
use crate::load::{Trigger, TriggerState};
use crate::run::error::RunError;
use crate::run::phase::{ToggleOutcome, TogglePhase};
use crate::run::running::Running;
use crate::service::POLL_EVERY;
use bloathound_kit::{KitError, ManholeClient, TraceLoop, TraceSession, TraceStep, TraceSummary, TraceTally};

/// A manhole that lets nobody in for this long is as good as dead.
const MANHOLE_WITHIN: Duration = Duration::from_millis(1500);
/// How long a loop may take to be recognised. No verdict hangs on it.
const LOOP_WITHIN: Duration = Duration::from_secs(20);
/// How long a service that answers is watched: it must show no loop.
const CALM_WATCHED: Duration = Duration::from_millis(1500);
const STEP: Duration = Duration::from_millis(50);
/// Events in a summary; some dozen turns of the loop and more.
const EVENTS_SUMMED: u64 = 3000;

/// A round of load, the trigger, and then whoever still can look.
pub(super) fn run(
    running: &mut Running<'_>,
    load: &Load,
    mut subject: Subject,
    mut told: ToggleOutcome,
) -> Result<Toggling, RunError> {
    phase(running, load, TogglePhase::Off, &mut told, &mut |_, _| Ok(()))?;
    let door = subject.control.request("manhole on").and_then(|reply| Credentials::of(&reply, &subject));
    let (mut trigger, unmet) = running.fire_trigger(LOOP_WITHIN * 3)?;
    if unmet.is_empty() {
        let watched = door.and_then(|door| watch(&mut subject, &door, &mut trigger, running.patience(), &mut told));
        if let Err(error) = watched {
            told.broken.push(error.to_string());
        }
        is_gone(&mut subject, &mut told);
    }
    running.service.check_alive()?;
    let state = trigger.state();
    running.stuck = state == TriggerState::Unanswered;
    Ok(Toggling { outcome: told, trigger: Some(state), unmet })
}

fn watch(
    subject: &mut Subject,
    door: &Credentials,
    trigger: &mut Trigger,
    within: Duration,
    told: &mut ToggleOutcome,
) -> Result<(), KitError> {
    let blocked = is_blocked(subject, trigger, within)?;
    told.fact(ToggleFact::ReactorAnswers, !blocked);
    let patience = if blocked { MANHOLE_WITHIN } else { ANSWER_WITHIN };
    let inside = ManholeClient::login(&door.socket, &door.user, &door.password, patience);
    told.fact(ToggleFact::ManholeAnswers, inside.is_ok());
    drop(inside);

    let mut trace = TraceSession::start(subject.control.clone(), told.toggle.full)?;
    told.fact(ToggleFact::BySignal, trace.by_signal());
    let watched = recognise(&mut trace, blocked);
    trace.finish()?;
    let state = subject.status()?;
    let state = state.text(&["trace", "state"]).unwrap_or("unknown");
    told.require(state == "off", format!("tracing is {state} after it was switched off"));
    let (summary, events) = watched?;
    told.fact(ToggleFact::EventsRead, events);
    told.fact(ToggleFact::NotSeen, not_seen(&summary));
    let found = summary.repeating.filter(|found| !found.includes_event_loop());
    told.fact(ToggleFact::LoopSeen, found.is_some());
    if let Some(found) = found {
        tell_loop(&found, told);
    }
    Ok(())
}

/// Asks until the signal handler has to answer, twice and with the trigger unanswered: once may be a machine that stood
/// still for a second. A trigger that was answered tells that the reactor is not blocked.
fn is_blocked(subject: &Subject, trigger: &mut Trigger, within: Duration) -> Result<bool, KitError> {
    let stop = Instant::now() + within;
    let mut in_a_row = 0;
    while trigger.state() == TriggerState::Unanswered && Instant::now() < stop {
        in_a_row = if subject.status()?.by_signal { in_a_row + 1 } else { 0 };
        if in_a_row == 2 {
            return Ok(trigger.state() == TriggerState::Unanswered);
        }
        thread::sleep(POLL_EVERY);
    }
    Ok(false)
}

/// Reads until a loop is recognised, or for a while where none is to be expected.
fn recognise(trace: &mut TraceSession, blocked: bool) -> Result<(TraceSummary, u64), KitError> {
    let mut tally = TraceTally::default();
    let stop = Instant::now() + if blocked { LOOP_WITHIN } else { CALM_WATCHED };
    let mut summed = 0;
    loop {
        let ended = trace.step(&mut tally, STEP, None)? == TraceStep::Ended;
        let over = ended || Instant::now() >= stop;
        if tally.events() >= summed + EVENTS_SUMMED || over {
            summed = tally.events();
            let summary = tally.summarise(5);
            if over || (blocked && summary.repeating.is_some()) {
                return Ok((summary, summed));
            }
        }
    }
}

fn tell_loop(found: &TraceLoop, told: &mut ToggleOutcome) {
    told.fact(ToggleFact::LoopHasCalls, found.has_calls);
    if let Some(place) = &found.place {
        told.fact(ToggleFact::LoopFile, place.file.as_str());
        told.fact(ToggleFact::LoopFunction, place.function.as_str());
        told.fact(ToggleFact::LoopLineFirst, place.line_first);
        told.fact(ToggleFact::LoopLineLast, place.line_last);
    }
}
