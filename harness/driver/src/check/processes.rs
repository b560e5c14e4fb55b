//! Which processes a check looks at: what was named or started, or what that started.

use std::time::{Duration, Instant};

use bloathound_engine::source::{ExamineError, LiveProcess};
use bloathound_live::{children, command_line};

use super::{CheckError, CheckPlan};
use crate::service::{POLL_EVERY, ServiceError};

/// Generations and processes of a family that are looked at; a fork bomb has more.
const FAMILY_MAX: usize = 64;

/// The processes that can be read, the first one of the family first. A shell around an interpreter is none; what it started
/// is. Without `--children` the first is all.
///
/// What was just started may not be an interpreter yet: it is asked again until `within` is over.
pub(super) fn find(
    pid: u32,
    plan: &CheckPlan,
    within: Duration,
    alive: &mut dyn FnMut() -> Result<(), ServiceError>,
) -> Result<Vec<u32>, CheckError> {
    let deadline = Instant::now() + within;
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
        if !found.is_empty() {
            if !plan.children {
                found.truncate(1);
            }
            return Ok(found);
        }
        alive()?;
        if Instant::now() >= deadline {
            return Err(refused(pid, first_error));
        }
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
fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(&one) = family.get(at) {
        let new: Vec<u32> = children(one).into_iter().map(|(child, _)| child).collect();
        family.extend(new.into_iter().filter(|child| *child != pid));
        at += 1;
        if family.len() >= FAMILY_MAX {
            break;
        }
    }
    family
}
