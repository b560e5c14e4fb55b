//! What was seen of one object while a value is put together.

use std::sync::Arc;

use bloathound_profile::{Attribute, ValueHash};

/// What was seen of an object.
pub(super) struct Look {
    pub type_name: Arc<str>,
    pub summary: String,
    pub hash: ValueHash,
    pub number: Option<f64>,
    pub attributes: Vec<Attribute>,
}
