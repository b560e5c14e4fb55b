//! The exception that a thread handled last: `sys.exc_info()` as it is in the thread's state.
//!
//! It stays there until the call that caught it returns, and each exception has a traceback of its own. A loop whose turns
//! fail and go on shows another one time and again; a loop in which nothing fails shows none, or the same for ever.

use bloathound_memory::Address;
use bloathound_profile::{Caught, ValueHash};

use super::memory::{HEAD_BYTES_MAX, Memory};
use super::values::Values;
use crate::dialect::Frames;
use crate::objects::{half_at, word_at, words};

/// Fields that a C type adds to those of all exceptions: an error's number, text and file name, and room for more.
const FIELDS_MAX: u64 = 8;

/// What the thread at `state` handled last; `None` where nothing is being handled.
pub(super) fn read(memory: &Memory<'_>, values: &mut Values, state: Address) -> Option<Caught> {
    let d = memory.d;
    let [_, value, traceback] = triple(memory, state)?;
    if value.is_null() || traceback.is_null() {
        return None;
    }
    let entry = memory.head::<HEAD_BYTES_MAX>(traceback, d.exceptions.tb_bytes)?;
    let error = values.object(memory, value);
    let type_name = error.as_ref().map(|error| error.info.name.clone()).unwrap_or_default();
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
        value: said,
        identity: traceback.0,
    })
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
