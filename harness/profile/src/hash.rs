//! Hashes of values.

use serde::{Deserialize, Serialize};

/// A hash of a value, the same on any machine and in any run: 64-bit FNV-1a.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ValueHash(pub u64);

impl Default for ValueHash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl ValueHash {
    /// The hash with `bytes` appended.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)))
    }

    /// The hash with a number appended.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// The hash with text and its length appended, so that `"ab", "c"` differs from `"a", "bc"`.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors_and_borders() {
        assert_eq!(ValueHash::default().bytes(b"a").0, 0xaf63_dc4c_8601_ec8c);
        let split = ValueHash::default().text("a").text("bc");
        assert_ne!(split, ValueHash::default().text("ab").text("c"));
    }
}
