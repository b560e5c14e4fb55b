//! Drives load by count: so many requests, so many at once, every one of them answered or an error.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{JoinHandle, ScopedJoinHandle};
use std::time::{Duration, Instant};

use bloathound_scenario::{Load, NUMBER, Request};
use hdrhistogram::Histogram;

use crate::http::{self, Exchange, HttpError};

/// Latencies are kept to three digits, from a microsecond up.
const DIGITS: u8 = 3;

/// The figures of one or more rounds.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// Requests made and answered.
    pub requests: u64,
    /// From the first request's start to the last answer.
    pub elapsed: Duration,
    latencies: Histogram<u64>,
}

impl LoadReport {
    /// No request yet.
    ///
    /// # Errors
    /// None in practice: the histogram's precision is a constant.
    fn empty() -> Result<Self, LoadError> {
        Ok(Self {
            requests: 0,
            elapsed: Duration::ZERO,
            latencies: Histogram::new(DIGITS).map_err(|_| LoadError::Histogram)?,
        })
    }

    /// Requests that somebody else made, of which nobody knows the latencies.
    pub(crate) fn counted(requests: u64, elapsed: Duration) -> Result<Self, LoadError> {
        Ok(Self { requests, elapsed, ..Self::empty()? })
    }

    /// The latency that this share of the requests stayed within, in milliseconds: 0.5, 0.99.
    #[must_use]
    pub fn latency_ms(&self, share: f64) -> f64 {
        self.latencies.value_at_quantile(share) as f64 / 1e3
    }

    /// The longest latency in milliseconds.
    #[must_use]
    pub fn latency_max_ms(&self) -> f64 {
        self.latencies.max() as f64 / 1e3
    }

    /// Requests answered a second.
    #[must_use]
    pub fn throughput_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.requests as f64 / seconds } else { 0.0 }
    }

    /// Adds the figures of another round.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.elapsed += other.elapsed;
        // Both resize themselves, so nothing is out of range.
        let _ = self.latencies.add(&other.latencies);
    }
}

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Requests failed; the rest of the round was not made.
    #[error("{failed} of {requests} requests to {path} failed; the first: {first}")]
    RequestsFailed {
        /// The path.
        path: String,
        /// How many failed.
        failed: u64,
        /// How many were to be made.
        requests: u64,
        /// The first failure.
        #[source]
        first: HttpError,
    },
    /// A thread of the driver can't be started.
    #[error("can't start a thread for the load: {0}")]
    Thread(#[source] io::Error),
    /// A thread of the driver broke: a mistake of ours, and nothing of the service's.
    #[error("a thread of the load panicked: {message}; this is a mistake in bloathound")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// A command that was to make the load did not, or not to its end.
    #[error("the load command {line:?} failed: {why}")]
    Command {
        /// The command line.
        line: String,
        /// How it ended.
        why: String,
    },
    /// The histogram can't be made.
    #[error("can't keep latencies")]
    Histogram,
}

/// How far a round is, for whoever waits on another thread.
#[derive(Debug, Default)]
pub struct Progress {
    answered: AtomicU64,
    over: AtomicBool,
}

impl Progress {
    /// Requests answered so far.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Acquire)
    }

    /// Whether the round is over, well or not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(crate) fn count(&self, requests: u64) {
        self.answered.fetch_add(requests, Ordering::AcqRel);
    }

    pub(crate) fn finish(&self) {
        self.over.store(true, Ordering::Release);
    }
}

/// Makes the requests of one round.
///
/// # Errors
/// One of them failed: another status than 200, no whole answer, no connection.
pub fn run_round(port: u16, load: &Load, within: Duration) -> Result<LoadReport, LoadError> {
    run_counted(port, load, load.requests, within, &Progress::default())
}

/// Makes `requests` requests as the load says. Where its path has a place for numbers, they have those from 1 on.
pub(crate) fn run_counted(
    port: u16,
    load: &Load,
    requests: u64,
    within: Duration,
    progress: &Progress,
) -> Result<LoadReport, LoadError> {
    run_numbered(port, load, requests, &[], within, progress)
}

/// The same with numbers of one's own, in their order; where they end, a request has its place from 1 on.
pub(crate) fn run_numbered(
    port: u16,
    load: &Load,
    requests: u64,
    numbers: &[u64],
    within: Duration,
    progress: &Progress,
) -> Result<LoadReport, LoadError> {
    run_requests(load, requests, progress, |place| {
        let request = load.at(place);
        if !request.path.contains(NUMBER) {
            return http::exchange(port, request, within).map(drop);
        }
        let drawn = usize::try_from(place).ok().and_then(|place| numbers.get(place).copied());
        let number = drawn.unwrap_or(place + 1);
        let path = request.path.replace(NUMBER, &number.to_string());
        http::exchange(port, &Request { path, ..request.clone() }, within).map(drop)
    })
}

/// The same with any way of making a request, which is told its place from 0 on.
fn run_requests(
    load: &Load,
    requests: u64,
    progress: &Progress,
    request: impl Fn(u64) -> Result<(), HttpError> + Sync,
) -> Result<LoadReport, LoadError> {
    run_any(&load.request.path, load.concurrency, requests, progress, request)
}

/// The same for requests of any shape; `named` is what an error calls them.
pub(crate) fn run_any(
    named: &str,
    concurrency: usize,
    requests: u64,
    progress: &Progress,
    request: impl Fn(u64) -> Result<(), HttpError> + Sync,
) -> Result<LoadReport, LoadError> {
    let taken = AtomicU64::new(0);
    let failed = AtomicU64::new(0);
    let first = Mutex::new(None);
    let started = Instant::now();
    let work = || -> Result<Histogram<u64>, LoadError> {
        let mut latencies = LoadReport::empty()?.latencies;
        while failed.load(Ordering::Acquire) == 0 {
            let place = taken.fetch_add(1, Ordering::AcqRel);
            if place >= requests {
                break;
            }
            let begun = Instant::now();
            match request(place) {
                Ok(()) => {
                    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                    // Not `saturating_record`: that cuts to the range so far instead of growing it.
                    let _ = latencies.record(micros.max(1));
                    progress.answered.fetch_add(1, Ordering::AcqRel);
                }
                Err(error) => {
                    failed.fetch_add(1, Ordering::AcqRel);
                    let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert(error);
                }
            }
        }
        Ok(latencies)
    };
    let workers = u64::try_from(concurrency).unwrap_or(1).min(requests);
    let mut report = LoadReport::empty()?;
    let outcome = std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for _ in 0..workers {
            let thread = std::thread::Builder::new().spawn_scoped(scope, work);
            match thread {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    // Those that started must not go on for a round that has failed already.
                    taken.store(requests, Ordering::Release);
                    return Err(LoadError::Thread(error));
                }
            }
        }
        let mut outcome = Ok(());
        // All are joined, whatever one says: a scope would panic itself for one that panicked and was left to it.
        for thread in threads {
            let joined = joined(thread);
            if joined.is_err() {
                taken.store(requests, Ordering::Release);
            }
            match joined.flatten() {
                Ok(latencies) => {
                    report.requests += latencies.len();
                    let _ = report.latencies.add(&latencies);
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    });
    outcome?;
    report.elapsed = started.elapsed();
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    match first {
        None => Ok(report),
        Some(first) => {
            Err(LoadError::RequestsFailed { path: named.to_owned(), failed: failed.into_inner(), requests, first })
        }
    }
}

/// What a thread of the load came to; that it panicked is told as that.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, LoadError> {
    thread.join().map_err(|panic| LoadError::Panicked { message: panic_message(panic.as_ref()) })
}

/// The text that a panic was given.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it said nothing".to_owned())
}

/// What became of a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerState {
    /// No answer yet, as is expected where the bug is.
    Unanswered,
    /// An answer came.
    Answered,
    /// The request failed.
    Failed(String),
}

/// A request that was sent and is not waited for. Dropping it closes the connection.
#[derive(Debug)]
pub struct Trigger {
    connection: TcpStream,
    reader: Option<JoinHandle<Result<(), String>>>,
    /// Once its reader has ended.
    ended: Option<TriggerState>,
}

impl Trigger {
    /// Sends the request; the kernel has all of it when this returns.
    ///
    /// # Errors
    /// It can't be sent.
    pub fn fire(port: u16, request: &Request, give_up_after: Duration) -> Result<Self, HttpError> {
        let exchange = Exchange::begin(port, request, give_up_after)?;
        let connection = exchange.connection().map_err(HttpError::Broken)?;
        let reader = std::thread::Builder::new()
            .spawn(move || match exchange.finish() {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            })
            .map_err(HttpError::Broken)?;
        Ok(Self { connection, reader: Some(reader), ended: None })
    }

    /// Whether it was answered by now.
    pub fn state(&mut self) -> TriggerState {
        if let Some(reader) = self.reader.take_if(|reader| reader.is_finished()) {
            self.ended = Some(match reader.join() {
                Ok(Ok(())) => TriggerState::Answered,
                Ok(Err(error)) => TriggerState::Failed(error),
                Err(_) => TriggerState::Failed("its reader ended".to_owned()),
            });
        }
        self.ended.clone().unwrap_or(TriggerState::Unanswered)
    }
}

impl Drop for Trigger {
    fn drop(&mut self) {
        // Ends the reading; a connection that is closed already needs no end.
        let _ = self.connection.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use bloathound_scenario::Method;

    use super::*;

    #[test]
    fn a_thread_that_panicked_is_reported_as_that() {
        let load = Load::of(Request::plain(Method::Get, "/attendees"), 50, 4);
        let made = AtomicU64::new(0);
        let outcome = run_requests(&load, load.requests, &Progress::default(), |_| {
            assert!(made.fetch_add(1, Ordering::AcqRel) < 3, "out of luck");
            Ok(())
        });
        let error = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("a thread of the load panicked: out of luck"), "{error}");
        // So is one that makes whole rounds beside a look or a toggle.
        let rounds = std::thread::scope(|scope| joined(scope.spawn(|| assert!(load.requests > 50, "out of rounds"))));
        assert!(
            matches!(&rounds, Err(LoadError::Panicked { message }) if message.contains("out of rounds")),
            "{rounds:?}"
        );
    }
}
