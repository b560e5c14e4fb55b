//! One thing found: its class, where it is and what it rests on.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Evidence, FindingClass, Label, Verdict};

/// Where the bug is; null where it isn't known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Location {
    /// Python module.
    pub module: Option<String>,
    /// Class that holds or defines.
    pub class: Option<String>,
    /// Attribute that holds.
    pub attribute: Option<String>,
    /// Source file as the code object names it.
    pub file: Option<String>,
    /// Function.
    pub function: Option<String>,
    /// First line.
    pub line_first: Option<u32>,
    /// Last line.
    pub line_last: Option<u32>,
    /// Labels from the root down.
    pub path: Vec<Label>,
}

/// One thing found.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Kind of bug.
    pub class: FindingClass,
    /// Graded statement: `grows-with-requests`, `uncollectable`, …
    pub verdict: Verdict,
    /// Equal for the same bug on any machine: free of addresses, counts and times.
    pub fingerprint: String,
    /// Where.
    #[serde(rename = "where")]
    pub location: Location,
    /// Why we say so.
    pub evidence: Evidence,
}

#[derive(Deserialize)]
struct RawFinding {
    class: FindingClass,
    verdict: Verdict,
    fingerprint: String,
    #[serde(rename = "where")]
    location: Location,
    evidence: serde_json::Value,
}

// By hand, so that the class decides what the evidence is and a missing key is named.
impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawFinding::deserialize(deserializer)?;
        let evidence = Evidence::of_class(raw.class, raw.evidence)
            .map_err(|error| D::Error::custom(format!("evidence of a {}: {error}", raw.class)))?;
        Ok(Self {
            class: raw.class,
            verdict: raw.verdict,
            fingerprint: raw.fingerprint,
            location: raw.location,
            evidence,
        })
    }
}

/// Something a rule or stage could not do or does not trust.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Which rule or stage.
    pub stage: String,
    /// What is wrong, and what it means for the result.
    pub message: String,
}

/// Why a record tells less than was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Partial {
    /// What came in between, and how far it had got.
    pub why: String,
}

impl From<String> for Partial {
    fn from(why: String) -> Self {
        Self { why }
    }
}
