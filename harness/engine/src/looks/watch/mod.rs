//! Growth over time on a live process.

mod again;
mod series;
mod sureness;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_detect::Work;
use bloathound_live::{LiveError, Odometer};
use bloathound_memory::RecordError;
use bloathound_vocabulary::{Partial, SCHEMA_VERSION, TargetRecord, WatchReport};

pub use self::again::{KeptWatch, watch_again};
use self::series::Looks;
pub(in crate::looks) use self::series::ValuesOf;
pub use self::sureness::Sureness;
use crate::interrupt::{Asked, Interrupt};
use crate::record::{FileError, WatchRecorder};
use crate::source::{ExamineError, ExamineOptions, LiveProcess, OpenFileError, process_record};
use crate::tool;

/// How often is looked whether the process is still there: its end is when the results are wanted.
const ALIVE_EVERY: Duration = Duration::from_millis(100);

/// What to watch and how often.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// The process.
    pub pid: u32,
    /// Looks after the first one; without them until it is sure, also of nothing.
    pub rounds: Option<u32>,
    /// From one look to the next.
    pub interval: Duration,
    /// The longest that it goes on where `rounds` does not say.
    pub max_time: Duration,
    /// How to look.
    pub look: ExamineOptions,
    /// A folder to keep every look in, to be judged again by [`watch_again`].
    pub keep: Option<PathBuf>,
    /// Names of rules that are switched off.
    pub without: Vec<&'static str>,
    /// Who asks for what there is so far is answered while it waits for the next look.
    pub asked: Asked,
}

/// Why a watch has nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The process can't be examined.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// A recorded look can't be read.
    #[error(transparent)]
    Image(#[from] OpenFileError),
    /// What says that a folder holds a watch can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What a watch says after each look.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// Number of the look, from 0.
    pub round: u32,
    /// Objects there were; none where the look failed.
    pub objects: Option<usize>,
    /// How sure it is by now; none before there is enough to judge.
    pub sureness: Option<Sureness>,
    /// All that can be told by now, as if the watch ended here; none where the look failed.
    pub so_far: Option<WatchReport>,
}

/// What a watch says while it goes on.
#[derive(Clone, PartialEq, Debug)]
pub enum WatchEvent {
    /// It looked.
    Looked(Told),
    /// All that can be told by now, because somebody asked; none before the first look.
    Asked(Option<WatchReport>),
}

/// A first look as the base, then one after each interval, as many as asked for or until it is sure. `tell` hears of each
/// look, and of what there is when somebody asks. When the process or we are to end, the looks so far are judged. A look that failed in a way that the next may
/// not (a pause past its budget) is left out, and said to be.
///
/// # Errors
/// [`ExamineError`] where no look succeeded.
pub fn watch(
    options: &WatchOptions,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(&WatchEvent),
) -> Result<Watching, WatchError> {
    let mut process = LiveProcess::open(options.pid, options.look.clone())?;
    let mut keeper = options.keep.as_deref().map(|folder| WatchRecorder::create(folder, options.pid)).transpose()?;
    let watched = look_again_and_again(options, &mut process, &mut keeper, interrupt, tell)?;
    let unkept = match (watched.unkept, keeper) {
        (None, Some(keeper)) => keeper.finish().err().map(Unkept::File),
        (unkept, _) => unkept.map(Unkept::Image),
    };
    let target = process_record(options.pid, process.interpreter(), process.symbols().build_id.clone());
    let Watched { looks, ended, asked, sureness, .. } = watched;
    let far = |why: String| match asked {
        Some(rounds) => format!("{why}; {} of {} looks", looks.rounds.len(), u64::from(rounds) + 1),
        None => format!("{why}; after {} looks", looks.rounds.len()),
    };
    let missed = (looks.missed > 0).then(|| "a look was not possible".to_owned());
    let partial = ended.or(missed).map(far).map(Partial::from);
    Ok(Watching { report: report(&looks, target, sureness, partial), unkept })
}

fn report(looks: &Looks, target: TargetRecord, sureness: Option<Sureness>, partial: Option<Partial>) -> WatchReport {
    WatchReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target,
        growth: looks.growth(),
        counted: looks.counted(),
        findings: looks.findings().to_vec(),
        observations: looks.observations(),
        tasks: looks.tasks.clone(),
        sureness: sureness.map(|sureness| sureness.why),
        problems: looks.problems.iter().chain(&looks.judged.problems).cloned().collect(),
        rounds: looks.rounds.clone(),
        partial,
    }
}

/// What a watch came to.
#[derive(Debug)]
pub struct Watching {
    /// What the rules have to say.
    pub report: WatchReport,
    /// Why the looks could not be kept, where they were to be: then none of them is.
    pub unkept: Option<Unkept>,
}

/// Why the looks of a watch could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum Unkept {
    /// An image.
    #[error(transparent)]
    Image(RecordError),
    /// What says that the folder holds a watch.
    #[error(transparent)]
    File(FileError),
}

/// What came of looking again and again.
struct Watched {
    looks: Looks,
    /// Why the looks could not be kept.
    unkept: Option<RecordError>,
    /// Why it ended before its time.
    ended: Option<String>,
    asked: Option<u32>,
    sureness: Option<Sureness>,
}

fn look_again_and_again(
    options: &WatchOptions,
    process: &mut LiveProcess,
    keeper: &mut Option<WatchRecorder>,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(&WatchEvent),
) -> Result<Watched, ExamineError> {
    let started = Instant::now();
    let target = process_record(options.pid, process.interpreter(), process.symbols().build_id.clone());
    let mut looks = Looks::without(&options.without);
    let mut history = sureness::History::default();
    let mut sureness = None;
    let mut ended = None;
    let mut unkept = None;
    for round in 0.. {
        let due = options.interval.saturating_mul(round);
        let is_last = options.rounds.is_some_and(|rounds| round >= rounds);
        ended = wait(process, due.saturating_sub(started.elapsed()), interrupt, &mut || {
            if options.asked.came() {
                let why = Partial::from(format!("asked for while it goes on; after {} looks", looks.rounds.len()));
                let so_far = || report(&looks, target.clone(), sureness.clone(), Some(why));
                tell(&WatchEvent::Asked((!looks.rounds.is_empty()).then(so_far)));
            }
        });
        if ended.is_some() {
            break;
        }
        match process.examine() {
            Ok(mut examined) => {
                let elapsed = started.elapsed();
                let work = work(options.pid, elapsed);
                looks.add(round, elapsed, work, &examined);
                sureness = history.note(&looks, elapsed);
                // What can't be kept costs the keeping, not the watch.
                if let Some(recorder) = keeper
                    && let Err(error) = recorder.keep(round, elapsed, &work, &mut examined, process.symbols())
                {
                    unkept = Some(error);
                    *keeper = None;
                }
                let so_far = Some(report(&looks, target.clone(), sureness.clone(), None));
                let objects = Some(examined.snapshot.len());
                tell(&WatchEvent::Looked(Told { round, objects, sureness: sureness.clone(), so_far }));
            }
            Err(error) if costs_one_look(&error) && process.process().check_alive().is_ok() => {
                tell(&WatchEvent::Looked(Told { round, objects: None, sureness: None, so_far: None }));
                looks.miss(round, &error);
                // Nothing was seen, and nothing will be: that is the answer.
                if looks.rounds.is_empty() && (is_last || started.elapsed() >= options.max_time) {
                    return Err(error);
                }
            }
            Err(error) if looks.rounds.is_empty() => return Err(error),
            Err(error) => {
                // That the process ended explains whatever failed because of it.
                let gone = process.process().check_alive().err();
                ended = Some(gone.map_or_else(|| error.to_string(), |gone| gone.to_string()));
                break;
            }
        }
        let sure = sureness.as_ref().is_some_and(|sureness| sureness.is_sure);
        if is_last || (options.rounds.is_none() && (sure || started.elapsed() + options.interval > options.max_time)) {
            break;
        }
    }
    Ok(Watched { looks, unkept, ended, asked: options.rounds, sureness })
}

/// What the process had done by now.
fn work(pid: u32, elapsed: Duration) -> Work {
    let shown = Odometer::read(pid);
    Work {
        requests: None,
        seconds: Some(elapsed.as_secs_f64()),
        processor_seconds: shown.processor_seconds,
        switches: shown.switches,
        moved_bytes: shown.moved_bytes,
        age_seconds: shown.age_seconds,
    }
}

/// Waits for the next look to be due, and does `meanwhile` again and again. Why there will be none, where the process or we
/// are to end.
fn wait(process: &LiveProcess, time: Duration, interrupt: &Interrupt, meanwhile: &mut dyn FnMut()) -> Option<String> {
    let begun = Instant::now();
    loop {
        meanwhile();
        let left = time.saturating_sub(begun.elapsed());
        if let Some(stop) = interrupt.sleep(left.min(ALIVE_EVERY)) {
            return Some(format!("ended by {}", stop.as_str()));
        }
        if left.is_zero() {
            return None;
        }
        if let Err(gone) = process.process().check_alive() {
            return Some(gone.to_string());
        }
    }
}

/// Whether the next look may succeed where this one did not.
fn costs_one_look(error: &ExamineError) -> bool {
    let ExamineError::Live(error) = error else { return false };
    matches!(
        error,
        LiveError::PauseBudget { .. }
            | LiveError::PauseTooLong { .. }
            | LiveError::DidNotStop { .. }
            | LiveError::NeverAcceptable { .. }
    )
}
