//! Little-endian words of bytes that were read, whatever the bytes are.

/// The word at byte `at`; 0 where the bytes end before.
#[inline]
pub(crate) fn read_word(bytes: &[u8], at: usize) -> u64 {
    at.checked_add(8)
        .and_then(|end| bytes.get(at..end))
        .and_then(|word| word.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

/// The word at byte `offset` of a structure; 0 past the end.
#[inline]
pub(crate) fn word_at(bytes: &[u8], offset: u64) -> u64 {
    usize::try_from(offset).map_or(0, |at| read_word(bytes, at))
}

/// The half word at byte `offset` of a structure; 0 past the end.
#[inline]
pub(crate) fn half_at(bytes: &[u8], offset: u64) -> u32 {
    usize::try_from(offset)
        .ok()
        .and_then(|at| bytes.get(at..at.checked_add(4)?)?.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

/// All words.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks_exact(8).map(|chunk| read_word(chunk, 0))
}

/// A live object's count: at least 1, and no pointer.
pub(crate) fn plausible_count(count: u64) -> bool {
    (1..1 << 40).contains(&count)
}
