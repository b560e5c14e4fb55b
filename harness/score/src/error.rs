//! Why results could not be read or joined.

use thiserror::Error;

/// Why results could not be read or joined.
#[derive(Debug, Error)]
pub enum ScoreError {
    /// The results can't be read back.
    #[error("{name}: not results of `bloathound run --json`: {source}")]
    NotResults {
        /// The file as the user named it.
        name: String,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// Written by a version whose results mean something else.
    #[error("{name}: schema version {found}, this tool reads {readable}")]
    SchemaVersion {
        /// The file as the user named it.
        name: String,
        /// What the file says.
        found: u32,
        /// What we read.
        readable: u32,
    },
    /// Two files of different tool versions: one score over both would compare unlike things.
    #[error("{first} was written by {first_tool}, {second} by {second_tool}: results of two versions can't be joined")]
    ToolsDiffer {
        /// One file.
        first: String,
        /// Its tool and version.
        first_tool: String,
        /// Another file.
        second: String,
        /// Its tool and version.
        second_tool: String,
    },
    /// The same run stands in two places.
    #[error("runs that are there twice: {}", .0.join("; "))]
    Duplicates(Vec<String>),
    /// Parts that are not among the files.
    #[error("{}; name the results of every part, or run the missing ones by `run --partition K/N --json FILE`", .0.join("; "))]
    MissingParts(Vec<String>),
    /// No run in any of the files.
    #[error("no run in any of the files: nothing was tested")]
    NoRuns,
    /// Floors that can't be read.
    #[error("{name}: not floors of scores: {source}")]
    Floors {
        /// The file as the user named it.
        name: String,
        /// What the YAML reader says, with line and column.
        source: serde_yaml::Error,
    },
    /// Accepted findings that can't be read.
    #[error("{name}: not accepted findings: {why}")]
    Accepted {
        /// The file as the user named it.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Files whose results were judged by different thresholds, word lists or rules.
    #[error(
        "{first} and {second} were judged by different thresholds, words or rules: one score over both would compare unlike things"
    )]
    RulesDiffer {
        /// One file.
        first: String,
        /// Another file.
        second: String,
    },
    /// Nothing to join.
    #[error("no results to join")]
    Nothing,
}
