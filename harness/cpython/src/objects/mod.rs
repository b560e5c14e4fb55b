//! The object model: how the parts of objects are laid out and read, for everybody who reads objects of a copy.
//!
//! [`Objects`] reads out of a copied image; [`Table`] and the words serve live reading, too.

mod attributes;
mod budget;
mod locations;
mod model;
mod static_types;
mod table;
mod text;
mod words;

pub(crate) use budget::Budget;
pub(crate) use locations::{line_at, located};
pub(crate) use model::{BASES_MAX, BASICSIZE_MAX, Objects};
pub(crate) use static_types::StaticTypes;
pub(crate) use table::{KeysHead, Table};
pub(crate) use text::{Characters, Width};
pub(crate) use words::{half_at, plausible_count, read_word, word_at, words};

/// Words of a module's own state before we take its definition for damage.
pub(crate) const MODULE_WORDS_MAX: u64 = 1 << 14;
