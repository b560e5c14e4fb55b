//! Why a report could not be made.

use thiserror::Error;

/// Why a report could not be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A value can't be written as YAML.
    #[error("the findings can't be written as YAML: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// The JUnit writer gave up.
    #[error("the JUnit report can't be written: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// A value can't be written as JSON.
    #[error("it can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file can't be compressed.
    #[error("it can't be compressed: {0}")]
    Compression(#[from] std::io::Error),
    /// A picture can't be encoded.
    #[error("the picture can't be written as PNG: {0}")]
    Picture(#[from] png::EncodingError),
}
