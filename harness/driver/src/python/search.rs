//! Finds a CPython 2.7: the variable, then `PATH`, then pyenv's versions, then conda's environments, then what was made for us.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::environment::Cache;
use super::interpreter::{PythonProgram, Rejection, Wanted, examine};

/// What conda's installers call their folder in the user's home.
const INSTALLATIONS: [&str; 5] = ["miniconda3", "anaconda3", "mambaforge", "miniforge3", "miniconda2"];

/// The variable that names the interpreter.
pub const VARIABLE: &str = "BLOATHOUND_PYTHON27";

/// Where an interpreter was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `BLOATHOUND_PYTHON27`.
    Variable,
    /// `BLOATHOUND_PYTHON3`.
    Variable3,
    /// A folder of `PATH`.
    Path,
    /// A version of pyenv.
    Pyenv,
    /// A version of uv's.
    Uv,
    /// A conda environment.
    Conda,
    /// What we had made in the user's cache.
    Cache,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Variable => VARIABLE,
            Self::Variable3 => VARIABLE_3,
            Self::Path => "PATH",
            Self::Pyenv => "pyenv",
            Self::Uv => "uv",
            Self::Conda => "conda",
            Self::Cache => "made by `bloathound prepare --python`",
        })
    }
}

/// An interpreter that will do, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPython {
    /// The interpreter.
    pub interpreter: PythonProgram,
    /// Where.
    pub origin: Origin,
}

/// A program that was looked at and won't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The program.
    pub program: PathBuf,
    /// Where it was found.
    pub origin: Origin,
    /// Why it won't do.
    pub why: Rejection,
}

/// No interpreter. The text says what to type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PythonError {
    /// The variable names something that won't do. Nothing else is tried: whoever sets it means it.
    #[error("{VARIABLE} is set to {}, which {why}", program.display())]
    Configured {
        /// What the variable says.
        program: PathBuf,
        /// Why it won't do.
        why: Rejection,
    },
    /// None of the places has one.
    #[error("no CPython 2.7 (64-bit, not a debug build) on this machine{}\n{HOW_TO_GET_ONE}", list(tried))]
    NoPython27 {
        /// What was looked at.
        tried: Vec<Tried>,
    },
    /// `BLOATHOUND_PYTHON3` names something that won't do.
    #[error("{VARIABLE_3} is set to {}, which {why}", program.display())]
    Configured3 {
        /// What the variable says.
        program: PathBuf,
        /// Why it won't do.
        why: Rejection,
    },
    /// A path that was given names something that won't do.
    #[error("{} {why}", program.display())]
    Named {
        /// The path.
        program: PathBuf,
        /// Why it won't do.
        why: Rejection,
    },
    /// None of the places has a 3 that is read.
    #[error("no CPython 3 that is read (64-bit, not a debug build) on this machine{}\n{HOW_TO_GET_A_3}", list(tried))]
    NoPython3 {
        /// What was looked at.
        tried: Vec<Tried>,
    },
}

/// The exact lines to type for a Python 2.7.
pub const HOW_TO_GET_ONE: &str = "\
Any one of these gives one:
  pyenv:      pyenv install 2.7.18
  conda:      conda create -n py27 python=2.7
  container:  docker run --rm -it --cap-add SYS_PTRACE -v \"$PWD\":/src -w /src python:2.7 \\
                bash -c 'curl -sSf https://sh.rustup.rs | sh -s -- -y && . ~/.cargo/env && cargo run --release -- run'
Or name one that is somewhere else:
  export BLOATHOUND_PYTHON27=/path/to/python2.7";

/// The variable that names the interpreter for services of 3.
pub const VARIABLE_3: &str = "BLOATHOUND_PYTHON3";

/// The exact lines to type for a Python 3.
pub const HOW_TO_GET_A_3: &str = "\
Any one of these gives one:
  pyenv:      pyenv install 3.13
  uv:         uv python install 3.13
  conda:      conda create -n py313 python=3.13
Or name one that is somewhere else:
  export BLOATHOUND_PYTHON3=/path/to/python3.13";

fn list(tried: &[Tried]) -> String {
    if tried.is_empty() {
        return ".".to_owned();
    }
    let mut text = "; looked at:".to_owned();
    for one in tried {
        let program = one.program.display();
        text.push_str(&format!("\n  {program} ({}) {}", one.origin, one.why));
    }
    text
}

/// Where to look. [`Search::from_env`] is the user's machine; tests make their own.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `BLOATHOUND_PYTHON27`.
    pub configured: Option<OsString>,
    /// `BLOATHOUND_PYTHON3`.
    pub configured_3: Option<OsString>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// `PYENV_ROOT`.
    pub pyenv_root: Option<PathBuf>,
    /// Where uv keeps its Pythons: `UV_PYTHON_INSTALL_DIR`, else a folder in `XDG_DATA_HOME`.
    pub uv_dir: Option<PathBuf>,
    /// `CONDA_PREFIX`.
    pub conda_prefix: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The user's cache.
    pub cache: Option<Cache>,
}

impl Search {
    /// The places of this process' environment.
    #[must_use]
    pub fn from_env() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            configured: set(VARIABLE),
            configured_3: set(VARIABLE_3),
            path: set("PATH"),
            pyenv_root: set("PYENV_ROOT").map(PathBuf::from),
            uv_dir: set("UV_PYTHON_INSTALL_DIR")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(set("XDG_DATA_HOME")?).join("uv/python"))),
            conda_prefix: set("CONDA_PREFIX").map(PathBuf::from),
            home: set("HOME").map(PathBuf::from),
            cache: Cache::of_user().ok(),
        }
    }

    /// The first interpreter that will do.
    ///
    /// # Errors
    /// What was looked at, with the reason for each.
    pub fn find(&self) -> Result<FoundPython, PythonError> {
        if let Some(configured) = &self.configured {
            let program = PathBuf::from(configured);
            return match examine(&program, Wanted::Python27) {
                Ok(interpreter) => Ok(FoundPython { interpreter, origin: Origin::Variable }),
                Err(why) => Err(PythonError::Configured { program, why }),
            };
        }
        let mut tried: Vec<Tried> = Vec::new();
        for (program, origin) in self.candidates() {
            match examine(&program, Wanted::Python27) {
                Ok(interpreter) => {
                    return Ok(FoundPython { interpreter, origin });
                }
                Err(why) => tried.push(Tried { program, origin, why }),
            }
        }
        Err(PythonError::NoPython27 { tried })
    }

    /// Programs worth asking, the likeliest first, each once.
    fn candidates(&self) -> Vec<(PathBuf, Origin)> {
        let mut candidates: Vec<(PathBuf, Origin)> = Vec::new();
        let mut add = |program: PathBuf, origin: Origin| {
            if program.is_file() && !candidates.iter().any(|(known, _)| *known == program) {
                candidates.push((program, origin));
            }
        };
        for name in ["python2.7", "python2", "python"] {
            for program in self.programs(name) {
                add(program, Origin::Path);
            }
        }
        for version in self.pyenv_versions() {
            add(version.join("bin/python2.7"), Origin::Pyenv);
        }
        for environment in self.conda_environments() {
            add(environment.join("bin/python2.7"), Origin::Conda);
        }
        for program in self.cache.iter().flat_map(Cache::made_pythons) {
            add(program, Origin::Cache);
        }
        candidates
    }

    /// Files of that name in the folders of `PATH`, whether they are there or not.
    pub(super) fn programs<'s>(&'s self, name: &'s str) -> impl Iterator<Item = PathBuf> + 's {
        let folders = self.path.iter().flat_map(std::env::split_paths);
        folders.filter(|folder| folder.is_absolute()).map(move |folder| folder.join(name))
    }

    /// `PYENV_ROOT`, else `~/.pyenv`.
    pub(super) fn pyenv_dir(&self) -> Option<PathBuf> {
        self.pyenv_root.clone().or_else(|| self.home.as_ref().map(|home| home.join(".pyenv")))
    }

    /// Where conda is installed by default.
    pub(super) fn conda_installations(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.home.iter().flat_map(|home| INSTALLATIONS.map(|installation| home.join(installation)))
    }

    /// Folders of pyenv whose name starts with `2.7`, the newest first.
    fn pyenv_versions(&self) -> Vec<PathBuf> {
        let Some(root) = self.pyenv_dir() else {
            return Vec::new();
        };
        let mut versions: Vec<PathBuf> = folders_in(&root.join("versions"))
            .into_iter()
            .filter(|folder| {
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                name == "2.7" || name.starts_with("2.7.")
            })
            .collect();
        versions.sort_by_key(|folder| std::cmp::Reverse(patch_level(folder)));
        versions
    }

    pub(super) fn conda_environments(&self) -> Vec<PathBuf> {
        let mut environments: Vec<PathBuf> = self.conda_prefix.iter().cloned().collect();
        if let Some(home) = &self.home {
            let listed = fs::read_to_string(home.join(".conda/environments.txt"));
            let listed = listed.unwrap_or_default();
            environments.extend(listed.lines().map(|line| PathBuf::from(line.trim())));
            for base in self.conda_installations() {
                environments.extend(folders_in(&base.join("envs")));
                environments.push(base);
            }
            environments.extend(folders_in(&home.join(".conda/envs")));
        }
        environments
    }
}

pub(super) fn folders_in(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The last number of `2.7.18`; 0 where there is none.
fn patch_level(folder: &Path) -> u32 {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit('.').next().and_then(|patch| patch.parse().ok()).unwrap_or(0)
}
