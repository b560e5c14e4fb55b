//! Finds each series of CPython 3 that is read: the variable, then `PATH`, then pyenv's versions, then uv's, then conda's.

use std::path::{Path, PathBuf};

use bloathound_engine::not_read;

use super::interpreter::{Wanted, examine};
use super::search::{FoundPython, Origin, PythonError, Search, Tried, folders_in};

/// Releases for which a program's name on `PATH` is tried, the newest first.
const MINORS: std::ops::Range<u32> = 10..20;

impl Search {
    /// One interpreter of each series that will do, the newest series first. Of a series the first one that is found: by
    /// the place, and in one place by the release. A variable names the only one: whoever sets it means it.
    ///
    /// # Errors
    /// What was looked at, with the reason for each.
    pub fn find_3(&self) -> Result<Vec<FoundPython>, PythonError> {
        if let Some(configured) = &self.configured_3 {
            let program = PathBuf::from(configured);
            return match examine(&program, Wanted::Python3) {
                Ok(interpreter) => Ok(vec![FoundPython { interpreter, origin: Origin::Variable3 }]),
                Err(why) => Err(PythonError::Configured3 { program, why }),
            };
        }
        let (mut found, mut tried): (Vec<FoundPython>, Vec<Tried>) = (Vec::new(), Vec::new());
        for (program, origin) in self.candidates_3() {
            match examine(&program, Wanted::Python3) {
                Ok(interpreter) => {
                    if found.iter().all(|other| other.interpreter.series() != interpreter.series()) {
                        found.push(FoundPython { interpreter, origin });
                    }
                }
                Err(why) => tried.push(Tried { program, origin, why }),
            }
        }
        if found.is_empty() {
            return Err(PythonError::NoPython3 { tried });
        }
        found.sort_by_key(|one| std::cmp::Reverse(numbers(&one.interpreter.version)));
        Ok(found)
    }

    /// The interpreter at this path.
    ///
    /// # Errors
    /// It won't do.
    pub fn at_path(program: &Path) -> Result<FoundPython, PythonError> {
        let origin = Origin::Path;
        let named = |why| PythonError::Named { program: program.to_owned(), why };
        let found = examine(program, Wanted::Python27).or_else(|_| examine(program, Wanted::Python3));
        found.map(|interpreter| FoundPython { interpreter, origin }).map_err(named)
    }

    /// Programs worth asking, the likeliest first, each once whatever leads to it.
    fn candidates_3(&self) -> Vec<(PathBuf, Origin)> {
        let (mut candidates, mut known) = (Vec::new(), Vec::new());
        let mut add = |program: PathBuf, origin: Origin| {
            let Ok(real) = program.canonicalize() else { return };
            if real.is_file() && !known.contains(&real) {
                known.push(real);
                candidates.push((program, origin));
            }
        };
        let of_series: Vec<String> = MINORS.rev().map(|minor| format!("python3.{minor}")).collect();
        // pyenv's shims are slow to ask, and lead to what is looked at below.
        let shims = self.pyenv_dir().map(|root| root.join("shims"));
        for name in of_series.iter().map(String::as_str).chain(["python3", "python"]) {
            for program in self.programs(name).filter(|program| program.parent() != shims.as_deref()) {
                add(program, Origin::Path);
            }
        }
        for version in self.pyenv_dir().map(|root| of_3(&root.join("versions"))).unwrap_or_default() {
            add(version.join("bin/python3"), Origin::Pyenv);
        }
        let of_uv = self.uv_dir.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share/uv/python")));
        for version in of_uv.map(|dir| of_3(&dir)).unwrap_or_default() {
            add(version.join("bin/python3"), Origin::Uv);
        }
        for environment in self.conda_environments() {
            add(environment.join("bin/python3"), Origin::Conda);
        }
        candidates
    }
}

/// Folders named after releases of 3 that are read (`3.13.0`, `cpython-3.13.0-linux-x86_64-gnu`), the newest first.
fn of_3(dir: &Path) -> Vec<PathBuf> {
    let release = |folder: &PathBuf| {
        let name = folder.file_name()?.to_str()?;
        let version = name.strip_prefix("cpython-").unwrap_or(name).split('-').next()?;
        (version.starts_with("3.") && not_read(version).is_none()).then(|| numbers(version))
    };
    let mut folders: Vec<PathBuf> = folders_in(dir).into_iter().filter(|folder| release(folder).is_some()).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(release(folder)));
    folders
}

/// The numbers of `3.13.0`.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}
