//! A watch that was kept, judged again: by the rules as they are, or by others, to find out what hangs on a limit.

use std::path::Path;
use std::time::Duration;

use bloathound_detect::{Finding, Thresholds};
use bloathound_vocabulary::{TargetKind, TargetRecord, WatchReport};

use super::series::Looks;
use super::{WatchError, report, sureness};
use crate::record::{FileError, WATCH, read_watch};
use crate::source::{Examined, file_record, memory_limit, open_recording};

/// A watch that was kept, judged again by all rules but those named.
///
/// # Errors
/// [`WatchError`] for what can't be read.
pub fn watch_again(folder: &Path, without: &[&'static str]) -> Result<WatchReport, WatchError> {
    let watch = read_watch(folder)?;
    let mut looks = Looks::without(without);
    let mut history = sureness::History::default();
    let mut sureness = None;
    let mut target = None;
    for look in &watch.looks {
        let reopened = open_recording(&folder.join(&look.file), memory_limit())?;
        let elapsed = Duration::from_secs_f64(look.seconds.max(0.0));
        looks.add(look.round, elapsed, look.work(), &reopened.examined);
        sureness = history.note(&looks, elapsed);
        target.get_or_insert_with(|| file_record(TargetKind::Image, &folder.display().to_string(), &reopened.examined));
    }
    let target = target.ok_or_else(|| empty(folder))?;
    Ok(report(&looks, TargetRecord { pid: Some(watch.pid), ..target }, sureness, None))
}

fn empty(folder: &Path) -> FileError {
    FileError::new(&folder.join(WATCH), "there is no look in it")
}

/// A watch that was kept and read: to be judged by several limits without reading it again.
#[derive(Debug)]
pub struct KeptWatch {
    looks: Looks,
    last: Examined,
}

impl KeptWatch {
    /// Reads a watch.
    ///
    /// # Errors
    /// [`WatchError`] for what can't be read.
    pub fn open(folder: &Path) -> Result<Self, WatchError> {
        let watch = read_watch(folder)?;
        let mut looks = Looks::default();
        let mut last = None;
        for look in &watch.looks {
            let examined = open_recording(&folder.join(&look.file), memory_limit())?.examined;
            looks.note(look.round, Duration::from_secs_f64(look.seconds.max(0.0)), look.work(), &examined);
            last = Some(examined);
        }
        let last = last.ok_or_else(|| empty(folder))?;
        Ok(Self { looks, last })
    }

    /// What is found by these limits.
    #[must_use]
    pub fn judge(&self, thresholds: &Thresholds) -> Vec<Finding> {
        self.looks.judge(&self.last, &[], thresholds).findings
    }
}
