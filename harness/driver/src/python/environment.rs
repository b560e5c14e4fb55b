//! The private Python environment of the services: pinned by hash, made once, kept in the cache.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use bloathound_bounds::read_regular;
use sha2::{Digest, Sha256};

use super::error::EnvironmentError;
use super::event::{EnvironmentEvent, EnvironmentEvents};
use super::interpreter::PythonProgram;
use super::manifest::{self, State};
use super::{made, pip, trust};

/// Which form an environment has: one of another form is another environment.
const FORM: &[u8] = b"with a list of hashes";

/// Longest list of packages; one of the services' packages and their hashes has 30 kB.
const LOCK_FILE_BYTES_MAX: u64 = 4 << 20;

/// A folder with everything that a service imports besides the standard library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The folder, for `PYTHONPATH`.
    pub dir: PathBuf,
}

/// Where environments are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    dir: PathBuf,
    /// A folder of packages, asked in place of any index.
    packages: Option<PathBuf>,
}

/// Packages as they were downloaded; gone with this.
#[derive(Debug)]
pub struct Downloaded {
    /// Every file, in the order of the names.
    pub files: Vec<PathBuf>,
    _scratch: tempfile::TempDir,
}

impl Cache {
    /// A cache in this folder, which need not exist yet.
    #[must_use]
    pub fn at(dir: PathBuf) -> Self {
        Self { dir, packages: None }
    }

    /// The same cache; what isn't in it yet is installed from this folder of packages, without any network. Their hashes are
    /// those of the list all the same, so whoever filled the folder need not be trusted.
    #[must_use]
    pub fn from_folder(self, packages: PathBuf) -> Self {
        Self { packages: Some(packages), ..self }
    }

    /// Downloads the packages of a list, each checked against its hash, for [`Cache::from_folder`] on another machine.
    ///
    /// # Errors
    /// They can't be downloaded; the text says why.
    pub fn download(
        &self,
        interpreter: &PythonProgram,
        lock_file: &Path,
        events: EnvironmentEvents<'_>,
    ) -> Result<Downloaded, EnvironmentError> {
        let lock_text = read_lock_file(lock_file)?;
        trust::make_folder(&self.dir)?;
        let scratch = self.scratch("unfinished-download-")?;
        events(EnvironmentEvent::Downloading { packages: packages(&lock_text) });
        let dir = pip::download(interpreter, lock_file, scratch.path(), events)?;
        let failed = |source| EnvironmentError::Cache { path: dir.clone(), source };
        let entries = fs::read_dir(&dir).map_err(failed)?;
        let files: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut files = files.map_err(failed)?;
        files.sort();
        Ok(Downloaded { files, _scratch: scratch })
    }

    fn scratch(&self, prefix: &str) -> Result<tempfile::TempDir, EnvironmentError> {
        tempfile::Builder::new()
            .prefix(prefix)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&self.dir)
            .map_err(|source| self.unwritable(source))
    }

    /// The user's cache: `$BLOATHOUND_CACHE`, else `bloathound` in `$XDG_CACHE_HOME` or `~/.cache`.
    ///
    /// # Errors
    /// None of the variables is set.
    pub fn of_user() -> Result<Self, EnvironmentError> {
        let set = |name| {
            let value = std::env::var_os(name).map(PathBuf::from);
            value.filter(|path| path.is_absolute())
        };
        let dir = set("BLOATHOUND_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("bloathound")))
            .or_else(|| set("HOME").map(|home| home.join(".cache/bloathound")));
        dir.map(Self::at).ok_or(EnvironmentError::NoCacheDir)
    }

    /// The folder for Pythons that are made here, made where it is missing.
    pub(super) fn pythons(&self) -> Result<PathBuf, EnvironmentError> {
        let dir = self.dir.join("python");
        trust::make_folder(&dir)?;
        Ok(dir)
    }

    /// Pythons that may have been made here; none where another user could have put something else there.
    pub(super) fn made_pythons(&self) -> Vec<PathBuf> {
        let root = self.dir.join("python");
        let made = [made::by_pyenv(&root), made::by_conda(&root)];
        let is_ours = |program: &PathBuf| program.is_file() && trust::check(program).is_ok();
        made.into_iter().filter(is_ours).collect()
    }

    /// The environment for this interpreter and these packages, if it is there already, as it was installed.
    ///
    /// # Errors
    /// The lock file can't be read, or another user could put other code into the cache.
    pub fn ready(
        &self,
        interpreter: &PythonProgram,
        lock_file: &Path,
    ) -> Result<Option<Environment>, EnvironmentError> {
        let dir = self.dir_of(interpreter, &read_lock_file(lock_file)?);
        trust::check(&std::path::absolute(&self.dir).unwrap_or_else(|_| self.dir.clone()))?;
        Ok((manifest::state(&dir) == State::Whole).then_some(Environment { dir }))
    }

    /// The services' environment, made if it isn't there, and made anew where it is not what was installed. Safe when several runs ask at once: one makes it, the
    /// others wait; a run that is killed while making it leaves nothing that would be taken for one.
    ///
    /// # Errors
    /// It can't be made; the text says why.
    pub fn prepare(
        &self,
        interpreter: &PythonProgram,
        lock_file: &Path,
        events: EnvironmentEvents<'_>,
    ) -> Result<Environment, EnvironmentError> {
        self.made(interpreter, lock_file, true, events)
    }

    /// The same with packages of a scenario's own: whether they can be imported its service tells, which knows what of them
    /// it uses.
    ///
    /// # Errors
    /// It can't be made; the text says why.
    pub fn prepare_packages(
        &self,
        interpreter: &PythonProgram,
        lock_file: &Path,
        events: EnvironmentEvents<'_>,
    ) -> Result<Environment, EnvironmentError> {
        self.made(interpreter, lock_file, false, events)
    }

    fn made(
        &self,
        interpreter: &PythonProgram,
        lock_file: &Path,
        of_services: bool,
        events: EnvironmentEvents<'_>,
    ) -> Result<Environment, EnvironmentError> {
        let lock_text = read_lock_file(lock_file)?;
        let dir = self.dir_of(interpreter, &lock_text);
        trust::make_folder(&self.dir)?;
        if manifest::state(&dir) == State::Whole {
            return Ok(Environment { dir });
        }
        let _only_one = self.lock(&dir, events)?;
        // Whoever held the lock before may have made it.
        match manifest::state(&dir) {
            State::Whole => return Ok(Environment { dir }),
            State::Missing => {}
            State::Changed(why) => {
                events(EnvironmentEvent::Changed { dir: dir.clone(), why });
                let aside = self.dir.join(format!("{}changed", unfinished_prefix(&dir)));
                remove(&aside);
                fs::rename(&dir, aside).map_err(|source| EnvironmentError::Cache { path: dir.clone(), source })?;
            }
        }
        self.remove_leftovers(&dir);
        let started = Instant::now();
        events(EnvironmentEvent::Building { dir: dir.clone(), packages: packages(&lock_text) });
        let unfinished = self.scratch(&unfinished_prefix(&dir))?;
        let from = self.packages.as_deref().map(|from| std::path::absolute(from).unwrap_or_else(|_| from.to_owned()));
        let site = pip::install(interpreter, lock_file, unfinished.path(), from.as_deref(), events)?;
        if of_services {
            pip::check_imports(interpreter, &site)?;
        }
        manifest::write(&site).map_err(|source| EnvironmentError::Cache { path: site.clone(), source })?;
        // One step: whoever sees the folder sees all of it.
        fs::rename(&site, &dir).map_err(|source| EnvironmentError::Cache { path: dir.clone(), source })?;
        events(EnvironmentEvent::Built { dir: dir.clone(), took: started.elapsed() });
        Ok(Environment { dir })
    }

    fn dir_of(&self, interpreter: &PythonProgram, lock_text: &[u8]) -> PathBuf {
        let mut hash = Sha256::new();
        let executable = interpreter.executable.as_os_str().as_encoded_bytes();
        let unicode = interpreter.max_unicode.to_string();
        for part in [
            FORM,
            executable,
            interpreter.version.as_bytes(),
            interpreter.abi.as_bytes(),
            unicode.as_bytes(),
            lock_text,
        ] {
            // The length keeps two neighbours from being cut elsewhere to the same bytes.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let key: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
        self.dir.join(format!("env-{key}"))
    }

    /// Holds the lock of one environment; the kernel lets it go when the process ends, however it ends.
    pub(super) fn lock(&self, dir: &Path, events: EnvironmentEvents<'_>) -> Result<File, EnvironmentError> {
        let path = dir.with_extension("lock");
        let cache_error = |source| EnvironmentError::Cache { path: path.clone(), source };
        let file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(cache_error)?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                events(EnvironmentEvent::Awaited { dir: dir.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(cache_error(source)),
        }
        file.lock().map_err(cache_error)?;
        Ok(file)
    }

    /// Removes what killed runs left of this environment. Only under its lock.
    fn remove_leftovers(&self, dir: &Path) {
        let prefix = unfinished_prefix(dir);
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                remove(&entry.path());
            }
        }
    }

    fn unwritable(&self, source: io::Error) -> EnvironmentError {
        EnvironmentError::Cache { path: self.dir.clone(), source }
    }
}

/// A leftover that stays costs disk and nothing else.
fn remove(path: &Path) {
    let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
}

fn unfinished_prefix(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    format!("unfinished-{name}-")
}

fn read_lock_file(lock_file: &Path) -> Result<Vec<u8>, EnvironmentError> {
    read_regular(lock_file, LOCK_FILE_BYTES_MAX)
        .map_err(|source| EnvironmentError::LockFile { lock_file: lock_file.to_owned(), source })
}

/// `NAME==VERSION` of each package in the lock file.
fn packages(lock_text: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(lock_text)
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.contains("==") && !word.starts_with(['#', '-']))
        .map(str::to_owned)
        .collect()
}
