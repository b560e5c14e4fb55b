//! The exception that a thread handled last: `sys.exc_info()` as it is in the thread's state.
//!
//! It stays there until the call that caught it returns, and each exception has a traceback of its own. A loop whose turns
//! fail and go on shows another one time and again; a loop in which nothing fails shows none, or the same for ever.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::{Caught, Value, ValueHash, ValueKind};

use super::dicts::Dict;
use super::memory::{HEAD_BYTES_MAX, Memory};
use super::types::TypeInfo;
use super::values::Values;
use crate::dialect::Frames;
use crate::objects::{half_at, word_at, words};

/// Fields that a C type adds to those of all exceptions: an error's number, text and file name, and room for more.
const FIELDS_MAX: u64 = 8;
/// Attributes of an exception's class that are looked through for its module.
const ATTRIBUTES_MAX: usize = 64;
/// Characters of a module's name.
const MODULE_CHARACTERS: usize = 256;
/// What an exception was made with, as far as it is told.
const ARGUMENTS_MAX: usize = 2;

/// What the thread at `state` handled last; `None` where nothing is being handled.
pub(super) fn read(memory: &Memory<'_>, values: &mut Values, state: Address) -> Option<Caught> {
    let d = memory.d;
    let [_, value, traceback] = triple(memory, state)?;
    if value.is_null() || traceback.is_null() {
        return None;
    }
    let entry = memory.head::<HEAD_BYTES_MAX>(traceback, d.exceptions.tb_bytes)?;
    let error = values.object(memory, value);
    let type_name = error.as_ref().map(|error| class_name(memory, values, &error.info)).unwrap_or_default();
    let args = error.as_ref().map(|error| Address(word_at(&error.head, d.exceptions.args)));
    let message = args.and_then(|args| message(memory, values, args));
    // An exception that was freed meanwhile has lost its arguments, or they are another one's by now.
    let said = error.as_ref().and_then(|error| {
        let args = values.deep(memory, Address(word_at(&error.head, d.exceptions.args)))?;
        let more = error.info.c_bytes.saturating_sub(d.exceptions.base_bytes).min(8 * FIELDS_MAX);
        let fields = memory.bytes(value.offset(d.exceptions.base_bytes), more, 8 * FIELDS_MAX as usize)?;
        let field = |hash: ValueHash, word: u64| {
            let one = values.shallow(memory, Address(word)).filter(|one| one.kind.is_atom());
            hash.number(one.map_or(0, |one| one.shallow.0))
        };
        Some(words(&fields).fold(args.deep, field))
    });
    let frame = Address(word_at(&entry, d.exceptions.tb_frame));
    let call = match d.frames {
        Frames::Objects => frame,
        // The object only stands for the call.
        Frames::InterpreterFrames { .. } => memory.pointer(frame.offset(d.frame.f_code))?,
    };
    Some(Caught {
        frame: call.0,
        lasti: half_at(&entry, d.exceptions.tb_lasti),
        type_name,
        message,
        value: said,
        identity: traceback.0,
    })
}

/// The name of a class with its module, which a class written in Python keeps among its attributes.
fn class_name(memory: &Memory<'_>, values: &mut Values, class: &TypeInfo) -> Arc<str> {
    let dict = memory.pointer(class.at.offset(memory.d.type_object.tp_dict)).filter(|_| class.is_class);
    let entries = dict.and_then(|dict| Dict::read(memory, dict)).map(|dict| dict.entries(memory, ATTRIBUTES_MAX));
    let is_module =
        |key: Address, values: &mut Values| values.key(memory, key).is_some_and(|key| *key == *"__module__");
    let module = entries.into_iter().flatten().find(|(key, _)| is_module(*key, values));
    match module.and_then(|(_, module)| memory.text(module, MODULE_CHARACTERS)) {
        Some(module) if !class.name.contains('.') => format!("{module}.{}", class.name).into(),
        _ => Arc::clone(&class.name),
    }
}

/// What an exception was made with, as it would say it: a number and a text, or one of them.
fn message(memory: &Memory<'_>, values: &mut Values, args: Address) -> Option<String> {
    let items = memory.tuple(args, ARGUMENTS_MAX)?;
    let said: Vec<Value> = items.iter().map_while(|item| values.shallow(memory, *item)).collect();
    let plain =
        |value: &Value| value.summary.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).map(str::to_owned);
    match said.as_slice() {
        [number, text, ..] if number.kind == ValueKind::Int && text.kind.is_text() => {
            Some(format!("[Errno {}] {}", number.summary, plain(text).unwrap_or_else(|| text.summary.clone())))
        }
        [one] if one.kind.is_atom() => Some(plain(one).unwrap_or_else(|| one.summary.clone())),
        _ => None,
    }
}

/// Class, value and traceback. Where an exception holds its traceback itself, nobody names its class.
fn triple(memory: &Memory<'_>, state: Address) -> Option<[Address; 3]> {
    let d = memory.d;
    if let Frames::InterpreterFrames { .. } = d.frames {
        let value = memory.pointer(state.offset(d.thread_state.exc_type)).filter(|value| !value.is_null())?;
        return Some([Address::NULL, value, memory.pointer(value.offset(d.types.traceback()?))?]);
    }
    let bytes = memory.block::<24>(state.offset(memory.d.thread_state.exc_type))?;
    let mut all = words(&bytes).map(Address);
    Some([all.next()?, all.next()?, all.next()?])
}
