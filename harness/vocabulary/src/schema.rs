//! JSON schemas of the documents, generated from the types; `schemas/` holds them and a test keeps them up to date.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::{DiffReport, DoctorReport, HotReport, InspectReport, ListReport, RunResults, WatchReport, WhyReport};

/// Every document by name, with its schema (draft 2020-12), describing what we write.
#[must_use]
pub fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("results", of::<RunResults>("Results of `bloathound run`")),
        ("inspect", of::<InspectReport>("`bloathound inspect`")),
        ("watch", of::<WatchReport>("`bloathound watch`")),
        ("hot", of::<HotReport>("`bloathound hot`")),
        ("diff", of::<DiffReport>("`bloathound diff`")),
        ("why", of::<WhyReport>("`bloathound why`")),
        ("list", of::<ListReport>("`bloathound list`")),
        ("doctor", of::<DoctorReport>("`bloathound doctor`")),
    ]
}

fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), Value::from(title));
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// An addition is written anew below the same version; a change of meaning needs another version.
    #[test]
    fn the_schemas_are_of_this_version_and_of_no_other() {
        assert_eq!(crate::SCHEMA_VERSION, 2, "readers go by the number: say in the README what changed");
        for (name, schema) in all() {
            let required = schema["required"].as_array().unwrap();
            assert!(required.contains(&Value::from("schema_version")), "{name} does not say its version");
        }
    }

    /// `BLOATHOUND_UPDATE_SCHEMAS=1 cargo test -p bloathound-vocabulary schema` writes them anew.
    #[test]
    fn the_schemas_in_the_tree_are_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let update = std::env::var_os("BLOATHOUND_UPDATE_SCHEMAS").is_some();
        let mut stale = Vec::new();
        for (name, schema) in all() {
            let file = folder.join(format!("{name}.schema.json"));
            let text = crate::json::to_json(&schema).unwrap();
            if update {
                std::fs::write(&file, &text).unwrap();
            }
            if std::fs::read_to_string(&file).unwrap_or_default() != text {
                stale.push(name);
            }
        }
        assert!(stale.is_empty(), "stale: {stale:?}; write them anew with BLOATHOUND_UPDATE_SCHEMAS=1");
    }
}
