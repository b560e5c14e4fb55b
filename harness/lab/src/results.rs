//! What a class has done: the progress files of its learners' folders and archives, as rows.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::archive;
use crate::error::LabError;
use crate::progress::Diary;

/// How deep below the named folder a learner's `lab.txt` may be: class / learner / labs / lab.
const DEPTH_MAX: usize = 5;
/// The most that are read.
const ROWS_MAX: usize = 10_000;
/// The most of what could not be read that is told.
const UNREAD_MAX: usize = 100;

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
#[derive(Clone, Debug, Default, Serialize)]
pub struct Results {
    /// By learner, then lab.
    pub rows: Vec<LabRow>,
    /// What could not be read, with the reason: one learner's bad file costs nobody else's row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

impl Results {
    fn add(&mut self, read: Result<Option<Diary>, LabError>) {
        match read {
            Ok(Some(_)) if self.rows.len() >= ROWS_MAX => {}
            Ok(Some(diary)) => self.rows.push(row(&diary)),
            Ok(None) => {}
            Err(error) if self.unread.len() < UNREAD_MAX => self.unread.push(error.to_string()),
            Err(_) => {}
        }
    }

    fn add_archive(&mut self, path: &Path) -> Result<(), LabError> {
        for diary in archive::diaries(path)? {
            self.add(diary.map(Some));
        }
        Ok(())
    }
}

/// Gathers whatever progress files there are below a folder or in a zip archive, and in the archives below the folder.
///
/// # Errors
/// What is named can't be read.
pub fn gather(place: &Path) -> Result<Results, LabError> {
    let mut results = Results::default();
    if place.is_dir() {
        below(place, &mut results)?;
    } else {
        results.add_archive(place)?;
    }
    results.rows.sort_by(|a, b| (&a.learner, &a.lab, &a.begun).cmp(&(&b.learner, &b.lab, &b.begun)));
    results.unread.sort();
    Ok(results)
}

fn below(folder: &Path, results: &mut Results) -> Result<(), LabError> {
    let mut left = vec![(folder.to_owned(), 0)];
    while let Some((at, depth)) = left.pop() {
        let listed = match fs::read_dir(&at) {
            Ok(listed) => listed,
            Err(error) if depth == 0 => return Err(LabError::file(&at, error)),
            Err(error) => {
                results.add(Err(LabError::file(&at, error)));
                continue;
            }
        };
        results.add(Diary::read(&at));
        for path in listed.flatten().map(|entry| entry.path()).filter(|path| !path.is_symlink()) {
            if archive::is_one(&path) {
                if let Err(error) = results.add_archive(&path) {
                    results.add(Err(error));
                }
            } else if depth < DEPTH_MAX && results.rows.len() < ROWS_MAX && path.is_dir() {
                left.push((path, depth + 1));
            }
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn of(learner: &str, lab: &str) -> String {
        Diary::begin(lab, learner, 1, "now").to_text()
    }

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn who(results: &Results) -> Vec<(&str, &str)> {
        results.rows.iter().map(|row| (row.learner.as_str(), row.lab.as_str())).collect()
    }

    #[test]
    fn folders_archives_and_archives_in_folders_are_one_class() {
        let class = tempfile::tempdir().unwrap();
        fs::create_dir_all(class.path().join("anna/newsroom")).unwrap();
        fs::write(class.path().join("anna/newsroom/lab.txt"), of("Anna", "newsroom")).unwrap();
        let ben = archive(&[
            ("ben/newsroom/lab.txt", of("Ben", "newsroom").as_bytes()),
            ("ben/newsroom/service.py", b"print 1"),
            ("ben\\audit\\lab.txt", of("Ben", "audit").as_bytes()),
        ]);
        fs::write(class.path().join("Ben.ZIP"), &ben).unwrap();
        let all = gather(class.path()).unwrap();
        assert_eq!(who(&all), [("Anna", "newsroom"), ("Ben", "audit"), ("Ben", "newsroom")]);
        assert!(all.unread.is_empty(), "{:?}", all.unread);
        // One archive of all, by its own name.
        assert_eq!(who(&gather(&class.path().join("Ben.ZIP")).unwrap()), [("Ben", "audit"), ("Ben", "newsroom")]);
        assert!(gather(&class.path().join("anna/newsroom/lab.txt")).is_err(), "no archive");
        assert!(gather(&class.path().join("nobody")).is_err(), "not there");
    }

    #[test]
    fn a_bad_file_is_told_and_costs_nobody_elses_row() {
        let class = tempfile::tempdir().unwrap();
        let endless = vec![b'#'; 50 << 20];
        let good = of("Cleo", "audit");
        let bomb = archive(&[("d/lab.txt", endless.as_slice()), ("c/lab.txt", good.as_bytes())]);
        assert!(bomb.len() < 1 << 20, "50 MB of one letter are little in an archive: {}", bomb.len());
        fs::write(class.path().join("bomb.zip"), &bomb).unwrap();
        fs::write(class.path().join("cut.zip"), &bomb[..bomb.len() / 2]).unwrap();
        fs::create_dir_all(class.path().join("e")).unwrap();
        fs::write(class.path().join("e/lab.txt"), [0xff, 0xfe]).unwrap();
        let results = gather(class.path()).unwrap();
        assert_eq!(who(&results), [("Cleo", "audit")]);
        let told = results.unread.join("\n");
        assert_eq!(results.unread.len(), 3, "{told}");
        assert!(told.contains("d/lab.txt: more than 65536 bytes"), "{told}");
        assert!(told.contains("cut.zip") && told.contains("e/lab.txt"), "{told}");
    }
}
