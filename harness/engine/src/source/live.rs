//! The road from a process id to a decoded heap: find the interpreter, copy, let go, decode. All one way; the target
//! runs again before any decoding starts.

use std::path::PathBuf;
use std::time::Duration;

use bloathound_cpython::{Interpreter, InterpreterError, LocateError, exported_only, find_interpreter_in};
use bloathound_kit::PeerTrust;
use bloathound_live::{
    CaptureJudge, CaptureMode, CaptureOptions, Interruptible, LiveError, MomentVerdict, Process, Stillness, Work,
};
use bloathound_memory::{MemorySource, SymbolTable};

use super::examined::{CountedTold, Examined, examine_telling, room_to_analyse};
use super::interrupting::may_interrupt;

/// Looks taken anew when a decoded copy shows that a collection was running.
const COLLECTING_TRIES: u32 = 5;

/// Why a process could not be examined. In every case it runs on as before.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The process can't be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// No CPython 2.7 runs in it.
    #[error("process {pid}: {source}")]
    Interpreter {
        /// Which process.
        pid: u32,
        /// What was found instead.
        #[source]
        source: InterpreterError,
    },
    /// An interpreter whose data is not as it must be.
    #[error("process {pid}: {source}")]
    Layout {
        /// Which process.
        pid: u32,
        /// What is not as it must be.
        #[source]
        source: LocateError,
    },
}

/// How to look.
#[derive(Clone, Debug)]
pub struct ExamineOptions {
    /// How still the target has to stand.
    pub mode: CaptureMode,
    /// Longest pause.
    pub pause_budget: Duration,
    /// Somebody named that budget; a pause that our low priority makes long is then accepted up to it.
    pub budget_is_asked_for: bool,
    /// The program that holds a pause ([`bloathound_live::PauseOptions::holder`]): only a command knows that it is one.
    pub holder: Option<PathBuf>,
    /// Stop threads too that will take it for an error.
    pub even_if_interrupting: bool,
    /// Told what takes long.
    pub notice: Option<fn(&str)>,
    /// Told what the heap consists of while the rest is still to be found out.
    pub counted: Option<CountedTold>,
    /// Use exported symbols only, as in a stripped interpreter.
    pub exported_symbols_only: bool,
    /// Who may be told a manhole's password, where the target is one.
    pub peer_trust: PeerTrust,
}

impl Default for ExamineOptions {
    fn default() -> Self {
        Self {
            mode: CaptureMode::PreferQuiet,
            pause_budget: Duration::from_secs(2),
            budget_is_asked_for: false,
            holder: None,
            even_if_interrupting: false,
            notice: None,
            counted: None,
            exported_symbols_only: false,
            peer_trust: PeerTrust::Checked,
        }
    }
}

/// A process whose interpreter has been found; looks at it can be repeated.
#[derive(Debug)]
pub struct LiveProcess {
    process: Process,
    symbols: SymbolTable,
    interpreter: Interpreter,
    options: ExamineOptions,
}

impl LiveProcess {
    /// Finds the interpreter in process `pid`.
    ///
    /// # Errors
    /// [`ExamineError`] when it is gone, not ours to read, or runs no CPython 2.7.
    pub fn open(pid: u32, options: ExamineOptions) -> Result<Self, ExamineError> {
        // From here on it is us that the kernel takes, should memory run out.
        bloathound_bounds::give_way();
        let process = Process::open(pid)?;
        let mut symbols =
            find_interpreter_in(&process, Some(process.executable()), &mut |region| process.open_region(region))
                .map_err(|source| gone_or(&process, ExamineError::Interpreter { pid, source }))?;
        if options.exported_symbols_only {
            symbols = exported_only(symbols);
        }
        let interpreter = locate(&process, &symbols, pid)?;
        Ok(Self { process, symbols, interpreter, options })
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where the interpreter's own data is.
    #[must_use]
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// The interpreter's symbols.
    #[must_use]
    pub fn symbols(&self) -> &SymbolTable {
        &self.symbols
    }

    /// Copies and decodes. Lets go and tries again while a collection runs in the target.
    ///
    /// # Errors
    /// [`ExamineError`] when the process is gone, can't be stopped or the budget is used up.
    pub fn examine(&mut self) -> Result<Examined, ExamineError> {
        let mut examined = self.look()?;
        // Where the collector's flag was not found, the objects tell, but only once they are decoded.
        for _ in 0..COLLECTING_TRIES {
            if self.interpreter.collecting.is_some() || !examined.snapshot.quality().collection_in_progress {
                break;
            }
            drop(examined);
            examined = self.look()?;
            examined.problems.push("let go and tried again: a collection was running".into());
        }
        Ok(examined)
    }

    fn look(&mut self) -> Result<Examined, ExamineError> {
        self.process.refresh()?;
        let pid = self.process.pid();
        // A process that had just started when it was opened knows more of itself now.
        self.interpreter = locate(&self.process, &self.symbols, pid)?;
        let interpreter = self.interpreter.clone();
        let options = CaptureOptions {
            mode: self.options.mode,
            pause_budget: self.options.pause_budget,
            budget_is_asked_for: self.options.budget_is_asked_for,
            holder: self.options.holder.clone(),
            even_if_interrupting: self.options.even_if_interrupting,
            notice: self.options.notice,
            ..CaptureOptions::default()
        };
        let mut judge = Judge { process: &self.process, interpreter: &interpreter };
        let capture = self.process.capture_judged(options, &mut judge)?;
        room_to_analyse(&capture.image, &interpreter).map_err(|(needed, room)| LiveError::TooLarge {
            pid,
            work: Work::Analyse,
            needed,
            room,
        })?;
        let ranges = self.symbols.data_ranges.as_slice();
        let mut examined = examine_telling(capture.image, interpreter, ranges, self.options.counted);
        examined.problems.extend(capture.refusals.iter().map(|why| format!("let go and tried again: {why}")));
        if capture.stillness == Stillness::Running {
            examined.problems.push(format!(
                "not paused: the target's threads were switched {} times and used {:?} of CPU during the copy",
                capture.torn.switches, capture.torn.cpu
            ));
        }
        examined.mappings = capture.mappings;
        examined.page_runs = capture.page_runs;
        examined.stillness = Some(capture.stillness);
        examined.torn = capture.torn;
        examined.timings.capture = capture.timings;
        examined.timings.copied_bytes = capture.copied_bytes;
        examined.executable = capture.executable;
        examined.build_id.clone_from(&self.symbols.build_id);
        Ok(examined)
    }
}

/// Knows what the interpreter is doing, and where its threads wait.
struct Judge<'p> {
    process: &'p Process,
    interpreter: &'p Interpreter,
}

impl CaptureJudge for Judge<'_> {
    fn accept(&mut self, source: &dyn MemorySource) -> MomentVerdict {
        if self.interpreter.is_collecting(source) {
            MomentVerdict::Retry("a collection is running".into())
        } else {
            MomentVerdict::Accept
        }
    }

    fn may_interrupt(&mut self, source: &dyn MemorySource, thread: Interruptible) -> Result<(), String> {
        may_interrupt(self.process, self.interpreter, source, thread)
    }
}

/// Nothing is as it must be in a process that ended meanwhile.
fn gone_or(process: &Process, error: ExamineError) -> ExamineError {
    if let Err(gone) = process.check_alive() {
        return gone.into();
    }
    // One that is just ending loses its memory before it is seen to have ended.
    if process.maps().is_ok_and(|regions| regions.is_empty()) {
        return LiveError::Gone { pid: process.pid() }.into();
    }
    error
}

/// What symbols do not tell is searched for where memory is there: the target must not grow by our looking around.
fn locate(process: &Process, symbols: &SymbolTable, pid: u32) -> Result<Interpreter, ExamineError> {
    let layout = |source| gone_or(process, ExamineError::Layout { pid, source });
    let mut found = Interpreter::locate_by_symbols(process, symbols).map_err(layout)?;
    if !found.is_complete() {
        found.search(&process.resident()?, symbols).map_err(layout)?;
    }
    Ok(found)
}
