//! Text objects of all series: where their characters are, and how wide.

use bloathound_memory::{Address, MemoryImage};

use super::Objects;
use super::words::{half_at, word_at};
use crate::dialect::TextStorage;

/// Bytes of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Width {
    /// The first 256 characters.
    One,
    /// 65536 characters; in a narrow build, halves of others too.
    Two,
    /// All.
    Four,
}

impl Width {
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// Where a text's characters are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Characters {
    /// The first one.
    pub(crate) at: Address,
    /// How many.
    pub(crate) length: u64,
    /// How wide.
    pub(crate) width: Width,
    /// All below 128.
    pub(crate) is_ascii: bool,
    /// They stand behind the object itself.
    pub(crate) is_inline: bool,
    /// It is a name: equal ones are one object.
    pub(crate) is_interned: bool,
    /// A buffer with its encoded form.
    pub(crate) encoded: Option<Address>,
    /// Bytes of that.
    pub(crate) encoded_bytes: u64,
}

impl Characters {
    /// Their bytes, where they were copied.
    pub(crate) fn bytes<'a>(&self, image: &'a MemoryImage) -> Option<&'a [u8]> {
        image.bytes(self.at, usize::try_from(self.length.checked_mul(self.width.bytes())?).ok()?)
    }

    /// The first `max` characters.
    pub(crate) fn read(&self, image: &MemoryImage, max: u64) -> Option<String> {
        let shown = Self { length: self.length.min(max), ..*self };
        let bytes = shown.bytes(image)?;
        Some(match self.width {
            Width::One => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Width::Two => {
                let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
                char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
            }
            Width::Four => bytes
                .chunks_exact(4)
                .map(|c| char::from_u32(u32::from_le_bytes([c[0], c[1], c[2], c[3]])).unwrap_or('\u{fffd}'))
                .collect(),
        })
    }
}

impl Objects<'_> {
    /// The characters of the text at `at`, which the caller knows to be one; `wide` is how wide they are where the build
    /// decides that.
    #[inline]
    pub(crate) fn characters(&self, at: Address, wide: Width) -> Option<Characters> {
        match self.d.text {
            TextStorage::BytesAndWide => Some(Characters {
                at: Address(self.word(at, self.d.unicode.str)),
                length: self.image.u64_at(at.offset(self.d.unicode.length))?,
                width: wide,
                is_ascii: false,
                is_inline: false,
                is_interned: false,
                encoded: None,
                encoded_bytes: 0,
            }),
            TextStorage::Compact => self.compact(at),
        }
    }

    /// The same of text that says itself how it is stored. `None` where it can be no text.
    pub(crate) fn compact(&self, at: Address) -> Option<Characters> {
        let c = &self.d.unicode.compact;
        let head = self.image.bytes(at, c.ascii_bytes as usize)?;
        let state = half_at(head, c.state);
        let is_compact = state & c.is_compact != 0;
        let is_ascii = state & c.is_ascii != 0;
        let width = match state >> c.kind.0 & c.kind.1 {
            1 => Width::One,
            2 => Width::Two,
            4 => Width::Four,
            _ => return None,
        };
        let first = match (is_compact, is_ascii) {
            (true, true) => at.offset(c.ascii_bytes),
            (true, false) => at.offset(c.wide_bytes),
            (false, _) => self.image.pointer_at(at.offset(c.data))?,
        };
        let encoded = match is_compact && is_ascii {
            true => Address::NULL,
            false => self.image.pointer_at(at.offset(c.utf8)).unwrap_or_default(),
        };
        let encoded = Some(encoded).filter(|buffer| !buffer.is_null() && *buffer != first);
        Some(Characters {
            at: first,
            length: word_at(head, self.d.unicode.length),
            width,
            is_ascii,
            is_inline: is_compact,
            is_interned: state >> c.interned.0 & c.interned.1 != 0,
            encoded,
            encoded_bytes: encoded.map_or(0, |_| self.word(at, c.utf8_length).saturating_add(1)),
        })
    }
}
