//! What an interpreter keeps of types that are made in C and are shared by all interpreters.

use bloathound_memory::{Address, MemoryImage};

use super::words::word_at;
use crate::dialect::Dialect;

/// What an interpreter has of one such type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StaticRow {
    /// The type.
    pub(crate) type_at: Address,
    /// Its `__dict__`.
    pub(crate) dict: Address,
    /// The dict of its subclasses.
    pub(crate) subclasses: Address,
}

/// All of them, by the type's address; none in a series whose types have it all themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct StaticTypes(Vec<StaticRow>);

impl StaticTypes {
    /// Those of the interpreter at `state`.
    pub(crate) fn read(d: &Dialect, image: &MemoryImage, state: Option<Address>) -> Self {
        let (Some(runtime), Some(state)) = (d.runtime, state) else { return Self::default() };
        let r = runtime.static_type;
        let rows = runtime.static_types.into_iter().flat_map(|(first, count)| {
            (0..count).filter_map(move |index| {
                let bytes = image.bytes(state.offset(first + index * r.bytes), r.bytes as usize)?;
                let word = |offset| Address(word_at(bytes, offset));
                let row =
                    StaticRow { type_at: word(r.type_at), dict: word(r.tp_dict), subclasses: word(r.tp_subclasses) };
                (!row.type_at.is_null()).then_some(row)
            })
        });
        let mut rows: Vec<StaticRow> = rows.collect();
        rows.sort_by_key(|row| row.type_at);
        Self(rows)
    }

    /// What is kept of the type at `at`.
    pub(crate) fn row(&self, at: Address) -> Option<&StaticRow> {
        self.0.binary_search_by_key(&at, |row| row.type_at).ok().and_then(|place| self.0.get(place))
    }

    /// All.
    pub(crate) fn rows(&self) -> &[StaticRow] {
        &self.0
    }
}
