//! Fills templates in.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};

use crate::error::GenerateError;

/// The one environment: a name that nobody drew is an error, and lines with nothing but a tag leave nothing behind.
#[derive(Debug)]
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Result<Self, GenerateError> {
        let tags = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        let tags =
            tags.map_err(|error| GenerateError::Data { file: "(tags)".to_owned(), message: error.to_string() })?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(tags);
        Ok(Self(environment))
    }

    /// The text with everything drawn in its place; else what is wrong with it.
    pub(crate) fn fill(&self, template: &str, context: &Value) -> Result<String, String> {
        self.0.render_str(template, context).map_err(|error| format!("{error:#}"))
    }
}
