//! Text that says itself how it is stored, read where it runs.

use bloathound_memory::Address;

use crate::dialect::Dialect;
use crate::objects::{half_at, word_at};

/// Where a text's characters are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// The first one.
    pub at: Address,
    /// How many.
    pub length: u64,
    /// Bytes of each.
    pub width: u64,
    /// Where they are in the object's own first bytes, were these read that far.
    pub inline: Option<usize>,
}

impl Stored {
    /// Of the text at `address`, which begins with `head`; `None` where it can be none. `pointer` reads one.
    pub(super) fn of(
        d: &Dialect,
        address: Address,
        head: &[u8],
        pointer: impl FnOnce(Address) -> Option<Address>,
    ) -> Option<Self> {
        let c = &d.unicode.compact;
        let state = half_at(head, c.state);
        let width = state >> c.kind.0 & c.kind.1;
        if !matches!(width, 1 | 2 | 4) {
            return None;
        }
        let own = match (state & c.is_compact != 0, state & c.is_ascii != 0) {
            (true, true) => Some(c.ascii_bytes),
            (true, false) => Some(c.wide_bytes),
            (false, _) => None,
        };
        let at = match own {
            Some(own) => address.offset(own),
            None => pointer(address.offset(c.data))?,
        };
        let length = word_at(head, d.unicode.length);
        Some(Self { at, length, width: u64::from(width), inline: own.and_then(|own| usize::try_from(own).ok()) })
    }

    /// The characters, where all of them were read with the object's `head`.
    pub(super) fn within<'h>(&self, head: &'h [u8]) -> Option<&'h [u8]> {
        let bytes = usize::try_from(self.length.checked_mul(self.width)?).ok()?;
        head.get(self.inline?..)?.get(..bytes)
    }
}
