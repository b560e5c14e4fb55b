//! What keeps how much alive, as a tree. Drawn elsewhere, and never written as a document.

/// An object, or several alike, with what would be freed if it went away.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RetainedTile {
    /// What a person calls it: `_field_cache`, `module model`; empty for several.
    pub name: String,
    /// Qualified type; empty for what is left over of many types.
    pub type_name: String,
    /// The way to it from a root; empty for several, and where none is known.
    pub path: String,
    /// How many objects.
    pub objects: u64,
    /// Their own bytes, and the memory of C code that belongs to them.
    pub own_bytes: u64,
    /// Bytes that would be freed with them.
    pub retained_bytes: u64,
    /// What they keep alive, most first. Its sum and `own_bytes` are `retained_bytes`, unless nobody went further down.
    pub tiles: Vec<RetainedTile>,
}
