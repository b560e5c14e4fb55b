//! What the source calls things: where code is written, the line a frame is at, and the keys of small dicts.

use bloathound_heap::{ObjectId, Site};
use bloathound_memory::Address;
use bloathound_profile::LineTable;

use super::Decoder;
use crate::dialect::{Core, LineTableKind, SingledOut};
use crate::frames::{line_ranges, line_table};
use crate::objects::line_at;

/// Entries of a dict whose keys are told: with more of them, they are data.
pub(super) const KEYS_MAX: u64 = 64;
/// Keys that get a text in one snapshot.
pub(super) const KEY_TEXTS_MAX: usize = 200_000;
/// Bytes or characters of a key that has a text.
const KEY_LENGTH_MAX: u64 = 60;
/// Bytes of a file's name, and of a table of lines.
const FILE_BYTES_MAX: u64 = 4096;
const LINES_BYTES_MAX: u64 = 1 << 16;

impl Decoder<'_> {
    /// The object whose references are being added.
    fn current(&self) -> ObjectId {
        ObjectId(self.builder.finished() as u32)
    }

    /// Notes where the code object at `at` is written.
    pub(super) fn note_code(&mut self, at: Address) {
        let code = self.interpreter.dialect.code;
        let Some(file) = self.code_file(at) else { return };
        let half = |offset| self.image.u32_at(at.offset(offset)).unwrap_or(0);
        let site = Site {
            file: self.builder.name(&file),
            line: half(code.co_firstlineno),
            arguments: u16::try_from(half(code.co_argcount)).unwrap_or(0),
        };
        self.builder.set_site(self.current(), site);
    }

    /// Notes at which line the frame at `at` stands.
    pub(super) fn note_frame(&mut self, at: Address, code_at: Address) {
        let d = self.interpreter.dialect;
        let Some(file) = self.code_file(code_at) else { return };
        let first = self.image.u32_at(code_at.offset(d.code.co_firstlineno)).unwrap_or(0);
        let line = match d.line_table {
            LineTableKind::Increments => self.line_by_offset(at, code_at, first, line_table).unwrap_or(first),
            LineTableKind::Ranges => self.line_by_offset(at, code_at, first, line_ranges).unwrap_or(first),
            // `frames` says that these can't be read.
            LineTableKind::SignedIncrements => first,
            LineTableKind::Locations => self.line_by_locations(at, code_at, first).unwrap_or(first),
        };
        let site = Site { file: self.builder.name(&file), line, arguments: 0 };
        self.builder.set_site(self.current(), site);
    }

    /// The line of the frame object at `at`, by the offset of the instruction that it has begun last.
    fn line_by_offset(
        &self,
        at: Address,
        code_at: Address,
        first: u32,
        read: fn(u32, &[u8]) -> LineTable,
    ) -> Option<u32> {
        let d = self.interpreter.dialect;
        let lasti = self.image.u32_at(at.offset(d.frame.f_lasti)).filter(|lasti| *lasti < 1 << 30)?;
        let table_at = self.image.pointer_at(code_at.offset(d.code.co_lnotab))?;
        let length = self.image.u64_at(table_at.offset(d.object.ob_size))?;
        let affordable = length <= LINES_BYTES_MAX && self.budget.take(length / 8);
        let table = self.objects().string_bytes(table_at).filter(|_| affordable)?;
        read(first, table).line_at(lasti * d.instruction_encoding.lasti_bytes())
    }

    /// The line of the call at `at`, by what it says of its next instruction.
    fn line_by_locations(&self, at: Address, code_at: Address, first: u32) -> Option<u32> {
        let d = self.interpreter.dialect;
        let next = self.image.u64_at(at.offset(d.interpreter_frame.instruction))?;
        let unit = next.checked_sub(code_at.offset(d.code.co_code).0)? / 2;
        let table_at = self.image.pointer_at(code_at.offset(d.code.co_lnotab))?;
        let length = self.image.u64_at(table_at.offset(d.object.ob_size))?;
        let affordable = length <= LINES_BYTES_MAX && self.budget.take(length / 8);
        line_at(first, self.objects().string_bytes(table_at).filter(|_| affordable)?, unit)
    }

    fn code_file(&self, code_at: Address) -> Option<String> {
        let file_at = self.image.pointer_at(code_at.offset(self.interpreter.dialect.code.co_filename))?;
        self.objects().name(file_at, FILE_BYTES_MAX)
    }

    /// Notes the file of a module, by the `__file__` in its namespace.
    pub(super) fn note_module(&mut self, module: Address, object: ObjectId) {
        let namespace = self.image.pointer_at(module.offset(self.interpreter.dialect.module.md_dict));
        let file = namespace
            .and_then(|namespace| self.objects().lookup(namespace, "__file__", self.types.budget()))
            .and_then(|at| self.objects().name(at, FILE_BYTES_MAX));
        if let Some(file) = file {
            let source = if file.ends_with(".pyc") || file.ends_with(".pyo") { &file[..file.len() - 1] } else { &file };
            let site = Site { file: self.builder.name(source), line: 0, arguments: 0 };
            self.builder.set_site(object, site);
        }
    }

    /// Gives a key of a small dict a text, where it is short text or a number.
    pub(super) fn note_key(&mut self, key: Address, id: ObjectId) {
        if self.key_texts >= KEY_TEXTS_MAX || self.with_text.contains(id) || self.builder.has_text(id) {
            return;
        }
        let d = self.interpreter.dialect;
        let type_at = self.image.pointer_at(key.offset(d.object.ob_type)).unwrap_or_default();
        let Some(layout) = self.types.known(type_at).map(|index| self.types.layout(index)) else { return };
        let text = match layout.core {
            _ if layout.is_class => None,
            Core::Str => self.objects().string_text(key, KEY_LENGTH_MAX),
            Core::Unicode => {
                let found = self.objects().characters(key, self.interpreter.unicode.into());
                found
                    .filter(|text| text.length <= KEY_LENGTH_MAX)
                    .and_then(|text| text.read(self.image, KEY_LENGTH_MAX))
            }
            Core::Long => self.objects().long_value(key).map(|value| value.to_string()),
            _ if layout.singled_out == Some(SingledOut::Int) => {
                self.image.u64_at(key.offset(d.number.value)).map(|value| (value as i64).to_string())
            }
            _ => None,
        };
        if let Some(text) = text {
            self.key_texts += 1;
            self.builder.set_text(id, &text);
            if let Some(aside) = &mut self.aside {
                aside.keys.push(id);
            }
        }
    }
}
