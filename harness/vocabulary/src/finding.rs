//! One thing found: its class, where it is and what it rests on.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{AsFigure as _, Evidence, Figure, FindingClass, Grade, Label, Verdict};

/// What sort of thing a field of a place says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlaceKind {
    /// A name of the program's.
    Name,
    /// The path of a source file.
    File,
    /// A line of it.
    Line,
    /// Labels from the root down.
    Path,
    /// The place in words, for people only: nobody expects or compares it.
    Words,
}

/// Declares the fields of a place, each with what sort of thing it says: JSON, expectations and snapshots go by it.
macro_rules! place {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty = $kind:ident;)+ }) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$meta])* pub $field: $type,)+
        }

        impl $name {
            /// Its fields by their names in documents and files.
            pub const FIELDS: &'static [(&'static str, PlaceKind)] = &[$((stringify!($field), PlaceKind::$kind)),+];

            /// Every field with its value.
            #[must_use]
            pub fn figures(&self) -> Vec<(&'static str, PlaceKind, Figure<'_>)> {
                vec![$((stringify!($field), PlaceKind::$kind, self.$field.figure())),+]
            }
        }
    };
}

place! {
    /// Where the bug is; null where it isn't known.
    #[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    Location {
        /// Python module.
        module: Option<String> = Name;
        /// Class that holds or defines.
        class: Option<String> = Name;
        /// Attribute that holds.
        attribute: Option<String> = Name;
        /// Source file as the code object names it.
        file: Option<String> = File;
        /// Function.
        function: Option<String> = Name;
        /// First line.
        line_first: Option<u32> = Line;
        /// Last line.
        line_last: Option<u32> = Line;
        /// The place as it is written in the source: `model.DBModel._field_cache`, `render.<closure>.cache`.
        expression: Option<String> = Words;
        /// Labels from the root down.
        path: Vec<Label> = Path;
    }
}

impl Location {
    /// The attribute of a finding of garbage that was frozen: the function that is called too often.
    pub const FREEZE: &'static str = "freeze";
}

/// How sure a finding is, and why not surer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// In a word.
    pub grade: Grade,
    /// In a sentence.
    pub why: String,
}

/// One thing found.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// What was found, in a paragraph that anyone understands; empty in documents of before.
    pub summary: String,
    /// How sure it is; null where the rule does not grade.
    pub confidence: Option<Confidence>,
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

impl Finding {
    /// Without a summary and without a grade: see [`Finding::saying`] and [`Finding::sure`].
    #[must_use]
    pub fn new(
        class: FindingClass,
        verdict: Verdict,
        fingerprint: String,
        location: Location,
        evidence: Evidence,
    ) -> Self {
        Self { summary: String::new(), confidence: None, class, verdict, fingerprint, location, evidence }
    }

    /// With a summary.
    #[must_use]
    pub fn saying(self, summary: String) -> Self {
        Self { summary, ..self }
    }

    /// With how sure it is, and why not surer.
    #[must_use]
    pub fn sure(self, grade: Grade, why: String) -> Self {
        Self { confidence: Some(Confidence { grade, why }), ..self }
    }
}

#[derive(Deserialize)]
struct RawFinding {
    #[serde(default)]
    summary: String,
    #[serde(default)]
    confidence: Option<Confidence>,
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
            summary: raw.summary,
            confidence: raw.confidence,
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
