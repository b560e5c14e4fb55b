//! Values of variables: short text and a hash by value, bounded in depth, width and reads.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::{Attribute, Value, ValueHash, ValueKind};

use super::atoms;
use super::dicts::Dict;
use super::memory::{Memory, half_at, word_at, words};
use super::types::{Kind, TypeInfo, Types};
use super::value_kind::value_kind;
use crate::layouts::{
    frameobject_h as frame, funcobject_h as func, listobject_h as list, object_h as object, setobject_h as set,
    stringobject_h as string,
};

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
const HEAD_BYTES: usize = 64;
/// No object has that many references; a freed one often seems to.
const REFERENCES_MAX: u64 = 1 << 40;
/// Names of attributes kept.
const KEYS_MAX: usize = 20_000;

/// What was seen of an object.
pub(super) struct Look {
    pub type_name: Arc<str>,
    pub summary: String,
    pub hash: ValueHash,
    pub number: Option<f64>,
    pub kind: ValueKind,
    /// Characters of text, items of a container.
    pub length: Option<u64>,
    /// `summary` quotes a string.
    pub is_quote: bool,
    pub c_function: Option<Arc<str>>,
    attributes: Vec<Attribute>,
}

/// An object whose type is known, with its first bytes.
pub(super) struct Object {
    pub address: Address,
    pub head: [u8; HEAD_BYTES],
    pub info: Arc<TypeInfo>,
}

/// Reads values.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) types: Types,
    keys: HashMap<Address, Arc<str>>,
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
        };
        // Half a value must not stay: the next reader may have more to spend.
        if is_large && !memory.is_exhausted() {
            self.lately.insert((address, levels), (value.clone(), self.round));
        }
        Some(value)
    }

    pub(super) fn object(&mut self, memory: &Memory<'_>, address: Address) -> Option<Object> {
        if !address.is_aligned(8) {
            return None;
        }
        let mut head = [0; HEAD_BYTES];
        // The last object of a mapping has less behind it.
        if !memory.fill(address, &mut head) && !memory.fill(address, head.get_mut(..24)?) {
            return None;
        }
        let references = word_at(&head, object::OB_REFCNT);
        if references == 0 || references > REFERENCES_MAX {
            return None;
        }
        let info = self.types.get(memory, Address(word_at(&head, object::OB_TYPE)))?;
        Some(Object { address, head, info })
    }

    pub(super) fn look(&mut self, memory: &Memory<'_>, address: Address, levels: u8, budget: &mut u32) -> Option<Look> {
        *budget = budget.checked_sub(1)?;
        let object = self.object(memory, address)?;
        let word = |offset| word_at(&object.head, offset);
        let name = Arc::clone(&object.info.name);
        let mut look = Look {
            hash: ValueHash::default().text(&name),
            summary: name.to_string(),
            type_name: name,
            number: None,
            kind: value_kind(&object.info),
            length: None,
            is_quote: false,
            c_function: None,
            attributes: Vec::new(),
        };
        match object.info.kind {
            Kind::None => look.summary = "None".to_owned(),
            Kind::Int => atoms::integer(&mut look, word(string::NUMBER_VALUE)),
            Kind::Float => {
                let bits = word(string::NUMBER_VALUE);
                let number = f64::from_bits(bits);
                look.hash = look.hash.number(bits);
                look.number = Some(number);
                look.summary = format!("{number:?}");
            }
            Kind::Long => atoms::long(memory, address, word(object::OB_SIZE), &mut look),
            Kind::Str => atoms::text(memory, &mut look, address.offset(string::OB_SVAL), word(object::OB_SIZE), 1),
            Kind::Unicode => {
                let data = Address(word(string::UNICODE_DATA));
                atoms::text(memory, &mut look, data, word(string::UNICODE_LENGTH), self.unicode_bytes);
            }
            Kind::List => {
                self.items(memory, &mut look, Address(word(list::LIST_ITEMS)), &object, levels, budget);
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Tuple => {
                let items = address.offset(list::TUPLE_ITEMS);
                self.items(memory, &mut look, items, &object, levels, budget);
            }
            Kind::Dict => {
                self.dict(memory, &mut look, address, levels, budget);
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Set => {
                let used = word(set::SET_USED);
                look.hash = look.hash.number(used);
                look.length = Some(used);
                look.summary = format!("{} of {used}", look.type_name);
            }
            Kind::OldInstance | Kind::Other => {
                self.attributes(memory, &mut look, &object, levels, budget);
            }
            Kind::Method => self.follow(memory, &mut look, &[word(func::IM_FUNC), word(func::IM_SELF)], levels, budget),
            Kind::Cell => self.follow(memory, &mut look, &[word(func::OB_REF)], levels + 1, budget),
            Kind::Generator => self.generator(memory, &mut look, Address(word(func::GI_FRAME)), levels, budget),
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

    /// The name of a function or method; of a type, its own.
    pub(super) fn callable(&mut self, memory: &Memory<'_>, address: Address) -> Option<(Kind, String)> {
        let object = self.object(memory, address)?;
        let name = self.name_of(memory, &object).unwrap_or_else(|| object.info.name.to_string());
        if object.info.kind != Kind::Method {
            return Some((object.info.kind, name));
        }
        let inner = self.object(memory, Address(word_at(&object.head, func::IM_FUNC)))?;
        let name = self.name_of(memory, &inner)?;
        Some((inner.info.kind, name))
    }

    pub(super) fn name_of(&mut self, memory: &Memory<'_>, object: &Object) -> Option<String> {
        let word = |offset| Address(word_at(&object.head, offset));
        match object.info.kind {
            Kind::Function => memory.text(word(func::FUNC_NAME), 256),
            Kind::Builtin => {
                let name = memory.c_string(memory.pointer(word(func::M_ML).offset(func::ML_NAME))?)?;
                let of = self.object(memory, word(func::M_SELF)).map(|of| of.info.name.to_string());
                match of.filter(|of| of != "module") {
                    Some(of) => Some(format!("{}.{name}", of.rsplit('.').next()?)),
                    None => Some(name),
                }
            }
            Kind::MethodDescriptor => memory.text(word(func::D_NAME), 256),
            Kind::Fixed if &*object.info.name == "type" => {
                memory.c_string(memory.pointer(object.address.offset(object::TP_NAME))?)
            }
            Kind::Fixed if &*object.info.name == "classobj" => {
                memory.text(memory.pointer(object.address.offset(func::CL_NAME))?, 256)
            }
            _ => None,
        }
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
        let count = word_at(&object.head, object::OB_SIZE);
        look.hash = look.hash.number(count);
        look.length = Some(count);
        look.summary = format!("{} of {count}", look.type_name);
        if levels == 0 || count == 0 {
            return;
        }
        // First and last items: what is appended or popped shows.
        let half = (items_max(levels) / 2) as u64;
        let first = memory.bytes(items, 8 * count.min(half), 8 * ITEMS_MAX).unwrap_or_default();
        let tail_at = count.saturating_sub(half).max(half.min(count));
        let last = memory.bytes(items.offset(8 * tail_at), 8 * (count - tail_at), 8 * ITEMS_MAX);
        let addresses: Vec<u64> = words(&first).chain(words(&last.unwrap_or_default())).collect();
        for item in addresses {
            if let Some(item) = self.look(memory, Address(item), levels - 1, budget) {
                look.hash = look.hash.number(item.hash.0);
            }
        }
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
            for part in [key, value] {
                if let Some(part) = self.look(memory, part, levels - 1, budget) {
                    look.hash = look.hash.number(part.hash.0);
                }
            }
        }
    }

    /// Attributes of an instance: its dictionary, its slots, and for C types the numbers in its structure.
    fn attributes(&mut self, memory: &Memory<'_>, look: &mut Look, object: &Object, levels: u8, budget: &mut u32) {
        let dict_at = match object.info.kind {
            Kind::OldInstance => Some(func::IN_DICT),
            _ => object.info.dict_offset,
        };
        if object.info.kind == Kind::OldInstance {
            let class = Address(word_at(&object.head, func::IN_CLASS));
            if let Some(name) = self.class_name(memory, class) {
                look.hash = look.hash.text(&name);
                look.summary = format!("{name} instance");
            }
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
        if let Some(at) = dict_at
            && let Some(dict_at) = self.field(memory, object, at)
            && let Some(dict) = Dict::read(memory, dict_at)
        {
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
            look.attributes.push(Attribute {
                name,
                summary: seen.summary,
                hash: seen.hash,
                number: seen.number,
                length: seen.length,
                is_quote: seen.is_quote,
            });
        }
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

    pub(super) fn class_name(&mut self, memory: &Memory<'_>, class: Address) -> Option<Arc<str>> {
        let name = memory.pointer(class.offset(func::CL_NAME))?;
        self.key(memory, name)
    }

    /// The text of an attribute's name; such strings are interned and live as long as the class or its code does.
    fn key(&mut self, memory: &Memory<'_>, key: Address) -> Option<Arc<str>> {
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
        if levels == 0 || at.is_null() {
            return;
        }
        let Some(head) = memory.block::<{ frame::F_LOCALSPLUS as usize }>(at) else {
            return;
        };
        look.hash = look.hash.number(u64::from(half_at(&head, frame::F_LASTI)));
        let code = Address(word_at(&head, frame::F_CODE));
        let local_count =
            memory.block::<4>(code.offset(crate::layouts::code_h::CO_NLOCALS)).map_or(0, u32::from_le_bytes);
        let count = u64::from(local_count).min(ITEMS_MAX as u64);
        let variables = memory.bytes(at.offset(frame::F_LOCALSPLUS), 8 * count, 8 * ITEMS_MAX);
        for variable in words(&variables.unwrap_or_default()) {
            if let Some(seen) = self.look(memory, Address(variable), levels - 1, budget) {
                look.hash = look.hash.number(seen.hash.0);
            }
        }
    }
}

/// Items looked at with so many levels left: fewer where more is below them.
fn items_max(levels: u8) -> usize {
    match levels {
        0 | 1 => ITEMS_MAX,
        LEVELS_DEEP.. => ITEMS_MAX / 2,
        _ => INNER_ITEMS_MAX,
    }
}
