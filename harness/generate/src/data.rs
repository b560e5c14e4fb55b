//! The data that cases are made of, as its files write it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::GenerateError;

/// What kind of bug a case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseClass {
    /// Things of every request that something keeps.
    Leak,
    /// Cycles with finalizers.
    Cycles,
    /// Survivors of a burst.
    Fragmentation,
    /// A loop that gets nowhere.
    Hot,
    /// An event loop that turns for nothing.
    Spin,
    /// Garbage that nobody collects.
    Garbage,
    /// Memory of C code.
    Native,
    /// No bug: what only looks like one.
    Negative,
}

impl CaseClass {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Leak,
        Self::Cycles,
        Self::Fragmentation,
        Self::Hot,
        Self::Spin,
        Self::Garbage,
        Self::Native,
        Self::Negative,
    ];

    /// The word on the command line and in names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Cycles => "cycles",
            Self::Fragmentation => "fragmentation",
            Self::Hot => "hot",
            Self::Spin => "spin",
            Self::Garbage => "garbage",
            Self::Native => "native",
            Self::Negative => "negative",
        }
    }

    fn shapes(self) -> &'static str {
        match self {
            Self::Leak => include_str!("../data/shapes/leak.yaml"),
            Self::Cycles => include_str!("../data/shapes/cycles.yaml"),
            Self::Fragmentation => include_str!("../data/shapes/fragmentation.yaml"),
            Self::Hot => include_str!("../data/shapes/hot.yaml"),
            Self::Spin => include_str!("../data/shapes/spin.yaml"),
            Self::Garbage => include_str!("../data/shapes/garbage.yaml"),
            Self::Native => include_str!("../data/shapes/native.yaml"),
            Self::Negative => include_str!("../data/shapes/negative.yaml"),
        }
    }
}

/// `words.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    pub(crate) nouns: Vec<String>,
    pub(crate) adjectives: Vec<String>,
    pub(crate) verbs: Vec<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) holders: Vec<String>,
    /// With `{}` where the noun goes.
    pub(crate) stores: Vec<String>,
    pub(crate) packages: Vec<String>,
    pub(crate) teams: Vec<String>,
}

/// One of `items.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// Qualified type of what is made.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// Python that defines the function which makes one.
    pub(crate) define: String,
}

/// One of `beside.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beside {
    pub(crate) name: String,
    pub(crate) module: String,
}

/// What a range or a list of choices gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Drawn {
    Number(u64),
    Text(String),
}

/// What a file of shapes and each shape in it can say; a shape's word counts before the file's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Plan {
    /// `growth`, `inspect`, `stuck` or `busy`: which looks are taken, and how the load comes.
    pub(crate) look: Option<String>,
    /// One line for people.
    pub(crate) title: Option<String>,
    /// The expectation, as YAML.
    pub(crate) expect: Option<String>,
    /// What the ledger says of the bug, and of the twin.
    pub(crate) ledger_buggy: Option<String>,
    pub(crate) ledger_fixed: Option<String>,
    /// Words that a person needs to find the place.
    pub(crate) names: Option<String>,
    /// Whether the number of objects a request is exact.
    pub(crate) exact: Option<bool>,
    /// Least and most things a request.
    pub(crate) rates: Option<[u64; 2]>,
    /// Names of the items that fit; all where it is left out, none where it is empty.
    pub(crate) items: Option<Vec<String>>,
    /// The holder's module has `handle(number)`, called at each request.
    pub(crate) handles: Option<bool>,
    /// It has `count()`, which gives facts for the ledger.
    pub(crate) facts: Option<bool>,
    /// It has `start(ledger)`, called once the service listens.
    pub(crate) starts: Option<bool>,
    /// `no`, `yes`, or `either`: the stuck work runs in a thread of its own.
    pub(crate) thread: Option<String>,
    /// Sampled while requests are made.
    pub(crate) under_load: Option<bool>,
    /// Looked at as a whole after the rounds, too.
    pub(crate) also_inspect: Option<bool>,
    /// At most so many other things beside.
    pub(crate) beside: Option<u64>,
    /// Least and most requests under way at once.
    pub(crate) concurrency: Option<[u64; 2]>,
    /// Only this traffic.
    pub(crate) traffic: Option<String>,
    /// Python of the holder's module; what a shape says in `before` and `body` may go into that of its file.
    pub(crate) module: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) body: Option<String>,
    /// What is computed of what was drawn.
    pub(crate) sets: BTreeMap<String, String>,
    /// What else varies: two numbers are a range, anything else is a choice.
    pub(crate) draws: BTreeMap<String, Vec<Drawn>>,
}

/// One shape.
#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) plan: Plan,
    /// Keys that nobody reads.
    #[serde(flatten)]
    rest: BTreeMap<String, serde_yaml::Value>,
}

/// A file of shapes.
#[derive(Debug, Deserialize)]
pub(crate) struct ShapeFile {
    pub(crate) shapes: Vec<Shape>,
    #[serde(flatten)]
    pub(crate) plan: Plan,
    /// Keys that nobody reads.
    #[serde(flatten)]
    rest: BTreeMap<String, serde_yaml::Value>,
}

impl ShapeFile {
    /// A key that is a slip of the pen, if there is one.
    fn unread(&self) -> Option<&str> {
        self.rest.keys().chain(self.shapes.iter().flat_map(|shape| shape.rest.keys())).next().map(String::as_str)
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) words: Words,
    pub(crate) items: Vec<Item>,
    pub(crate) besides: Vec<Beside>,
    pub(crate) fillers: Vec<String>,
    pub(crate) shapes: BTreeMap<CaseClass, ShapeFile>,
}

impl Data {
    pub(crate) fn read() -> Result<Self, GenerateError> {
        let mut shapes = BTreeMap::new();
        for class in CaseClass::ALL {
            let file = format!("shapes/{}.yaml", class.as_str());
            let read: ShapeFile = parsed(&file, class.shapes())?;
            if let Some(key) = read.unread() {
                return Err(GenerateError::Data { file, message: format!("nobody reads `{key}`") });
            }
            shapes.insert(class, read);
        }
        Ok(Self {
            words: parsed("words.yaml", include_str!("../data/words.yaml"))?,
            items: parsed("items.yaml", include_str!("../data/items.yaml"))?,
            besides: parsed("beside.yaml", include_str!("../data/beside.yaml"))?,
            fillers: parsed("fillers.yaml", include_str!("../data/fillers.yaml"))?,
            shapes,
        })
    }
}

fn parsed<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, GenerateError> {
    serde_yaml::from_str(text)
        .map_err(|error| GenerateError::Data { file: file.to_owned(), message: error.to_string() })
}
