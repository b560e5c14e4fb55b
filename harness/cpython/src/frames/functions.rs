//! Names of functions, methods and classes.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::FunctionName;

use super::memory::Memory;
use super::types::Kind;
use super::values::{Object, Values};
use crate::dialect::{InstructionEncoding, SingledOut};
use crate::objects::word_at;

/// Bytes of a source file's name that are read.
const FILE_NAME_MAX: usize = 1024;

impl Values {
    /// The name of a function or method; of a type, its own.
    pub(super) fn callable(&mut self, memory: &Memory<'_>, address: Address) -> Option<(Kind, String)> {
        let d = memory.d;
        let object = self.object(memory, address)?;
        let name = self.name_of(memory, &object).unwrap_or_else(|| object.info.name.to_string());
        if object.info.kind != Kind::Method {
            return Some((object.info.kind, name));
        }
        let inner = self.object(memory, Address(word_at(&object.head, d.method.im_func)))?;
        let name = self.name_of(memory, &inner)?;
        Some((inner.info.kind, name))
    }

    pub(super) fn name_of(&mut self, memory: &Memory<'_>, object: &Object) -> Option<String> {
        let d = memory.d;
        let word = |offset| Address(word_at(&object.head, offset));
        match object.info.kind {
            Kind::Function => memory.text(word(d.function.func_name), 256),
            Kind::Builtin => {
                let name = memory.c_string(memory.pointer(word(d.c_function.m_ml).offset(d.c_function.ml_name))?)?;
                let of = self.object(memory, word(d.c_function.m_self)).map(|of| of.info.name.to_string());
                match of.filter(|of| d.types.singled_out(of) != Some(SingledOut::Module)) {
                    Some(of) => Some(format!("{}.{name}", of.rsplit('.').next()?)),
                    None => Some(name),
                }
            }
            // Where a method is called without being bound first, who it is of is told by its type.
            Kind::MethodDescriptor if d.instruction_encoding != InstructionEncoding::OneOrThreeBytes => {
                let name = memory.text(word(d.descriptor.d_name), 256)?;
                let of = self.types.get(memory, word(d.descriptor.d_type)).map(|of| of.name.to_string());
                Some(of.and_then(|of| Some(format!("{}.{name}", of.rsplit('.').next()?))).unwrap_or(name))
            }
            Kind::MethodDescriptor => memory.text(word(d.descriptor.d_name), 256),
            Kind::Fixed if d.types.singled_out(&object.info.name) == Some(SingledOut::Type) => {
                memory.c_string(memory.pointer(object.address.offset(d.type_object.tp_name))?)
            }
            Kind::Fixed if d.types.singled_out(&object.info.name) == Some(SingledOut::OldClass) => {
                memory.text(memory.pointer(object.address.offset(d.class.cl_name))?, 256)
            }
            _ => None,
        }
    }

    /// The function or method at `address`: its name, where it is written, and whose method it is.
    pub(super) fn function_name(&mut self, memory: &Memory<'_>, address: Address) -> Option<FunctionName> {
        let d = memory.d;
        let object = self.object(memory, address)?;
        let (function, class) = if object.info.kind == Kind::Method {
            let this = self.object(memory, Address(word_at(&object.head, d.method.im_self)))?;
            let class = match this.info.kind {
                Kind::OldInstance => self.class_name(memory, Address(word_at(&this.head, d.instance.in_class))),
                _ => this.info.name.rsplit('.').next().map(Arc::from),
            };
            (self.object(memory, Address(word_at(&object.head, d.method.im_func)))?, class)
        } else {
            (object, None)
        };
        if function.info.kind != Kind::Function {
            return None;
        }
        let code = Address(word_at(&function.head, d.function.func_code));
        let file = memory.text(memory.pointer(code.offset(d.code.co_filename))?, FILE_NAME_MAX)?;
        let line = memory.block::<4>(code.offset(d.code.co_firstlineno)).map(u32::from_le_bytes)?;
        let name = self.name_of(memory, &function)?;
        Some(FunctionName { class, function: name.into(), file: file.into(), line })
    }

    pub(super) fn class_name(&mut self, memory: &Memory<'_>, class: Address) -> Option<Arc<str>> {
        let d = memory.d;
        let name = memory.pointer(class.offset(d.class.cl_name))?;
        self.key(memory, name)
    }
}
