//! The small process that holds a pause: it stops, waits for a word or its deadline, and lets go.
//!
//! It is in a session of its own, so that no key of a terminal reaches it, and it ends with whoever started it: its
//! standard input closes then. Whatever ends it, the kernel lets the target go on.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::message::{LetGo, READY, answer_line, gone_line};
use super::tracer::Tracer;

/// Longest line that is listened to.
const LINE_BYTES_MAX: usize = 64;

/// Holds one pause, as `PROGRAM __hold PID STOP_WITHIN_US LONGEST_US` is told to by its standard input. `arguments` is
/// what follows [`super::HOLD`].
///
/// # Errors
/// When the arguments are not these three numbers, or nobody listens.
pub fn hold(arguments: &[String]) -> io::Result<()> {
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(pid), Some(stop_within), Some(longest)) = (number(0), number(1), number(2)) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "meant PID STOP_WITHIN_US LONGEST_US"));
    };
    let pid = u32::try_from(pid).map_err(io::Error::other)?;
    // Refused to the leader of a process group only, which a child just started is not: nothing depends on it.
    let _ = nix::unistd::setsid();
    let mut tracer = Tracer::new(pid);
    say(READY)?;
    if !is_asked(None)? {
        return Ok(());
    }
    let since = Instant::now();
    let answer = tracer.stop_all(since, Duration::from_micros(stop_within));
    let stopped = answer.is_ok();
    let said = say(&answer_line(&answer));
    if !stopped {
        return said;
    }
    let asked = said.and_then(|()| is_asked(Some(since + Duration::from_micros(longest))));
    tracer.detach_all();
    let held = since.elapsed();
    let why = match asked {
        Ok(true) => LetGo::Asked,
        Ok(false) => LetGo::Left,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => LetGo::Deadline,
        Err(_) => LetGo::Left,
    };
    // What was not let go by name goes when this process ends, which is now.
    say(&gone_line(held, why))
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// Waits for a line: true when one came, false at the end of the input.
fn is_asked(until: Option<Instant>) -> io::Result<bool> {
    let input = io::stdin();
    loop {
        let remaining = until.map(|until| until.saturating_duration_since(Instant::now()));
        if remaining.is_some_and(|remaining| remaining.is_zero()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut wanted = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut wanted, remaining.map(TimeSpec::from_duration), None) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(input.lock().read(&mut [0; LINE_BYTES_MAX])? > 0),
            Err(errno) => return Err(errno.into()),
        }
    }
}
