//! Tracing switched on, read step by step, and switched off again on every way out.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::event::parse_trace_line;
use super::summary::TraceTally;
use crate::control::ControlClient;
use crate::error::KitError;
use crate::locate::beside;
use crate::peer::trusted;

const READ_BYTES: usize = 64 * 1024;
/// A line longer than this is no line of the format.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// What came of waiting for events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceStep {
    /// Lines were added to the tally.
    Lines(usize),
    /// Nothing in the time given.
    Quiet,
    /// The service closed its side: it ended, or someone switched tracing off.
    Ended,
    /// The caller's own descriptor became ready.
    Interrupted,
}

/// Reads a service's trace pipe. While it lives the service traces; the pipe's closing alone makes it go quiet, so
/// even a reader that is killed leaves nothing behind but a switch that is on, which [`TraceSession::finish`] turns.
#[derive(Debug)]
pub struct TraceSession {
    control: ControlClient,
    pipe: File,
    rest: Vec<u8>,
    by_signal: bool,
}

impl TraceSession {
    /// Switches tracing on and opens the pipe. Tracing slows the service down, so it comes in bursts with rests that
    /// leave the service most of its speed; `full` is without rests.
    pub fn start(control: ControlClient, full: bool) -> Result<Self, KitError> {
        let command = if full { "trace on full" } else { "trace on" };
        let reply = control.request(command)?;
        if reply.text(&["trace", "state"]) == Some("tracing") {
            let reason = "somebody reads the trace already".to_owned();
            return Err(KitError::Refused { command: command.into(), reason });
        }
        let named = reply
            .text(&["trace", "pipe"])
            .ok_or_else(|| KitError::BadAnswer { command: command.into(), reason: "it names no pipe".into() })?;
        let pipe = open_pipe(&beside(control.target().socket(), Path::new(named)))?;
        Ok(Self { control, pipe, rest: Vec::new(), by_signal: reply.by_signal })
    }

    /// True when the reactor didn't answer and the signal handler switched tracing on.
    #[must_use]
    pub fn by_signal(&self) -> bool {
        self.by_signal
    }

    /// Waits up to `timeout` and adds what came to `tally`. `stop` ends the waiting early when it becomes readable.
    pub fn step(
        &mut self,
        tally: &mut TraceTally,
        timeout: Duration,
        stop: Option<BorrowedFd<'_>>,
    ) -> Result<TraceStep, KitError> {
        let wait = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut ready = vec![PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        ready.extend(stop.map(|stop| PollFd::new(stop, PollFlags::POLLIN)));
        match poll(&mut ready, wait) {
            Ok(0) | Err(Errno::EINTR) => return Ok(TraceStep::Quiet),
            Ok(_) => {}
            Err(error) => return Err(KitError::io("waiting for events", error.into())),
        }
        if ready.get(1).is_some_and(|stop| stop.any() == Some(true)) {
            return Ok(TraceStep::Interrupted);
        }
        let mut buffer = [0; READ_BYTES];
        match self.pipe.read(&mut buffer) {
            Ok(0) => Ok(TraceStep::Ended),
            Ok(length) => Ok(TraceStep::Lines(self.take(&buffer[..length], tally))),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Ok(TraceStep::Quiet)
            }
            Err(source) => Err(KitError::io("reading events", source)),
        }
    }

    fn take(&mut self, data: &[u8], tally: &mut TraceTally) -> usize {
        self.rest.extend_from_slice(data);
        let mut lines = 0;
        let mut begin = 0;
        while let Some(length) = self.rest[begin..].iter().position(|byte| *byte == b'\n') {
            match std::str::from_utf8(&self.rest[begin..begin + length]).ok().and_then(parse_trace_line) {
                Some(line) => tally.add(&line),
                None => tally.add_unreadable(),
            }
            lines += 1;
            begin += length + 1;
        }
        self.rest.drain(..begin);
        if self.rest.len() > LINE_BYTES_MAX {
            self.rest.clear();
            tally.add_unreadable();
        }
        lines
    }

    /// Closes the pipe and switches tracing off.
    pub fn finish(self) -> Result<(), KitError> {
        let Self { control, pipe, .. } = self;
        // First the pipe: from here on the service is quiet, whatever becomes of the command.
        drop(pipe);
        control.request("trace off").map(|_| ())
    }
}

fn open_pipe(path: &Path) -> Result<File, KitError> {
    let pipe = fs::OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|source| KitError::io(format!("opening {}", path.display()), source))?;
    let state = pipe.metadata().map_err(|source| KitError::io("looking at the pipe", source))?;
    if !state.file_type().is_fifo() || !trusted(state.uid()) {
        return Err(KitError::unsafe_path(path, "not a pipe of the service's user"));
    }
    Ok(pipe)
}
