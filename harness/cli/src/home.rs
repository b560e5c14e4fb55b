//! Where the scenarios and services are.

use std::path::{Path, PathBuf};

use bloathound_report::typing;

use crate::error::CliError;

/// The folder with `scenarios/` and `reference-services/`.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// `--home`, then `BLOATHOUND_HOME`, then this folder or one above it, then where the tool is (a workshop's bundle has
    /// both in one folder), then where it was built.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, CliError> {
        let is_home = |root: &Path| root.join("scenarios").is_dir() && root.join("reference-services").is_dir();
        if let Some(root) = given {
            typing::in_folder(&root.to_string_lossy());
            if is_home(root) {
                return Ok(Self { root: root.to_owned() });
            }
            let message = format!("{} has no folders scenarios and reference-services", root.display());
            return Err(CliError::Usage(message));
        }
        let set = std::env::var_os("BLOATHOUND_HOME").map(PathBuf::from);
        let here = std::env::current_dir().unwrap_or_default();
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned();
        let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
        let candidates = set.into_iter().chain(here.ancestors().map(Path::to_owned)).chain(beside).chain([built]);
        candidates.into_iter().find(|root| is_home(root)).map(|root| Self { root }).ok_or_else(|| {
            CliError::Usage(
                "no folders scenarios and reference-services here or above; run from a checkout, or say --home DIR"
                    .into(),
            )
        })
    }

    /// The same, or this folder where there is none: what is asked for needs none.
    pub(crate) fn or_here(given: Option<&Path>) -> Result<Self, CliError> {
        match (Self::find(given), given) {
            (Err(_), None) => Ok(Self { root: std::env::current_dir().unwrap_or_default() }),
            (found, _) => found,
        }
    }

    pub(crate) fn scenarios(&self) -> PathBuf {
        self.root.join("scenarios")
    }

    pub(crate) fn services(&self) -> PathBuf {
        self.root.join("reference-services")
    }

    /// Recorded runs of this checkout's scenarios; a folder of somebody's own has none.
    pub(crate) fn recorded(&self) -> PathBuf {
        self.root.join("snapshots/recorded")
    }

    /// The workshop's labs.
    pub(crate) fn labs(&self) -> PathBuf {
        self.scenarios().join("labs")
    }

    /// Recordings of the labs: a bundle has them, a checkout does not.
    pub(crate) fn lab_recordings(&self) -> PathBuf {
        self.root.join("recordings")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.services().join("requirements.lock")
    }
}
