//! Values that are seen whole: numbers and text.

use bloathound_memory::Address;
use bloathound_profile::{QUOTED_CHARACTERS, ValueKind, quote};

use super::look::Look;
use super::memory::Memory;
use crate::dialect::DigitCount;
use crate::objects::{half_at, word_at};

/// Bytes of a string that enter its hash, from its begin and from its end.
const STRING_HASHED: u64 = 256;

/// Digits of a `long` that enter its hash.
const DIGITS_READ_MAX: u64 = 64;
/// Digits of a `long` up to which it is told as a number: far below the largest `f64`.
const DIGITS_SHOWN_MAX: u64 = 30;

/// An `int` or a `bool`.
pub(super) fn integer(look: &mut Look, bits: u64) {
    let number = bits.cast_signed();
    look.hash = look.hash.number(bits);
    look.number = Some(number as f64);
    look.summary = match (look.kind, number) {
        (ValueKind::Bool, 0) => "False".to_owned(),
        (ValueKind::Bool, _) => "True".to_owned(),
        _ => number.to_string(),
    };
}

/// A `long` of `ob_size` digits, its sign the number's.
pub(super) fn long(memory: &Memory<'_>, address: Address, size: u64, look: &mut Look) {
    let size = size.cast_signed();
    let digits = size.unsigned_abs();
    look.hash = look.hash.number(size.cast_unsigned());
    let d = memory.d.long;
    let read = digits.min(DIGITS_READ_MAX) * d.digit_bytes;
    let bytes = memory.bytes(address.offset(d.ob_digit), read, read as usize).unwrap_or_default();
    look.hash = look.hash.bytes(&bytes);
    let base = 2_f64.powi(d.digit_bits.cast_signed());
    let digit_values = bytes.chunks_exact(d.digit_bytes as usize).map(|digit| f64::from(half_at(digit, 0)));
    let magnitude = digit_values.rev().fold(0.0, |sum, digit| sum * base + digit);
    if digits <= DIGITS_SHOWN_MAX {
        look.number = Some(if size < 0 { -magnitude } else { magnitude });
    }
    look.summary = match digits {
        0 => "0L".to_owned(),
        1 => format!("{}L", look.number.unwrap_or_default()),
        _ => format!("long of {digits} digits"),
    };
}

/// A whole number of the series that have one sort of them: the object at `address` that begins with `head`.
pub(super) fn whole(memory: &Memory<'_>, address: Address, head: &[u8], look: &mut Look) {
    let d = memory.d.long;
    let count = word_at(head, d.count_at);
    let (digits, is_negative) = match d.count {
        DigitCount::SignedSize => (count.cast_signed().unsigned_abs(), count.cast_signed() < 0),
        DigitCount::Tag { shift, sign_mask, negative } => (count >> shift, count & sign_mask == negative),
    };
    // What a word holds was read with the head, in one piece.
    if digits.saturating_mul(u64::from(d.digit_bits)) < 63 {
        let digit = |index: u64| u64::from(half_at(head, d.ob_digit + index * d.digit_bytes));
        let size = (0..digits).rev().fold(0, |sum, index| sum << d.digit_bits | digit(index)).cast_signed();
        return integer(look, if is_negative { -size } else { size }.cast_unsigned());
    }
    let size = i64::try_from(digits).unwrap_or(i64::MAX);
    long(memory, address, if is_negative { -size } else { size }.cast_unsigned(), look);
    look.summary = format!("int of {digits} digits");
}

/// A short `str` of which all was read with its head, in one piece.
pub(super) fn short_text(look: &mut Look, data: &[u8]) {
    look.hash = look.hash.number(data.len() as u64);
    look.length = Some(data.len() as u64);
    say(look, data, data.len() as u64, 1);
}

/// A `str` or `unicode` of `length` characters of `width` bytes at `data`.
pub(super) fn text(memory: &Memory<'_>, look: &mut Look, data: Address, length: u64, width: u64) {
    let bytes = length.saturating_mul(width.max(1));
    look.hash = look.hash.number(length);
    look.length = Some(length);
    let first = memory.bytes(data, bytes.min(STRING_HASHED), STRING_HASHED as usize);
    let Some(first) = first else { return };
    say(look, &first, length, width);
    if bytes > STRING_HASHED {
        let rest = (bytes - STRING_HASHED).min(STRING_HASHED);
        let last = memory.bytes(data.offset(bytes - rest), rest, STRING_HASHED as usize);
        look.hash = look.hash.bytes(&last.unwrap_or_default());
    }
}

/// What text that begins with `first` says, to rules and to people.
fn say(look: &mut Look, first: &[u8], length: u64, width: u64) {
    look.hash = look.hash.bytes(first);
    let character = |unit: &[u8]| {
        let code = unit.iter().rev().fold(0_u32, |code, &byte| code << 8 | u32::from(byte));
        char::from_u32(code).filter(|c| !c.is_control()).unwrap_or('.')
    };
    let shown: String =
        first.chunks_exact(width.max(1) as usize).take(QUOTED_CHARACTERS as usize).map(character).collect();
    look.summary = quote(&shown, length);
    look.is_quote = true;
}
