//! Short texts for single objects, read from the image when somebody asks.

use bloathound_memory::{Address, MemoryImage};

use super::budget::Budget;
use super::types::string_text;
use crate::layouts::object_h as object;
use crate::layouts::stringobject_h as string;
use crate::{Interpreter, UnicodeWidth};

/// A short text for an object.
pub type ObjectText = String;

/// The content of a string (quoted, cut to `max` characters) or a number's digits; `None` for other types.
#[must_use]
pub fn describe(image: &MemoryImage, interpreter: &Interpreter, at: Address, max: usize) -> Option<ObjectText> {
    let type_at = image.pointer_at(at.offset(object::OB_TYPE))?;
    let name_at = image.pointer_at(type_at.offset(object::TP_NAME))?;
    use bloathound_memory::MemorySource;
    let name = image.read_c_string(name_at, 32).ok()?;
    match name.as_str() {
        "str" => {
            let len = image.u64_at(at.offset(object::OB_SIZE))?;
            let shown = len.min(max as u64 * 4);
            let bytes = image.bytes(at.offset(string::OB_SVAL), shown as usize)?;
            Some(quote(&String::from_utf8_lossy(bytes), max, shown < len))
        }
        "unicode" => {
            let len = image.u64_at(at.offset(string::UNICODE_LENGTH))?;
            let data = image.pointer_at(at.offset(string::UNICODE_DATA))?;
            let shown = len.min(max as u64);
            let width = interpreter.unicode.bytes();
            let bytes = image.bytes(data, (shown * width) as usize)?;
            let text: String = match interpreter.unicode {
                UnicodeWidth::Ucs4 => bytes
                    .chunks_exact(4)
                    .map(|c| char::from_u32(u32::from_le_bytes([c[0], c[1], c[2], c[3]])).unwrap_or('\u{fffd}'))
                    .collect(),
                UnicodeWidth::Ucs2 => {
                    let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
                    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
                }
            };
            Some(format!("u{}", quote(&text, max, shown < len)))
        }
        "int" | "bool" => Some((image.u64_at(at.offset(string::NUMBER_VALUE))? as i64).to_string()),
        "float" => Some(f64::from_bits(image.u64_at(at.offset(string::NUMBER_VALUE))?).to_string()),
        "NoneType" => Some("None".into()),
        "module" => {
            let namespace = image.pointer_at(at.offset(16))?;
            string_text(
                image,
                super::types::lookup(image, namespace, "__name__", &Budget::for_image(image.flat().len()))?,
                200,
            )
        }
        "function" => string_text(image, image.pointer_at(at.offset(56))?, 200),
        "type" => {
            let name_at = image.pointer_at(at.offset(object::TP_NAME))?;
            image.read_c_string(name_at, 200).ok()
        }
        _ => None,
    }
}

fn quote(text: &str, max: usize, cut: bool) -> String {
    let shown: String = text.chars().take(max).collect();
    let cut = cut || shown.len() < text.len();
    format!("'{}{}'", shown.escape_debug(), if cut { "…" } else { "" })
}

/// The bytes of the `str` at `at`; the caller knows that it is one. `None` where they were not copied.
#[must_use]
pub fn string_bytes(image: &MemoryImage, at: Address) -> Option<&[u8]> {
    let len = usize::try_from(image.u64_at(at.offset(object::OB_SIZE))?).ok()?;
    image.bytes(at.offset(string::OB_SVAL), len)
}
