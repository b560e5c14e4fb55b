//! All labs of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_scenario::Draw;

use crate::data::{Lab, Shared};
use crate::error::LabError;

/// The longest file of a lab.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// The labs of a folder, and what they share.
#[derive(Clone, Debug)]
pub struct Shelf {
    labs: Vec<Lab>,
    pub(crate) shared: Shared,
    folder: PathBuf,
}

impl Shelf {
    /// Reads `scenarios/labs`.
    ///
    /// # Errors
    /// A file is missing, or says what it may not.
    pub fn open(folder: &Path) -> Result<Self, LabError> {
        let shared: Shared = parse(&folder.join("shared.yaml"), "shared.yaml")?;
        let listed = fs::read_dir(folder).map_err(|error| LabError::file(folder, error))?;
        let mut labs = Vec::new();
        for entry in listed {
            let path = entry.map_err(|error| LabError::file(folder, error))?.path();
            if path.join("lab.yaml").is_file() {
                labs.push(lab(&path)?);
            }
        }
        labs.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        Ok(Self { labs, shared, folder: folder.to_owned() })
    }

    /// All of them in the workshop's order.
    #[must_use]
    pub fn labs(&self) -> &[Lab] {
        &self.labs
    }

    /// The folder they are in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Words for classes of bugs.
    #[must_use]
    pub fn classes(&self) -> &[crate::ClassWords] {
        &self.shared.classes
    }

    /// The one of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn lab(&self, name: &str) -> Result<&Lab, LabError> {
        self.labs.iter().find(|lab| lab.name == name).ok_or_else(|| {
            let there: Vec<&str> = self.labs.iter().map(|lab| lab.name.as_str()).collect();
            LabError::Unknown { name: name.to_owned(), there: there.join(", ") }
        })
    }

    /// What a lab is for a seed: itself, or for a mystery one of those it is drawn from, under the mystery's name and
    /// symptom.
    ///
    /// # Errors
    /// There is none of that name, or a mystery is of one that isn't there.
    pub fn resolved(&self, name: &str, seed: u64) -> Result<Lab, LabError> {
        let lab = self.lab(name)?;
        let Some(chosen) = Draw::new(seed, "mystery").one_of(&lab.of).cloned() else { return Ok(lab.clone()) };
        let mut drawn = self.lab(&chosen)?.clone();
        drawn.name.clone_from(&lab.name);
        drawn.title.clone_from(&lab.title);
        drawn.symptom.clone_from(&lab.symptom);
        drawn.minutes = lab.minutes;
        drawn.hints.clone_from(&lab.hints);
        drawn.first.clone_from(&lab.first);
        Ok(drawn)
    }
}

fn lab(folder: &Path) -> Result<Lab, LabError> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut lab: Lab = parse(&folder.join("lab.yaml"), &format!("{name}/lab.yaml"))?;
    if lab.of.is_empty() {
        let path = folder.join("service.py");
        lab.service = read_regular_text(&path, FILE_BYTES_MAX).map_err(|error| LabError::file(&path, error))?;
    }
    lab.name = name;
    Ok(lab)
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, named: &str) -> Result<T, LabError> {
    let text = read_regular_text(path, FILE_BYTES_MAX).map_err(|error| LabError::file(path, error))?;
    serde_yaml::from_str(&text).map_err(|error| LabError::data(named, error))
}
