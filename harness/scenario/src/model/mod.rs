//! A scenario after every check: what the driver runs and the score compares with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use bloathound_vocabulary::{FindingClass, Toggled, Traffic, Variant, Verdict};

use crate::matcher::Matcher;

mod load;
mod own;
mod series;

pub use load::{Load, Mixed};
pub use own::{Ignore, Own, PORT, PORT_GROUP, PYTHON, Ready};
pub use series::PythonSeries;

/// A validated scenario. Every number in it is in range, every name exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The name, equal to the stem of the file.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Where the bug was reported; none for one of our own making.
    pub upstream: Option<String>,
    /// The file it was read from.
    pub file: PathBuf,
    /// The service's name.
    pub service: String,
    /// The service's folder; it exists. Of one's own that of the file.
    pub service_dir: PathBuf,
    /// The CPython that a service of ours needs.
    pub series: PythonSeries,
    /// The series of CPython 3 that it is to run on, such as `3.13`; none until that is chosen, and on 2.7.
    pub on: Option<String>,
    /// How a service of one's own is started; none for one of ours.
    pub own: Option<Own>,
    /// The seed that the file asks for.
    pub seed: u64,
    /// Options of the service in the order of their names.
    pub options: BTreeMap<String, OptionValue>,
    /// Requests made before the first look.
    pub warm_up: u64,
    /// The load of one round.
    pub load: Option<Load>,
    /// How the load's requests spread over its rounds.
    pub traffic: Traffic,
    /// A request that isn't expected to be answered.
    pub trigger: Option<Request>,
    /// What the ledger must say before each look.
    pub wait: Option<Wait>,
    /// Whether the service is asked for a full collection before each look.
    pub collect: bool,
    /// What is looked at.
    pub observe: Observe,
    /// Findings that are known and let be.
    pub ignore: Vec<Ignore>,
    /// The variants it has and what each must show, `Buggy` first; never empty.
    pub variants: BTreeMap<Variant, VariantPlan>,
}

impl Scenario {
    /// The service's command-line options, in the order of their names.
    #[must_use]
    pub fn option_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for (name, value) in &self.options {
            match value {
                OptionValue::Flag(false) => {}
                OptionValue::Flag(true) => arguments.push(format!("--{name}")),
                OptionValue::Text(text) => arguments.extend([format!("--{name}"), text.clone()]),
            }
        }
        arguments
    }
}

/// The value of a service's option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// `true` gives the bare option, `false` leaves it out.
    Flag(bool),
    /// A text, or a number as it is written on a command line.
    Text(String),
}

impl OptionValue {
    /// As it is written on a command line.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for OptionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OptionVisitor;
        impl Visitor<'_> for OptionVisitor {
            type Value = OptionValue;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false, a number or a text")
            }
            fn visit_bool<E>(self, value: bool) -> Result<OptionValue, E> {
                Ok(OptionValue::Flag(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<OptionValue, E> {
                Ok(OptionValue::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(OptionVisitor)
    }
}

impl JsonSchema for OptionValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OptionValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "number", "string"] })
    }
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// The word on the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query; starts with a slash, has no white space.
    pub path: String,
    /// Names and values of its headers, beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// What it carries; mostly nothing.
    pub body: String,
}

impl Request {
    /// A request with neither headers of its own nor a body.
    #[must_use]
    pub fn plain(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), ..Self::default() }
    }
}

/// Stands in a load's path for the number of the request.
pub const NUMBER: &str = "{n}";

/// A condition to wait for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// What the ledger must say; not empty.
    pub ledger: LedgerConditions,
    /// The deadline.
    pub within: Duration,
}

/// What is looked at; at least one of the four, and a toggle alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Observe {
    /// Rounds of load with a look after each.
    pub growth: Option<Growth>,
    /// One look after the load.
    pub inspect: Option<Inspect>,
    /// Sampling.
    pub hot: Option<Hot>,
    /// Diagnostics of the service's own, switched on and off again.
    pub toggle: Option<Toggle>,
}

impl Observe {
    /// Counted rounds of load: those of the growth, else one before a look at the heap, else none.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        let one_look = u64::from(self.inspect.is_some());
        self.growth.as_ref().map_or(one_look, |growth| growth.rounds)
    }

    /// The classes of finding that this scenario's detectors can give.
    #[must_use]
    pub fn classes(&self) -> Vec<FindingClass> {
        FindingClass::ALL.into_iter().filter(|class| self.covers(*class)).collect()
    }

    /// Whether a detector for the class runs. The looks of the rounds tell what grew: a leak, what may still be filling,
    /// garbage that nobody collects, and memory outside objects.
    #[must_use]
    pub fn covers(&self, class: FindingClass) -> bool {
        match class {
            FindingClass::Leak | FindingClass::Growth | FindingClass::Garbage | FindingClass::NativeMemory => {
                self.growth.is_some()
            }
            FindingClass::Cycle | FindingClass::Fragmentation => self.inspect.is_some(),
            FindingClass::HotLoop | FindingClass::Spin => self.hot.is_some(),
        }
    }
}

/// Growth over rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// Rounds; 3 or more.
    pub rounds: u64,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspect {
    /// Whether the fresh process is looked at too.
    pub baseline: bool,
}

/// Sampling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hot {
    /// How long.
    pub duration: Duration,
    /// Whether rounds of the load are made all the while.
    pub under_load: bool,
}

/// Who reads a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceReader {
    /// Nobody.
    None,
    /// Somebody who keeps up.
    Steady,
    /// Somebody who opens the pipe and reads nothing before the load is over.
    Slow,
    /// Somebody who goes without a word; later another comes.
    Leaves,
}

impl TraceReader {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Steady => "steady",
            Self::Slow => "slow",
            Self::Leaves => "leaves",
        }
    }
}

/// Switching a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Toggle {
    /// Which.
    pub what: Toggled,
    /// Who reads, for [`Toggled::Trace`]; else `None`.
    pub reader: TraceReader,
    /// Trace without rests.
    pub full: bool,
}

/// What one variant must show.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantPlan {
    /// The findings, all of them.
    pub expected: Vec<Expectation>,
    /// Observations that must be there, among others.
    pub told: Vec<Told>,
    /// What the facts of the toggle must be; empty exactly where none is observed.
    pub toggle: BTreeMap<String, Matcher>,
    /// What proves the run; not empty, but for a service of one's own.
    pub ledger: LedgerConditions,
    /// The lock file of its packages; it exists. None for those of the services.
    pub packages: Option<PathBuf>,
    /// The command of this variant, of a service of one's own that has one for each.
    pub command: Option<Vec<String>>,
    /// Variables of this variant, of a service of one's own.
    pub variables: BTreeMap<String, String>,
}

/// One observation that must be there. Only the fields named are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The word of its class.
    pub class: String,
    /// Fields of `where` and what each must be.
    pub place: BTreeMap<&'static str, Matcher>,
    /// Its figures by dotted name.
    pub evidence: BTreeMap<String, Matcher>,
}

/// Conditions on the totals of a ledger, by dotted name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LedgerConditions(pub BTreeMap<String, Matcher>);

/// One finding that must be there. Only the fields named are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The class.
    pub class: FindingClass,
    /// Other classes that it may be told as.
    pub also_as: Vec<FindingClass>,
    /// The verdict, if it matters.
    pub verdict: Option<Verdict>,
    /// Fields of `where` and what each must be; `path` is a [`Matcher::List`]. `names` is held against the names in all of
    /// them.
    pub place: BTreeMap<&'static str, Matcher>,
    /// Evidence by dotted name.
    pub evidence: BTreeMap<String, Matcher>,
}

impl Expectation {
    /// The expectation as it stands in the results' `expected`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("class".to_owned(), json!(self.class.as_str()));
        if !self.also_as.is_empty() {
            object.insert("also_as".to_owned(), json!(self.also_as));
        }
        if let Some(verdict) = &self.verdict {
            object.insert("verdict".to_owned(), json!(verdict));
        }
        let place = as_object(self.place.iter().map(|(name, matcher)| (*name, matcher)));
        let evidence = as_object(self.evidence.iter().map(|(name, matcher)| (name.as_str(), matcher)));
        for (name, fields) in [("where", place), ("evidence", evidence)] {
            if !fields.is_empty() {
                object.insert(name.to_owned(), Value::Object(fields));
            }
        }
        Value::Object(object)
    }
}

fn as_object<'m>(fields: impl Iterator<Item = (&'m str, &'m Matcher)>) -> serde_json::Map<String, Value> {
    fields.map(|(name, matcher)| (name.to_owned(), matcher.to_json())).collect()
}
