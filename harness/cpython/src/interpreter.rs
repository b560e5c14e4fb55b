//! What is known of a target's interpreter: where its own data is, and how that is told in a recording's manifest.

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemorySource};

use crate::dialect::{Dialect, FIRST, SUPPORTED, TextStorage};
use crate::objects::Width;

/// How the target stores text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnicodeWidth {
    /// Two bytes a character (a narrow build).
    Ucs2,
    /// Four bytes a character (a wide build).
    Ucs4,
}

impl UnicodeWidth {
    /// `sizeof(Py_UNICODE)`.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Ucs2 => 2,
            Self::Ucs4 => 4,
        }
    }
}

impl From<UnicodeWidth> for Width {
    fn from(width: UnicodeWidth) -> Self {
        match width {
            UnicodeWidth::Ucs2 => Self::Two,
            UnicodeWidth::Ucs4 => Self::Four,
        }
    }
}

/// Why a target's interpreter can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// An exported symbol that every build of the series has is missing.
    #[error("{module} does not export {symbol}: this is not {SUPPORTED}")]
    MissingSymbol {
        /// The module looked at.
        module: String,
        /// What is missing.
        symbol: &'static str,
    },
    /// A structure does not look as it must.
    #[error("the layout check '{check}' failed: {detail}")]
    LayoutCheck {
        /// Which check.
        check: &'static str,
        /// What was seen.
        detail: String,
    },
    /// Debug builds have two more words in every object.
    #[error("this is a debug build of CPython (Py_TRACE_REFS): its objects have another layout")]
    DebugBuild,
    /// Builds without the GIL have other objects and another allocator.
    #[error(
        "this is a free-threaded build of CPython {version}: its objects and its allocator are others, and not read"
    )]
    FreeThreaded {
        /// Its release.
        version: String,
    },
    /// The interpreter says itself that it is laid out otherwise.
    #[error(
        "this build of CPython {version} says that {field} is {told}, where {expected} was expected: it is laid out otherwise, and not read"
    )]
    LaidOutOtherwise {
        /// Its release.
        version: String,
        /// Which field, as its sources call it.
        field: &'static str,
        /// What it says.
        told: u64,
        /// What was expected.
        expected: u64,
    },
    /// Memory that must be there could not be read.
    #[error("reading the interpreter's data: {0}")]
    Read(#[from] bloathound_memory::ReadError),
}

/// Where the interpreter's own data is in the target. Addresses of variables, not their values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interpreter {
    /// How its data is laid out: what it was checked against.
    pub dialect: &'static Dialect,
    /// `_PyRuntime`: the structure that all its data hang on, in a series that has one.
    pub runtime: Option<Address>,
    /// Its release, such as `2.7.18`, where the target tells.
    pub version: Option<String>,
    /// `PyType_Type`.
    pub type_type: Address,
    /// `PyBaseObject_Type`.
    pub object_type: Address,
    /// `PyDict_Type`.
    pub dict_type: Address,
    /// `generations[0]`.
    pub generations: Address,
    /// `sizeof(struct gc_generation)`.
    pub generation_stride: u64,
    /// The first `PyInterpreterState`.
    pub interpreter_state: Option<Address>,
    /// The variable `_PyThreadState_Current`.
    pub current_thread: Address,
    /// The variable `arenas`.
    pub arenas: Option<Address>,
    /// The variable `maxarenas`.
    pub maxarenas: Option<Address>,
    /// The variable `interned` of stringobject.c.
    pub interned: Option<Address>,
    /// The variable `garbage` of gcmodule.c.
    pub garbage: Option<Address>,
    /// The variable `collecting` of gcmodule.c.
    pub collecting: Option<Address>,
    /// The variable `enabled` of gcmodule.c: what `gc.isenabled()` tells.
    pub enabled: Option<Address>,
    /// The variables `block_list` of intobject.c and floatobject.c, in no particular order.
    pub number_block_lists: Vec<Address>,
    /// UCS2 or UCS4.
    pub unicode: UnicodeWidth,
    /// Which fact is known how: `generation_stride` → `40, lists consistent`.
    pub known_by: BTreeMap<String, String>,
}

impl Interpreter {
    /// True when nothing is left to be searched for. The arenas are searched for in the copy.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // What hangs on one structure was found with it; interned strings don't in every series.
        self.runtime.is_some() && self.interpreter_state.is_some() && self.interned.is_some()
            || self.interpreter_state.is_some()
                && self.interned.is_some()
                && self.garbage.is_some()
                && self.collecting.is_some()
                && self.enabled.is_some()
                && !self.number_block_lists.is_empty()
    }

    /// The most that is known of its version: its release, or the series it was checked against.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(self.dialect.series)
    }

    /// How text is stored, where builds of the series differ in it: `UCS4`.
    #[must_use]
    pub fn text_width(&self) -> Option<String> {
        match self.dialect.text {
            TextStorage::BytesAndWide => Some(format!("UCS{}", self.unicode.bytes())),
            TextStorage::Compact => None,
        }
    }

    /// True while a collection runs in the target: its lists are then incomplete.
    #[must_use]
    pub fn is_collecting(&self, source: &dyn MemorySource) -> bool {
        self.collecting.is_some_and(|flag| source.read_u32(flag).is_ok_and(|value| value != 0))
    }

    /// All facts as text, for a recorded image's manifest.
    #[must_use]
    pub fn to_facts(&self) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::new();
        let mut put = |name: &str, value: Option<Address>| {
            if let Some(address) = value {
                facts.insert(name.to_owned(), format!("{:x}", address.0));
            }
        };
        put("runtime", self.runtime);
        put("type_type", Some(self.type_type));
        put("object_type", Some(self.object_type));
        put("dict_type", Some(self.dict_type));
        put("generations", Some(self.generations));
        put("generation_stride", Some(Address(self.generation_stride)));
        put("interpreter_state", self.interpreter_state);
        put("current_thread", Some(self.current_thread));
        put("arenas", self.arenas);
        put("maxarenas", self.maxarenas);
        put("interned", self.interned);
        put("garbage", self.garbage);
        put("collecting", self.collecting);
        put("enabled", self.enabled);
        put("unicode_bytes", Some(Address(self.unicode.bytes())));
        for (index, address) in self.number_block_lists.iter().enumerate() {
            put(&format!("number_block_list.{index}"), Some(*address));
        }
        facts.insert("dialect".to_owned(), self.dialect.series.to_owned());
        for (name, offset) in self.dialect.told_otherwise() {
            facts.insert(format!("offset.{name}"), format!("{offset:x}"));
        }
        facts.extend(self.version.iter().map(|version| ("version".to_owned(), version.clone())));
        for (fact, how) in &self.known_by {
            facts.insert(format!("known_by.{fact}"), how.clone());
        }
        facts
    }

    /// The other way round. `None` when a fact that must be there is missing, no number, or can't be.
    #[must_use]
    pub fn from_facts(facts: &BTreeMap<String, String>) -> Option<Self> {
        let get = |name: &str| facts.get(name).and_then(|text| u64::from_str_radix(text, 16).ok()).map(Address);
        // Recordings made before there was a second dialect name none.
        let dialect = facts.get("dialect").map_or(Some(FIRST), |series| Dialect::of_series(series))?;
        let told = facts
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix("offset.")?, u64::from_str_radix(text, 16).ok()?)));
        let dialect = dialect.with_told(told)?;
        Some(Self {
            dialect,
            runtime: get("runtime"),
            version: facts.get("version").cloned(),
            type_type: get("type_type")?,
            object_type: get("object_type")?,
            dict_type: get("dict_type")?,
            generations: get("generations")?,
            generation_stride: Some(get("generation_stride")?.0)
                .filter(|s| dialect.collector.generation_strides.contains(s))?,
            interpreter_state: get("interpreter_state"),
            current_thread: get("current_thread")?,
            arenas: get("arenas"),
            maxarenas: get("maxarenas"),
            interned: get("interned"),
            garbage: get("garbage"),
            collecting: get("collecting"),
            enabled: get("enabled"),
            unicode: if get("unicode_bytes")?.0 == 2 { UnicodeWidth::Ucs2 } else { UnicodeWidth::Ucs4 },
            number_block_lists: (0..16).map_while(|i| get(&format!("number_block_list.{i}"))).collect(),
            known_by: facts
                .iter()
                .filter_map(|(name, how)| Some((name.strip_prefix("known_by.")?.to_owned(), how.clone())))
                .collect(),
        })
    }
}
