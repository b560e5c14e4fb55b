//! Which processes a check looks at: what was named or started, or what that started.

use std::time::{Duration, Instant};

use bloathound_engine::source::{ExamineError, LiveProcess};
use bloathound_live::{children, command_line};

use super::{CheckError, CheckPlan};
use crate::service::{POLL_EVERY, ServiceError};

/// A family to which nobody was added for so long is whole.
const SETTLES_IN: Duration = Duration::from_millis(500);

/// Processes of a family that are looked at; a fork bomb has more.
const FAMILY_MAX: usize = 64;

/// The processes that can be read, the first one of the family first. A shell around an interpreter is none; what it started
/// is. Without `--children` the first is all.
///
/// What was just started may not be an interpreter yet, and starts its workers one after the other: it is asked again until
/// there is one and, with `--children`, nobody was added for a while, or `within` is over.
pub(super) fn find(
    pid: u32,
    plan: &CheckPlan,
    within: Duration,
    alive: &mut dyn FnMut() -> Result<(), ServiceError>,
) -> Result<Vec<u32>, CheckError> {
    let deadline = Instant::now() + within;
    let mut settled: Option<(Vec<u32>, Instant)> = None;
    loop {
        let family = family(pid);
        let mut first_error = None;
        let mut found = Vec::new();
        for one in &family {
            match LiveProcess::open(*one, plan.look.clone()) {
                Ok(_) => found.push(*one),
                Err(error) => drop(first_error.get_or_insert(error)),
            }
        }
        let now = Instant::now();
        if !plan.children {
            found.truncate(1);
        }
        if !found.is_empty() {
            let since = settled.filter(|(before, _)| *before == found).map_or(now, |(_, since)| since);
            if !plan.children || now >= deadline || now >= since + SETTLES_IN {
                return Ok(found);
            }
            settled = Some((found, since));
        } else if now >= deadline {
            alive()?;
            return Err(refused(pid, first_error));
        }
        alive()?;
        std::thread::sleep(POLL_EVERY);
    }
}

fn refused(pid: u32, error: Option<ExamineError>) -> CheckError {
    match error {
        // Why that one can't be read is said better by its own error.
        Some(error) if children(pid).is_empty() => CheckError::Examine(error),
        error => CheckError::NoPython {
            command: command_line(pid).unwrap_or_default(),
            why: error.map(|error| error.to_string()).unwrap_or_default(),
        },
    }
}

/// The process and all that it started, elders first.
pub(super) fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(&one) = family.get(at) {
        let new: Vec<u32> = children(one).into_iter().map(|(child, _)| child).collect();
        family.extend(new.into_iter().filter(|child| *child != pid));
        family.truncate(FAMILY_MAX);
        at += 1;
    }
    family
}
