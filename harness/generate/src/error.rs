//! Why a case can't be made: a mistake in our own data, found by a test over many seeds.

/// A mistake in the data that cases are made of.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A file is not what its readers take.
    #[error("data/{file}: {message}")]
    Data {
        /// The file's name.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A template can't be filled in.
    #[error("{part} of {class}/{shape}: {message}")]
    Template {
        /// Which class.
        class: &'static str,
        /// Which shape.
        shape: String,
        /// `module`, `service`, `scenario`, …
        part: &'static str,
        /// What is wrong.
        message: String,
    },
}
