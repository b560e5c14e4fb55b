//! What was seen of one object while a value is put together.

use std::sync::Arc;

use bloathound_profile::{Attribute, FunctionName, ValueHash, ValueKind};

/// What was seen of an object.
pub(super) struct Look {
    pub type_name: Arc<str>,
    pub summary: String,
    pub hash: ValueHash,
    pub number: Option<f64>,
    pub kind: ValueKind,
    /// Characters of text, items of a container.
    pub length: Option<u64>,
    /// `summary` quotes a string.
    pub is_quote: bool,
    pub c_function: Option<Arc<str>>,
    pub class_name: Option<Arc<str>>,
    pub attributes: Vec<Attribute>,
    /// Methods that an event loop calls on it when its descriptor is ready.
    pub called_when_ready: Vec<FunctionName>,
    /// The hash covers all of it: nothing but atoms, each of which was looked at.
    pub is_whole: bool,
}
