//! Fills templates in, as the generator of cases does: a name that nobody drew is an error.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};

/// The text with everything drawn in its place; else what is wrong with it.
pub(crate) fn fill(template: &str, context: &Value) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let tags = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(tags.map_err(|error| error.to_string())?);
    environment.render_str(template, context).map_err(|error| format!("{error:#}"))
}
