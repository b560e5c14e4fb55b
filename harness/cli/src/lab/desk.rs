//! A learner's folder of one lab: the service, the progress, and what the lab is for this learner.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_lab::{Diary, Drawn, Shelf, Version};
use bloathound_memory::output::{Readers, write_whole};
use bloathound_report::text::shell_word;

use super::arguments::Which;
use crate::error::CliError;
use crate::home::Home;
use crate::typed;

/// The learner's copy.
pub(crate) const SERVICE: &str = "service.py";
/// Which release of a package the service runs on, where the lab has several.
pub(crate) const RELEASE: &str = "release.txt";
/// The longest file of a learner's.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// All of it.
pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) drawn: Drawn,
    pub(crate) progress: Diary,
    pub(crate) folder: PathBuf,
    /// As it was named, for commands to type.
    named: PathBuf,
}

impl Desk {
    /// The one that was begun.
    ///
    /// # Errors
    /// It was not, or there is no such lab.
    pub(crate) fn open(which: &Which) -> Result<Self, CliError> {
        let home = Home::find(which.place.home.as_deref())?;
        let shelf = Shelf::open(&home.labs())?;
        shelf.lab(&which.name)?;
        let folder = which.place.folder.join(&which.name);
        let Some(progress) = Diary::read(&folder)? else {
            let start = typed::command(&format!("lab start {}", which.name));
            return Err(CliError::Usage(format!("{} is not begun here: {start}", which.name)));
        };
        let drawn = Drawn::new(&shelf, &which.name, progress.number("seed").max(1))?;
        Ok(Self { home, drawn, progress, folder, named: which.place.folder.clone() })
    }

    /// A new one, or the one that was begun.
    ///
    /// # Errors
    /// There is no such lab, or its files can't be written.
    pub(crate) fn begin(which: &Which, learner: &str, seed: u64) -> Result<Self, CliError> {
        if Diary::read(&which.place.folder.join(&which.name))?.is_some() {
            return Self::open(which);
        }
        let home = Home::find(which.place.home.as_deref())?;
        let shelf = Shelf::open(&home.labs())?;
        let drawn = Drawn::new(&shelf, &which.name, seed)?;
        let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let progress = Diary::begin(&which.name, learner, seed, &now);
        let folder = which.place.folder.join(&which.name);
        let desk = Self { home, drawn, progress, folder, named: which.place.folder.clone() };
        desk.restore()?;
        desk.save()?;
        Ok(desk)
    }

    /// The service as it was.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn restore(&self) -> Result<(), CliError> {
        self.write(SERVICE, &self.drawn.service(Version::Unsolved)?)?;
        match self.drawn.lab.releases.first() {
            Some((release, _)) => self.write(RELEASE, &format!("{release}\n")),
            None => Ok(()),
        }
    }

    /// What was done so far.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn save(&self) -> Result<(), CliError> {
        self.write(Diary::FILE, &self.progress.to_text())
    }

    /// A text of the folder.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), CliError> {
        write(&self.folder.join(name), text)
    }

    /// The learner's service.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn service(&self) -> Result<String, CliError> {
        let path = self.folder.join(SERVICE);
        read_regular_text(&path, FILE_BYTES_MAX).map_err(|error| {
            let reset = self.typed("reset");
            CliError::Usage(format!("{}: {error}\n{reset} puts it back", path.display()))
        })
    }

    /// The lock file of the release that the learner runs, by the labs' folder; `None` where the lab has no releases.
    ///
    /// # Errors
    /// The learner names a release that isn't there.
    pub(crate) fn lock(&self) -> Result<Option<PathBuf>, CliError> {
        let releases = &self.drawn.lab.releases;
        if releases.is_empty() {
            return Ok(None);
        }
        let path = self.folder.join(RELEASE);
        let text = read_regular_text(&path, FILE_BYTES_MAX).map_err(|error| CliError::file(&path, error))?;
        let found = releases.iter().find(|(release, _)| release == text.trim());
        let lock = found.map(|(_, lock)| self.home.scenarios().join(lock));
        lock.map(Some).ok_or_else(|| {
            let there: Vec<&str> = releases.iter().map(|(release, _)| release.as_str()).collect();
            CliError::Usage(format!("{}: {:?} is none of {}", path.display(), text.trim(), there.join(", ")))
        })
    }

    /// A command of the workshop for this lab, as it is to be typed.
    pub(crate) fn typed(&self, command: &str) -> String {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let mut line = format!("lab {verb} {}", self.drawn.lab.name);
        if self.named != Path::new("bloathound-labs") {
            line.push_str(&format!(" --folder {}", shell_word(&self.named.display().to_string())));
        }
        typed::command(format!("{line} {rest}").trim_end())
    }
}

/// A file for its owner to read, change and pass on.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    write_whole(path, text.as_bytes(), Readers::AsBefore).map_err(|error| CliError::output(path, error))
}
