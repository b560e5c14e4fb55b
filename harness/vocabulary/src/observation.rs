//! What is worth knowing and no bug by itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Location;
use crate::words::words;

words! {
    /// What is observed in looks after rounds of load, so that a scenario may want it told. What one look observes beside
    /// that has a class in its own words.
    ObservationClass {
        /// It grows below a limit that is beside it in memory.
        Bounded = "bounded";
        /// It grows where the standard library or a framework keeps by design.
        KeptByDesign = "kept-by-design";
        /// Nobody collects, and little waits.
        CollectorOff = "collector-off";
        /// Memory of C code climbs, and nobody is known who holds it.
        NativeMemoryClimbs = "native-memory-climbs";
        /// Memory of C code grows with objects that hold it.
        NativeMemoryHeld = "native-memory-held";
    }
}

/// Something worth knowing that is no bug by itself.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ObservationRecord {
    /// What kind of thing: `garbage-awaiting-collection`, `malloc-free-below-held`, `bounded`, `busy`, `polling`, …
    pub class: String,
    /// What was seen, in a sentence that anyone understands.
    pub summary: String,
    /// Where; all null where it is nowhere in particular.
    #[serde(rename = "where", default)]
    pub location: Location,
    /// Its figures, by name.
    #[serde(default)]
    pub evidence: BTreeMap<String, serde_json::Value>,
}

impl ObservationRecord {
    /// The class of what is told of a finding that somebody has accepted.
    pub const ACCEPTED: &'static str = "accepted";

    /// With neither a place nor figures.
    #[must_use]
    pub fn new(class: ObservationClass, summary: String) -> Self {
        Self::in_words(class.as_str(), summary)
    }

    /// The same with a class that only one look has.
    #[must_use]
    pub fn in_words(class: &str, summary: String) -> Self {
        Self { class: class.to_owned(), summary, ..Self::default() }
    }

    /// At a place.
    #[must_use]
    pub fn at(self, location: Location) -> Self {
        Self { location, ..self }
    }

    /// With a figure.
    #[must_use]
    pub fn with(mut self, name: &str, figure: impl Into<serde_json::Value>) -> Self {
        self.evidence.insert(name.to_owned(), figure.into());
        self
    }

    /// A figure that counts bytes; `None` where there is none of that name.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.evidence.get("bytes").and_then(serde_json::Value::as_u64)
    }
}
