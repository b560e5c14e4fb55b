//! What a class has done: the progress files of its learners' folders, as rows.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::LabError;
use crate::progress::Diary;

/// How deep below the named folder a learner's `lab.txt` may be: class / learner / labs / lab.
const DEPTH_MAX: usize = 5;
/// The most that are read.
const ROWS_MAX: usize = 10_000;

/// One lab of one learner.
#[derive(Clone, Debug, Serialize)]
pub struct LabRow {
    /// Who.
    pub learner: String,
    /// Which lab.
    pub lab: String,
    /// `passed`, `diagnosed` (the cure is still to come, or can't be checked there), `begun`.
    pub state: &'static str,
    /// Answers given, right and wrong.
    pub tries: u64,
    /// Hints taken.
    pub hints: u64,
    /// Whether the solution was looked at before it was passed.
    pub saw_solution: bool,
    /// Whether it was passed by its diagnosis alone.
    pub fast_track: bool,
    /// When it was begun and passed, as the learner's machine had it.
    pub begun: String,
    /// Empty where it is not passed.
    pub passed: String,
}

/// A class.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// By learner, then lab.
    pub rows: Vec<LabRow>,
}

/// Gathers whatever progress files there are below a folder.
///
/// # Errors
/// The folder can't be read.
pub fn gather(folder: &Path) -> Result<Results, LabError> {
    let mut rows = Vec::new();
    let mut left = vec![(folder.to_owned(), 0)];
    while let Some((at, depth)) = left.pop() {
        let listed = match fs::read_dir(&at) {
            Ok(listed) => listed,
            Err(error) if depth == 0 => return Err(LabError::file(&at, error)),
            Err(_) => continue,
        };
        if let Some(progress) = Diary::read(&at)? {
            rows.push(row(&progress));
        }
        for path in listed.flatten().map(|entry| entry.path()) {
            if depth < DEPTH_MAX && rows.len() < ROWS_MAX && path.is_dir() && !path.is_symlink() {
                left.push((path, depth + 1));
            }
        }
    }
    rows.sort_by(|a, b| (&a.learner, &a.lab).cmp(&(&b.learner, &b.lab)));
    Ok(Results { rows })
}

fn row(progress: &Diary) -> LabRow {
    let state = if !progress.get("passed").is_empty() {
        "passed"
    } else if progress.is("diagnosis") {
        "diagnosed"
    } else {
        "begun"
    };
    LabRow {
        learner: progress.get("learner").to_owned(),
        lab: progress.get("lab").to_owned(),
        state,
        tries: progress.number("tries"),
        hints: progress.number("hints"),
        saw_solution: progress.is("saw solution"),
        fast_track: progress.is("fast track"),
        begun: progress.get("begun").to_owned(),
        passed: progress.get("passed").to_owned(),
    }
}
