//! What can be wrong with a lab or a learner's folder.

use std::path::Path;

/// Why a lab can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file can't be read.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
    /// A file says something that it may not.
    #[error("{file}: {message}")]
    Data {
        /// The lab and its file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// No lab of that name.
    #[error("there is no lab {name}; there are {there}")]
    Unknown {
        /// As it was asked for.
        name: String,
        /// All there are.
        there: String,
    },
}

impl LabError {
    pub(crate) fn file(path: &Path, cause: impl std::fmt::Display) -> Self {
        Self::File { path: path.display().to_string(), cause: cause.to_string() }
    }

    pub(crate) fn data(file: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self::Data { file: file.into(), message: message.to_string() }
    }
}
