//! The JSON schema of scenario files, for editors.

use crate::raw::RawScenario;

/// The schema as it stands in `scenarios/schema.json`, with a final line end.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(RawScenario);
    // Pretty-printing a value that is JSON already can't fail.
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    format!("{text}\n")
}
