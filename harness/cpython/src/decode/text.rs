//! Short texts for single objects, read from the image when somebody asks.

use bloathound_memory::{Address, MemoryImage};

use crate::Interpreter;
use crate::dialect::{SingledOut, TextStorage};
use crate::objects::{Budget, Objects};

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
            let mark = objects.d.types.text_marks.0;
            let len = image.u64_at(at.offset(d.object.ob_size))?;
            let shown = len.min(max as u64 * 4);
            let bytes = image.bytes(at.offset(d.string.ob_sval), shown as usize)?;
            Some(format!("{mark}{}", quote(&String::from_utf8_lossy(bytes), max, shown < len)))
        }
        SingledOut::Unicode => {
            let text = objects.characters(at, interpreter.unicode.into())?;
            let mark = objects.d.types.text_marks.1;
            Some(format!("{mark}{}", quote(&text.read(image, max as u64)?, max, (max as u64) < text.length)))
        }
        SingledOut::Int | SingledOut::Bool if d.types.is_long(&name) => {
            objects.long_value(at).map(|value| value.to_string())
        }
        SingledOut::Int | SingledOut::Bool => Some((image.u64_at(at.offset(d.number.value))? as i64).to_string()),
        SingledOut::Float => Some(f64::from_bits(image.u64_at(at.offset(d.number.value))?).to_string()),
        SingledOut::Nothing => Some("None".into()),
        SingledOut::Module => {
            let namespace = image.pointer_at(at.offset(d.module.md_dict))?;
            objects.name(objects.lookup(namespace, "__name__", &Budget::for_image(image.flat().len()))?, 200)
        }
        SingledOut::Function => objects.name(image.pointer_at(at.offset(d.function.func_name))?, 200),
        SingledOut::Type => {
            let name_at = image.pointer_at(at.offset(d.type_object.tp_name))?;
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

/// The content of the `str` at `at`, as it is stored; the caller knows that it is one. `None` where it was not copied.
#[must_use]
pub fn string_bytes<'a>(image: &'a MemoryImage, interpreter: &Interpreter, at: Address) -> Option<&'a [u8]> {
    let objects = Objects::new(image, interpreter.dialect);
    match interpreter.dialect.text {
        TextStorage::BytesAndWide => objects.string_bytes(at),
        TextStorage::Compact => objects.compact(at)?.bytes(image),
    }
}
