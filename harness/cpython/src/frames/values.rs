//! Values of variables: short text and a hash by value, bounded in depth, width and reads.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::frameworks::is_kept_to_be_called;
use bloathound_profile::{Attribute, FunctionName, Value, ValueHash, ValueKind};

use super::atoms;
use super::call::CallLayout;
use super::dicts::Dict;
use super::look::Look;
use super::memory::{HEAD_BYTES_MAX, Memory};
use super::types::{Kind, TypeInfo, Types};
use crate::dialect::{Dialect, Frames, TextStorage};
use crate::objects::{half_at, word_at, words};

/// Items of a container and attributes of an instance that are looked at.
const ITEMS_MAX: usize = 24;
/// Items of a container inside another.
const INNER_ITEMS_MAX: usize = 6;
/// Objects looked at for one value, whatever its shape.
const OBJECTS_MAX: u32 = 48;
/// A value of so many objects is not read in each sample but only in every third.
const LARGE_OBJECTS: u32 = 8;
const ROUNDS_KEPT: u64 = 3;
/// Such values kept.
const LATELY_MAX: usize = 4096;
/// Levels of a value "in depth".
const LEVELS_DEEP: u8 = 3;
/// Bytes read of every object at first: enough for most whole.
const HEAD_BYTES: usize = HEAD_BYTES_MAX;
/// Bytes of a frame in front of its variables, at most.
const FRAME_HEAD_BYTES_MAX: usize = 1024;
/// No object has that many references; a freed one often seems to.
const REFERENCES_MAX: u64 = 1 << 40;
/// Names of attributes kept.
const KEYS_MAX: usize = 20_000;

/// An object whose type is known, with its first bytes.
pub(super) struct Object {
    pub address: Address,
    pub head: [u8; HEAD_BYTES],
    pub info: Arc<TypeInfo>,
}

impl Object {
    /// What a `str` says, where all of it was read with its head.
    fn string(&self, d: &Dialect) -> Option<&[u8]> {
        let length = usize::try_from(word_at(&self.head, d.object.ob_size)).ok()?;
        self.head.get(d.string.ob_sval as usize..)?.get(..length)
    }
}

/// Reads values.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) types: Types,
    keys: HashMap<Address, Arc<str>>,
    /// What an event loop calls on instances of a class, by the class.
    pub(super) ready: HashMap<Address, Arc<[FunctionName]>>,
    /// Values of containers and instances read in the last rounds, by address and levels, with the round.
    lately: HashMap<(Address, u8), (Value, u64)>,
    round: u64,
    unicode_bytes: u64,
}

impl Values {
    pub(super) fn new(unicode_bytes: u64) -> Self {
        Self { unicode_bytes, ..Self::default() }
    }

    /// The value of the object at `address`, one level deep; `None` when no object is there.
    pub(super) fn shallow(&mut self, memory: &Memory<'_>, address: Address) -> Option<Value> {
        self.value(memory, address, 1)
    }

    /// The value some levels deep: both hashes are of the whole depth.
    pub(super) fn deep(&mut self, memory: &Memory<'_>, address: Address) -> Option<Value> {
        self.value(memory, address, LEVELS_DEEP)
    }

    /// Begins another sample.
    pub(super) fn next_round(&mut self) {
        self.round += 1;
        if self.lately.len() > LATELY_MAX {
            self.lately.clear();
        }
    }

    fn value(&mut self, memory: &Memory<'_>, address: Address, levels: u8) -> Option<Value> {
        if let Some((known, round)) = self.lately.get(&(address, levels))
            && self.round - round < ROUNDS_KEPT
        {
            return Some(known.clone());
        }
        let mut budget = OBJECTS_MAX;
        let look = self.look(memory, address, levels, &mut budget)?;
        let is_large = OBJECTS_MAX - budget >= LARGE_OBJECTS;
        let value = Value {
            type_name: look.type_name,
            summary: look.summary,
            identity: address.0,
            shallow: look.hash,
            deep: look.hash,
            number: look.number,
            attributes: look.attributes,
            kind: look.kind,
            length: look.length,
            is_quote: look.is_quote,
            c_function: look.c_function,
            class_name: look.class_name,
            called_when_ready: look.called_when_ready,
            is_whole: look.is_whole,
        };
        // Half a value must not stay: the next reader may have more to spend.
        if is_large && !memory.is_exhausted() {
            self.lately.insert((address, levels), (value.clone(), self.round));
        }
        Some(value)
    }

    /// Reads what `slots` lead to before anything else is done, tuples with their items: a number in them is freed with the
    /// next step of a loop.
    pub(super) fn look_ahead(&mut self, memory: &Memory<'_>, slots: &[Address]) {
        memory.look_ahead(slots);
        let d = memory.d;
        let mut items = Vec::new();
        for slot in slots {
            let tuple = self.object(memory, *slot).filter(|object| object.info.kind == Kind::Tuple);
            if let Some(tuple) = tuple {
                let count = (word_at(&tuple.head, d.object.ob_size) as usize).min(ITEMS_MAX);
                let held = tuple.head.get(d.tuple.ob_item as usize..).unwrap_or_default();
                items.extend(words(held).take(count).map(Address));
            }
        }
        memory.look_ahead(&items);
    }

    pub(super) fn object(&mut self, memory: &Memory<'_>, address: Address) -> Option<Object> {
        let d = memory.d;
        if !address.is_aligned(8) {
            return None;
        }
        let mut head = [0; HEAD_BYTES];
        // The last object of a mapping has less behind it.
        if !memory.fill(address, &mut head) && !memory.fill(address, head.get_mut(..d.number.value as usize + 8)?) {
            return None;
        }
        let references = word_at(&head, d.object.ob_refcnt);
        if references == 0 || references > REFERENCES_MAX {
            return None;
        }
        let info = self.types.get(memory, Address(word_at(&head, d.object.ob_type)))?;
        Some(Object { address, head, info })
    }

    pub(super) fn look(&mut self, memory: &Memory<'_>, address: Address, levels: u8, budget: &mut u32) -> Option<Look> {
        let d = memory.d;
        *budget = budget.checked_sub(1)?;
        let object = self.object(memory, address)?;
        let word = |offset| word_at(&object.head, offset);
        let name = Arc::clone(&object.info.name);
        let mut look = Look {
            hash: ValueHash::default().text(&name),
            summary: name.to_string(),
            type_name: name,
            number: None,
            kind: object.info.told,
            length: None,
            is_quote: false,
            c_function: None,
            class_name: None,
            attributes: Vec::new(),
            called_when_ready: Vec::new(),
            is_whole: false,
        };
        match object.info.kind {
            Kind::None => look.summary = "None".to_owned(),
            Kind::Int => atoms::integer(&mut look, word(d.number.value)),
            Kind::Float => {
                let bits = word(d.number.value);
                let number = f64::from_bits(bits);
                look.hash = look.hash.number(bits);
                look.number = Some(number);
                look.summary = format!("{number:?}");
            }
            // Where there is one sort of whole numbers, all of them are such.
            Kind::Long if d.flags.int_subclass == 0 => atoms::whole(memory, address, &object.head, &mut look),
            Kind::Long => atoms::long(memory, address, word(d.object.ob_size), &mut look),
            Kind::Str => match object.string(d) {
                Some(text) => atoms::short_text(&mut look, text),
                None => {
                    let data = address.offset(d.string.ob_sval);
                    atoms::text(memory, &mut look, data, word(d.object.ob_size), 1);
                }
            },
            Kind::Unicode if d.text == TextStorage::Compact => {
                if let Some(stored) = memory.stored(address, &object.head) {
                    match stored.within(&object.head).filter(|_| stored.width == 1) {
                        Some(data) => atoms::short_text(&mut look, data),
                        None => atoms::text(memory, &mut look, stored.at, stored.length, stored.width),
                    }
                }
            }
            Kind::Unicode => {
                let data = Address(word(d.unicode.str));
                atoms::text(memory, &mut look, data, word(d.unicode.length), self.unicode_bytes);
            }
            Kind::List => {
                self.items(memory, &mut look, Address(word(d.list.ob_item)), &object, levels, budget);
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Tuple => {
                let items = address.offset(d.tuple.ob_item);
                self.items(memory, &mut look, items, &object, levels, budget);
            }
            Kind::Dict => {
                self.dict(memory, &mut look, address, levels, budget);
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Set => {
                let used = word(d.set.used);
                look.hash = look.hash.number(used);
                look.length = Some(used);
                look.summary = format!("{} of {used}", look.type_name);
            }
            Kind::OldInstance | Kind::Other => {
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Method => {
                self.follow(memory, &mut look, &[word(d.method.im_func), word(d.method.im_self)], levels, budget)
            }
            Kind::Cell => self.follow(memory, &mut look, &[word(d.cell.ob_ref)], levels + 1, budget),
            Kind::Generator => {
                let frame = match d.frames {
                    Frames::Objects => Address(word(d.generator.gi_frame)),
                    Frames::InterpreterFrames { .. } => address.offset(d.generator.gi_frame),
                };
                self.generator(memory, &mut look, frame, levels, budget);
            }
            Kind::Iterator(offset) => {
                let position = word(offset);
                look.hash = look.hash.number(position);
                look.number = Some(position.cast_signed() as f64);
                look.summary = format!("{} at {position}", look.type_name);
                // The rest tells one iterator from another of the same position.
                self.scalars(memory, &mut look, &object);
            }
            Kind::File => self.file(memory, &mut look, &object),
            Kind::Builtin => self.builtin(memory, &mut look, &object, levels, budget),
            Kind::Function | Kind::MethodDescriptor | Kind::Module | Kind::Fixed => {
                if let Some(name) = self.name_of(memory, &object) {
                    look.hash = look.hash.text(&name);
                    look.summary = format!("{} {name}", look.type_name);
                }
            }
        }
        Some(look)
    }

    fn items(
        &mut self,
        memory: &Memory<'_>,
        look: &mut Look,
        items: Address,
        object: &Object,
        levels: u8,
        budget: &mut u32,
    ) {
        let d = memory.d;
        let count = word_at(&object.head, d.object.ob_size);
        look.hash = look.hash.number(count);
        look.length = Some(count);
        look.summary = format!("{} of {count}", look.type_name);
        if levels == 0 || count == 0 {
            look.is_whole = count == 0;
            return;
        }
        // First and last items: what is appended or popped shows.
        let half = (items_max(levels) / 2) as u64;
        let first = memory.bytes(items, 8 * count.min(half), 8 * ITEMS_MAX).unwrap_or_default();
        let tail_at = count.saturating_sub(half).max(half.min(count));
        let last = memory.bytes(items.offset(tail_at.saturating_mul(8)), 8 * (count - tail_at), 8 * ITEMS_MAX);
        let addresses: Vec<u64> = words(&first).chain(words(&last.unwrap_or_default())).collect();
        let mut atoms = 0;
        for item in addresses {
            if let Some(item) = self.look(memory, Address(item), levels - 1, budget) {
                look.hash = look.hash.number(item.hash.0);
                atoms += u64::from(item.kind.is_atom());
            }
        }
        look.is_whole = atoms == count;
    }

    fn dict(&mut self, memory: &Memory<'_>, look: &mut Look, address: Address, levels: u8, budget: &mut u32) {
        let Some(dict) = Dict::read(memory, address) else {
            return;
        };
        look.hash = look.hash.number(dict.used);
        look.length = Some(dict.used);
        look.summary = format!("{} of {}", look.type_name, dict.used);
        if levels == 0 {
            return;
        }
        for (key, value) in dict.entries(memory, items_max(levels)) {
            let key = self.look(memory, key, levels - 1, budget);
            let value = self.look(memory, value, levels - 1, budget);
            for part in [&key, &value].into_iter().flatten() {
                look.hash = look.hash.number(part.hash.0);
            }
            // Counters that are kept by name are told apart from data.
            if let (Some(key), Some(value)) = (key, value)
                && value_is_number(&value)
                && key.is_quote
            {
                look.attributes.push(attribute(key.summary.into(), value));
            }
        }
    }

    /// Attributes of an instance: its dictionary, its slots, and for C types the numbers in its structure.
    fn attributes(&mut self, memory: &Memory<'_>, look: &mut Look, object: &Object, levels: u8, budget: &mut u32) {
        let d = memory.d;
        let dict_at = match object.info.kind {
            Kind::OldInstance => Some(d.instance.in_dict),
            _ => object.info.dict_offset,
        };
        if object.info.kind == Kind::OldInstance {
            let class = Address(word_at(&object.head, d.instance.in_class));
            let name = self.class_name(memory, class);
            if let Some(name) = &name {
                look.hash = look.hash.text(name);
                look.summary = format!("{name} instance");
            }
            look.class_name = Some(name.unwrap_or_default());
        }
        if levels == 0 {
            return;
        }
        if object.info.kind == Kind::Other {
            look.summary = format!("{} instance", look.type_name);
            self.scalars(memory, look, object);
            if object.info.is_iterator() {
                self.sources(memory, look, object, levels, budget);
            }
        }
        let mut fields: Vec<(Arc<str>, Address)> = Vec::new();
        for (name, offset) in &object.info.slots {
            if let Some(value) = memory.pointer(object.address.offset(*offset)) {
                fields.push((Arc::clone(name), value));
            }
        }
        let own = match dict_at {
            Some(at) => self.field(memory, object, at).and_then(|dict_at| Dict::read(memory, dict_at)),
            None => Dict::of_attributes(memory, object.address, &object.info),
        };
        if let Some(dict) = own {
            look.hash = look.hash.number(dict.used);
            for (key, value) in dict.entries(memory, ITEMS_MAX) {
                if let Some(name) = self.key(memory, key) {
                    fields.push((name, value));
                }
            }
        }
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
            let Some(seen) = self.look(memory, value, levels - 1, budget) else {
                continue;
            };
            look.hash = look.hash.text(&name).number(seen.hash.0);
            let is_kept = is_kept_to_be_called(&name) && matches!(seen.kind, ValueKind::Method | ValueKind::Function);
            let function = if is_kept { self.function_name(memory, value) } else { None };
            look.attributes.push(Attribute { function, ..attribute(name, seen) });
        }
        self.called_when_ready(memory, look, object);
    }

    /// A pointer field of an object, from the bytes already read where they reach that far.
    fn field(&self, memory: &Memory<'_>, object: &Object, offset: u64) -> Option<Address> {
        let address = if offset + 8 <= HEAD_BYTES as u64 {
            Address(word_at(&object.head, offset))
        } else {
            memory.pointer(object.address.offset(offset))?
        };
        (!address.is_null()).then_some(address)
    }

    /// The text of an attribute's name; such strings are interned and live as long as the class or its code does.
    pub(super) fn key(&mut self, memory: &Memory<'_>, key: Address) -> Option<Arc<str>> {
        if let Some(known) = self.keys.get(&key) {
            return Some(Arc::clone(known));
        }
        let text: Arc<str> = memory.text(key, 256)?.into();
        if self.keys.len() < KEYS_MAX {
            self.keys.insert(key, Arc::clone(&text));
        }
        Some(text)
    }

    fn follow(&mut self, memory: &Memory<'_>, look: &mut Look, to: &[u64], levels: u8, budget: &mut u32) {
        let Some(below) = levels.checked_sub(1) else {
            return;
        };
        for &address in to {
            if let Some(seen) = self.look(memory, Address(address), below, budget) {
                look.hash = look.hash.number(seen.hash.0);
                look.summary = seen.summary;
                look.number = seen.number;
                (look.length, look.is_quote) = (seen.length, seen.is_quote);
                look.c_function = seen.c_function;
            }
        }
    }

    /// Where a generator stands and what its variables are.
    fn generator(&mut self, memory: &Memory<'_>, look: &mut Look, at: Address, levels: u8, budget: &mut u32) {
        let d = memory.d;
        if levels == 0 || at.is_null() {
            return;
        }
        let layout = CallLayout::of(d);
        let Some(head) = memory.bytes(at, layout.slots, FRAME_HEAD_BYTES_MAX) else {
            return;
        };
        let (instruction, count_at) = match d.frames {
            Frames::Objects => (u64::from(half_at(&head, d.frame.f_lasti)), d.code.co_nlocals),
            Frames::InterpreterFrames { .. } => {
                (word_at(&head, d.interpreter_frame.instruction), d.code.variables.count)
            }
        };
        look.hash = look.hash.number(instruction);
        let code = Address(word_at(&head, layout.code));
        let local_count = memory.block::<4>(code.offset(count_at)).map_or(0, u32::from_le_bytes);
        let count = u64::from(local_count).min(ITEMS_MAX as u64);
        let variables = memory.bytes(at.offset(layout.slots), 8 * count, 8 * ITEMS_MAX);
        for variable in words(&variables.unwrap_or_default()) {
            if let Some(seen) = self.look(memory, Address(variable), levels - 1, budget) {
                look.hash = look.hash.number(seen.hash.0);
            }
        }
    }
}

fn attribute(name: Arc<str>, seen: Look) -> Attribute {
    let Look { summary, hash, number, length, is_quote, kind, .. } = seen;
    Attribute { name, summary, hash, number, length, is_quote, kind, function: None }
}

fn value_is_number(look: &Look) -> bool {
    look.number.is_some() && look.kind.is_atom()
}

/// Items looked at with so many levels left: fewer where more is below them.
fn items_max(levels: u8) -> usize {
    match levels {
        0 | 1 => ITEMS_MAX,
        LEVELS_DEEP.. => ITEMS_MAX / 2,
        _ => INNER_ITEMS_MAX,
    }
}
