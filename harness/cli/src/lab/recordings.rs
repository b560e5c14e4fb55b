//! A lab from a recording: looks that were taken at a service of the same kind, drawn by another seed each.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular;
use bloathound_engine::record::{self, MANIFEST};
use bloathound_memory::output::{Readers, write_whole};
use bloathound_report::html::RunExtras;
use bloathound_report::text::shell_word;
use bloathound_vocabulary::RunRecord;

use super::desk::Desk;
use crate::error::CliError;
use crate::home::Home;
use crate::score::replayed;
use crate::typed;

/// The folder in the learner's own.
const FOLDER: &str = "recording";
/// The largest file of a recording.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// The recordings of a lab that a bundle has, by seed.
pub(crate) fn of(home: &Home, lab: &str) -> Vec<(u64, PathBuf)> {
    let listed = std::fs::read_dir(home.lab_recordings().join(lab));
    let folders = listed.into_iter().flatten().flatten().filter_map(|entry| {
        let seed = entry.file_name().to_str()?.parse().ok()?;
        let run = entry.path().join(format!("{lab}-fixed"));
        run.join(MANIFEST).is_file().then_some((seed, run))
    });
    let mut folders: Vec<(u64, PathBuf)> = folders.collect();
    folders.sort();
    folders
}

/// Copies a recording into the learner's folder.
///
/// # Errors
/// It can't be read or written.
pub(crate) fn copy(desk: &mut Desk, run: &Path) -> Result<(), CliError> {
    let listed = std::fs::read_dir(run).map_err(|error| CliError::file(run, error))?;
    for path in listed.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
        let bytes = read_regular(&path, FILE_BYTES_MAX).map_err(|error| CliError::file(&path, error))?;
        let to = desk.folder.join(FOLDER).join(path.file_name().unwrap_or_default());
        write_whole(&to, &bytes, Readers::AsBefore).map_err(|error| CliError::output(&to, error))?;
    }
    desk.progress.set("recorded", "yes");
    desk.save()
}

/// Whether this learner has a recording.
pub(crate) fn is_recorded(desk: &Desk) -> bool {
    desk.progress.is("recorded") && desk.folder.join(FOLDER).join(MANIFEST).is_file()
}

/// Commands to begin with: the first look and the last, and the samples.
pub(crate) fn first(desk: &Desk) -> Vec<String> {
    let folder = desk.folder.join(FOLDER);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let of =
        |ending: &str| files.iter().filter(|path| path.extension().is_some_and(|e| e == ending)).collect::<Vec<_>>();
    let word = |path: &Path| shell_word(&path.display().to_string());
    let mut commands = Vec::new();
    let images = of("bhi");
    if let Some(last) = images.last() {
        commands.push(format!("inspect {}", word(last)));
    }
    if let (Some(first), Some(last)) = (images.first(), images.last().filter(|_| images.len() > 1)) {
        commands.push(format!("diff {} {}", word(first), word(last)));
    }
    commands.extend(of("bhs").iter().map(|samples| format!("hot {}", word(samples))));
    commands.iter().map(|line| typed::command(line)).collect()
}

/// What all rules say of it, and its pictures.
pub(crate) fn judged(desk: &Desk) -> Result<(RunRecord, RunExtras), CliError> {
    let folder = desk.folder.join(FOLDER);
    let run = record::read_run(&folder)?;
    let (mut record, extras) = replayed::judge(&folder, &run, true)?;
    bloathound_report::tell_run(&mut record);
    record.ledger.insert("requests".into(), run.requests.into());
    Ok((record, extras))
}
