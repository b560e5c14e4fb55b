//! What a file says of a service of one's own: its command, when it is ready, what is let be.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use bloathound_vocabulary::FindingClass;

use super::RawPlace;
use crate::model::OptionValue;
use crate::unique_map::UniqueMap;

/// A command: one line that is split as a shell does it, or a list of words.
#[derive(Debug, Clone)]
pub(crate) enum RawCommand {
    Line(String),
    Words(Vec<String>),
}

impl<'de> Deserialize<'de> for RawCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CommandVisitor;
        impl<'de> Visitor<'de> for CommandVisitor {
            type Value = RawCommand;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a command line, or a list of its words")
            }

            fn visit_str<E>(self, line: &str) -> Result<RawCommand, E> {
                Ok(RawCommand::Line(line.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawCommand, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element::<OptionValue>()? {
                    words.push(word.to_text());
                }
                Ok(RawCommand::Words(words))
            }
        }
        deserializer.deserialize_any(CommandVisitor)
    }
}

impl JsonSchema for RawCommand {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "items": { "type": ["boolean", "number", "string"] }
        })
    }
}

/// How one knows that the service is ready: one of the five, and how long that may take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with one of `handshake`, `port`, `http`, `log` and `now`, and if wanted `within_seconds`"
)]
pub(crate) struct RawReady {
    /// It writes the line that the reference services write, whose `port` is its port: `{"bloathound_service": 1, "port":
    /// 8080}`.
    #[serde(default)]
    pub(crate) handshake: bool,
    /// Its port takes connections. That is the rule where a port is known.
    #[serde(default)]
    pub(crate) port: bool,
    /// A GET of this path is answered by a status below 400.
    pub(crate) http: Option<String>,
    /// A line that it writes matches this regular expression. What a group `(?P<port>…)` matches is its port.
    pub(crate) log: Option<String>,
    /// As soon as it runs. That is the rule where no port is known.
    #[serde(default)]
    pub(crate) now: bool,
    pub(crate) within_seconds: Option<f64>,
}

/// Findings at a place that are known and let be: told and counted in every run, and failing none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `where` and `reason` and, if wanted, `class`, `until` and `bound`"
)]
pub(crate) struct RawIgnore {
    /// Only findings of this class.
    pub(crate) class: Option<FindingClass>,
    /// Where they are; only the fields written here are compared.
    #[serde(rename = "where")]
    pub(crate) place: RawPlace,
    /// Why they are let be.
    pub(crate) reason: String,
    /// The last day on which they are: `2027-01-31`. From the next on they count again. Without one, for ever.
    pub(crate) until: Option<String>,
    /// Evidence by name, and the most that it may be: past it they count again.
    #[serde(default)]
    pub(crate) bound: UniqueMap<f64>,
}

/// One request of several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `path` and, if wanted, `method`, `headers`, `body` and `weight`"
)]
pub(crate) struct RawMixed {
    #[serde(default)]
    pub(crate) method: Option<crate::model::Method>,
    /// Path and query, from the slash on; `{n}` stands for the request's number.
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: UniqueMap<String>,
    pub(crate) body: Option<String>,
    /// How often it comes, beside the others' weights.
    #[serde(default = "super::one")]
    pub(crate) weight: u64,
}
