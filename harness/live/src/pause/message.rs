//! What the holder of a pause and whoever asked for it say to each other, one line each.
//!
//! ```text
//! holder: ready                           asking side: stop
//! holder: held TOOK_NS THREADS TID,TID    asking side: go (or its end)
//! holder: gone HELD_NS asked|deadline|left
//! ```
//! or `failed …` in place of `held`.

use std::time::Duration;

use nix::errno::Errno;

use crate::error::LiveError;
use crate::process::Process;

/// The holder waits for the word to stop.
pub(super) const READY: &str = "ready";
/// Stop the target now.
pub(super) const STOP: &str = "stop";
/// Let it go.
pub(super) const GO: &str = "go";

/// System calls that are named in messages.
const CALLS: [&str; 3] = ["PTRACE_SEIZE", "PTRACE_INTERRUPT", "waitid"];

/// All threads stand still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StoppedAll {
    /// Until the last one did.
    pub(super) took: Duration,
    /// Threads that stand still.
    pub(super) threads: u32,
    /// Threads asleep in the kernel where nothing wakes them.
    pub(super) unstoppable: Vec<u32>,
}

/// Why the threads could not be stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    NotAllowed,
    Traced {
        tracer: u32,
    },
    DidNotStop {
        tid: u32,
        waited: Duration,
    },
    System {
        call: &'static str,
        errno: Errno,
    },
    Gone,
    /// The process that was to stop them has ended or does not answer.
    HolderLost,
}

/// Why a holder let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LetGo {
    /// It was asked to.
    Asked,
    /// The pause had lasted as long as it may.
    Deadline,
    /// The asking side is gone.
    Left,
}

impl Failure {
    pub(super) fn into_error(self, process: &Process) -> LiveError {
        let pid = process.pid();
        match self {
            Self::NotAllowed => process.no_permission(),
            Self::Traced { tracer } => LiveError::AlreadyTraced { pid, tracer },
            Self::DidNotStop { tid, waited } => LiveError::DidNotStop { pid, tid, waited },
            Self::System { call, errno } => LiveError::System { pid, call, cause: errno.into() },
            Self::Gone => process.check_alive().err().unwrap_or(LiveError::Gone { pid }),
            Self::HolderLost => LiveError::HolderLost { pid },
        }
    }

    pub(super) fn line(self) -> String {
        match self {
            Self::NotAllowed => "failed not-allowed".to_owned(),
            Self::Traced { tracer } => format!("failed traced {tracer}"),
            Self::DidNotStop { tid, waited } => format!("failed running {tid} {}", waited.as_nanos()),
            Self::System { call, errno } => format!("failed system {call} {}", errno as i32),
            Self::Gone => "failed gone".to_owned(),
            Self::HolderLost => "failed holder".to_owned(),
        }
    }

    fn of_words(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["not-allowed"] => Self::NotAllowed,
            ["traced", tracer] => Self::Traced { tracer: tracer.parse().ok()? },
            ["running", tid, waited] => Self::DidNotStop { tid: tid.parse().ok()?, waited: nanoseconds(waited)? },
            ["system", call, errno] => {
                let call = CALLS.into_iter().find(|known| known == call)?;
                Self::System { call, errno: Errno::from_raw(errno.parse().ok()?) }
            }
            ["gone"] => Self::Gone,
            ["holder"] => Self::HolderLost,
            _ => return None,
        })
    }
}

/// The answer to [`STOP`].
pub(super) fn answer_line(answer: &Result<StoppedAll, Failure>) -> String {
    match answer {
        Ok(all) => {
            let unstoppable: Vec<String> = all.unstoppable.iter().map(u32::to_string).collect();
            format!("held {} {} {}", all.took.as_nanos(), all.threads, unstoppable.join(","))
        }
        Err(failure) => failure.line(),
    }
}

/// The same, read back; `None` for what is none.
pub(super) fn parse_answer(line: &str) -> Option<Result<StoppedAll, Failure>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["held", took, threads, rest @ ..] => {
            let list = rest.first().copied().unwrap_or_default();
            let unstoppable: Result<Vec<u32>, _> =
                list.split(',').filter(|tid| !tid.is_empty()).map(str::parse).collect();
            Some(Ok(StoppedAll {
                took: nanoseconds(took)?,
                threads: threads.parse().ok()?,
                unstoppable: unstoppable.ok()?,
            }))
        }
        ["failed", rest @ ..] => Failure::of_words(rest).map(Err),
        _ => None,
    }
}

/// What a holder says when it has let go.
pub(super) fn gone_line(held: Duration, why: LetGo) -> String {
    let why = match why {
        LetGo::Asked => "asked",
        LetGo::Deadline => "deadline",
        LetGo::Left => "left",
    };
    format!("gone {} {why}", held.as_nanos())
}

/// The same, read back; `None` for what is none.
pub(super) fn parse_gone(line: &str) -> Option<(Duration, LetGo)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["gone", held, why] = words.as_slice() else {
        return None;
    };
    let why = match *why {
        "asked" => LetGo::Asked,
        "deadline" => LetGo::Deadline,
        "left" => LetGo::Left,
        _ => return None,
    };
    Some((nanoseconds(held)?, why))
}

fn nanoseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let took = Duration::from_micros(70);
        let failures = [
            Failure::NotAllowed,
            Failure::Traced { tracer: 7 },
            Failure::DidNotStop { tid: 9, waited: took },
            Failure::System { call: "waitid", errno: Errno::EINVAL },
            Failure::Gone,
        ];
        let held = [vec![], vec![5], vec![5, 6]].map(|unstoppable| Ok(StoppedAll { took, threads: 3, unstoppable }));
        for answer in failures.into_iter().map(Err).chain(held) {
            assert_eq!(parse_answer(&answer_line(&answer)), Some(answer));
        }
        for why in [LetGo::Asked, LetGo::Deadline, LetGo::Left] {
            assert_eq!(parse_gone(&gone_line(took, why)), Some((took, why)));
        }
        for other in ["", "held", "held x 1", "failed", "failed system rm 1", "gone 5", "gone 5 away"] {
            assert_eq!((parse_answer(other), parse_gone(other)), (None, None), "{other}");
        }
    }
}
