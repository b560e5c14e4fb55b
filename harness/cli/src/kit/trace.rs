//! What a service does, summed up live.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use bloathound_kit::{ControlClient, KitError, StopSignals, TraceSession, TraceStep, TraceTally};

use super::{render, target};

const STEP: Duration = Duration::from_millis(100);
const CLEAR: &str = "\x1b[H\x1b[2J";

/// What `bloathound trace TARGET` is given.
#[derive(Clone, Debug)]
pub(crate) struct TraceOptions {
    /// A process id or the path of a control socket.
    pub(crate) target: String,
    /// How long to watch; `None`: until Ctrl-C.
    pub(crate) duration: Option<Duration>,
    /// Time between two summaries.
    pub(crate) interval: Duration,
    /// Trace without rests: all events, and a service many times slower.
    pub(crate) full: bool,
    /// Rows of each table.
    pub(crate) rows: usize,
    /// Clear the screen before each summary: where somebody watches.
    pub(crate) clear: bool,
    /// Longest wait for the service to switch.
    pub(crate) timeout: Duration,
}

/// Shows a live summary of what the service does, and switches tracing off again at the end, by Ctrl-C too. Where we are
/// killed instead, the service goes quiet by itself since nobody reads its pipe.
pub(crate) fn trace(options: &TraceOptions, out: &mut impl Write) -> Result<(), KitError> {
    // Before anything is switched on, so that Ctrl-C can't come in between.
    let signals = StopSignals::take()?;
    let mut session = TraceSession::start(ControlClient::new(target(&options.target)?, options.timeout), options.full)?;
    let watched = watch(options, &mut session, &signals, out);
    let finished = session.finish();
    watched.and(finished)?;
    writeln!(out, "tracing is off again").map_err(output)
}

fn watch(
    options: &TraceOptions,
    session: &mut TraceSession,
    signals: &StopSignals,
    out: &mut impl Write,
) -> Result<(), KitError> {
    if session.by_signal() {
        writeln!(out, "the reactor is blocked: tracing was switched on by signal").map_err(output)?;
    }
    let mut tally = TraceTally::default();
    let began = Instant::now();
    let mut shown = Instant::now();
    let mut summaries = 0_u64;
    loop {
        let step = session.step(&mut tally, STEP, Some(signals.as_fd()))?;
        let over = options.duration.is_some_and(|duration| began.elapsed() >= duration)
            || matches!(step, TraceStep::Interrupted | TraceStep::Ended);
        // At the end once more, unless what has come since the last one is too little to tell anything.
        let due = if over && summaries > 0 { options.interval / 2 } else { options.interval };
        if shown.elapsed() >= due || (over && summaries == 0) {
            shown = Instant::now();
            summaries += 1;
            let mut text = String::new();
            if options.clear {
                text.push_str(CLEAR);
            }
            render::summary(&tally.summarise(options.rows), &mut text);
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(output)?;
        }
        if step == TraceStep::Ended {
            writeln!(out, "the service closed its side: it ended, or somebody switched tracing off").map_err(output)?;
        }
        if over {
            return Ok(());
        }
    }
}

fn output(source: io::Error) -> KitError {
    KitError::Io { what: "writing".into(), source }
}
