//! Why a scenario file is refused: the place, what was found and what was meant.

use std::fmt;
use std::path::PathBuf;

use crate::locate::Place;

/// Everything that is wrong with one file, in the order of the lines; never empty.
#[derive(Debug)]
pub struct ScenarioErrors(pub Vec<ScenarioError>);

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}

/// One thing that is wrong. Shown as `FILE:LINE:COLUMN: NODE: found …; meant …`.
#[derive(Debug)]
pub struct ScenarioError {
    /// The file.
    pub file: PathBuf,
    /// Where in it; none for a file that can't be read at all.
    pub place: Option<Place>,
    /// The node's path in the document, such as `load.requests`; empty for the document itself.
    pub node: String,
    /// What is wrong.
    pub problem: ScenarioProblem,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.file.display())?;
        if let Some(place) = self.place {
            write!(formatter, "{}:{}:", place.line, place.column)?;
        }
        if !self.node.is_empty() {
            write!(formatter, " {}:", self.node)?;
        }
        write!(formatter, " {}", self.problem)
    }
}

impl std::error::Error for ScenarioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            ScenarioProblem::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}

/// What can be wrong with a scenario file.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioProblem {
    /// The file can't be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// The text is not YAML, or not one document of it.
    #[error("not a YAML document: {0}")]
    Syntax(String),
    /// A key that this mapping doesn't have.
    #[error("found the unknown key `{found}`; meant {}", meant(suggestion.as_deref(), allowed))]
    UnknownKey {
        /// The key.
        found: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
        /// The keys there are.
        allowed: Vec<String>,
    },
    /// A word where only certain words are allowed.
    #[error("found `{found}`; meant {}", meant(suggestion.as_deref(), allowed))]
    UnknownWord {
        /// The word.
        found: String,
        /// The word that was probably meant.
        suggestion: Option<String>,
        /// The words there are.
        allowed: Vec<String>,
    },
    /// A value of another type, or out of range.
    #[error("found {found}; meant {wanted}")]
    Wrong {
        /// The value.
        found: String,
        /// What it should have been.
        wanted: String,
    },
    /// A key that must be there.
    #[error("found a mapping without the key `{0}`; meant one with it")]
    MissingKey(String),
    /// A key that is there twice.
    #[error("found the key `{0}` a second time; meant once")]
    RepeatedKey(String),
}

fn meant(suggestion: Option<&str>, allowed: &[String]) -> String {
    match suggestion {
        Some(word) => format!("`{word}`?"),
        None if allowed.is_empty() => "no key at all".to_owned(),
        None => {
            let words: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        }
    }
}
