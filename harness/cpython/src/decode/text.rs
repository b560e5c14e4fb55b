//! Short texts for single objects, read from the image when somebody asks.

use bloathound_memory::{Address, MemoryImage};

use crate::dialect::SingledOut;
use crate::objects::{Budget, Objects};
use crate::{Interpreter, UnicodeWidth};

/// A short text for an object.
pub type ObjectText = String;

/// The content of a string (quoted, cut to `max` characters) or a number's digits; `None` for other types.
#[must_use]
pub fn describe(image: &MemoryImage, interpreter: &Interpreter, at: Address, max: usize) -> Option<ObjectText> {
    let d = interpreter.dialect;
    let objects = Objects::new(image, d);
    let type_at = image.pointer_at(at.offset(d.object.ob_type))?;
    let name_at = image.pointer_at(type_at.offset(d.type_object.tp_name))?;
    use bloathound_memory::MemorySource;
    let name = image.read_c_string(name_at, 32).ok()?;
    match d.types.singled_out(&name)? {
        SingledOut::Str => {
            let len = image.u64_at(at.offset(d.object.ob_size))?;
            let shown = len.min(max as u64 * 4);
            let bytes = image.bytes(at.offset(d.string.ob_sval), shown as usize)?;
            Some(quote(&String::from_utf8_lossy(bytes), max, shown < len))
        }
        SingledOut::Unicode => {
            let len = image.u64_at(at.offset(d.unicode.length))?;
            let shown = len.min(max as u64);
            Some(format!("u{}", quote(&first_characters(image, interpreter, at, shown)?, max, shown < len)))
        }
        SingledOut::Int | SingledOut::Bool => Some((image.u64_at(at.offset(d.number.value))? as i64).to_string()),
        SingledOut::Float => Some(f64::from_bits(image.u64_at(at.offset(d.number.value))?).to_string()),
        SingledOut::Nothing => Some("None".into()),
        SingledOut::Module => {
            let namespace = image.pointer_at(at.offset(d.module.md_dict))?;
            objects.string_text(objects.lookup(namespace, "__name__", &Budget::for_image(image.flat().len()))?, 200)
        }
        SingledOut::Function => objects.string_text(image.pointer_at(at.offset(d.function.func_name))?, 200),
        SingledOut::Type => {
            let name_at = image.pointer_at(at.offset(d.type_object.tp_name))?;
            image.read_c_string(name_at, 200).ok()
        }
        _ => None,
    }
}

/// The first characters of the `unicode` at `at`.
fn first_characters(image: &MemoryImage, interpreter: &Interpreter, at: Address, shown: u64) -> Option<String> {
    let data = image.pointer_at(at.offset(interpreter.dialect.unicode.str))?;
    let bytes = image.bytes(data, (shown * interpreter.unicode.bytes()) as usize)?;
    Some(match interpreter.unicode {
        UnicodeWidth::Ucs4 => bytes
            .chunks_exact(4)
            .map(|c| char::from_u32(u32::from_le_bytes([c[0], c[1], c[2], c[3]])).unwrap_or('\u{fffd}'))
            .collect(),
        UnicodeWidth::Ucs2 => {
            let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
    })
}

/// All characters of the `unicode` at `at`, where they are no more than `max`. The caller knows that it is one.
pub(super) fn characters(image: &MemoryImage, interpreter: &Interpreter, at: Address, max: u64) -> Option<String> {
    let length = image.u64_at(at.offset(interpreter.dialect.unicode.length)).filter(|length| *length <= max)?;
    first_characters(image, interpreter, at, length)
}

fn quote(text: &str, max: usize, cut: bool) -> String {
    let shown: String = text.chars().take(max).collect();
    let cut = cut || shown.len() < text.len();
    format!("'{}{}'", shown.escape_debug(), if cut { "…" } else { "" })
}

/// The bytes of the `str` at `at`; the caller knows that it is one. `None` where they were not copied.
#[must_use]
pub fn string_bytes<'a>(image: &'a MemoryImage, interpreter: &Interpreter, at: Address) -> Option<&'a [u8]> {
    Objects::new(image, interpreter.dialect).string_bytes(at)
}
