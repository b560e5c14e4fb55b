//! Heaps drawn object by object, where a module that keeps lists is not enough.

#![allow(clippy::unwrap_used, dead_code, reason = "a failed test ends by a panic; each test uses its part")]

use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_heap::{
    HeapSnapshot, ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Root, RootKind, SnapshotBuilder,
    Tracking, Trust, TypeInfo,
};

/// Objects of this type have a finalizer.
pub const FINALIZES: &str = "Finalizing";

/// Objects, and who refers to whom.
#[derive(Default)]
pub struct Drawn {
    types: Vec<&'static str>,
    references: Vec<(usize, usize, ReferenceKind, Option<&'static str>)>,
    roots: Vec<(usize, RootKind, &'static str)>,
    keys: Vec<(usize, String)>,
}

impl Drawn {
    pub fn object(&mut self, type_name: &'static str) -> usize {
        self.types.push(type_name);
        self.types.len() - 1
    }

    /// A module.
    pub fn module(&mut self, name: &'static str) -> usize {
        let module = self.object("module");
        self.roots.push((module, RootKind::Module, name));
        module
    }

    /// What something is held by besides.
    pub fn root(&mut self, object: usize, kind: RootKind, name: &'static str) {
        self.roots.push((object, kind, name));
    }

    /// An object that `from` has as an attribute.
    pub fn attribute(&mut self, from: usize, name: &'static str, type_name: &'static str) -> usize {
        let object = self.object(type_name);
        self.references.push((from, object, ReferenceKind::Field, Some(name)));
        object
    }

    /// An object that `from` has in a slot.
    pub fn slot(&mut self, from: usize, name: &'static str, type_name: &'static str) -> usize {
        let object = self.object(type_name);
        self.references.push((from, object, ReferenceKind::Slot, Some(name)));
        object
    }

    /// An item of `from`.
    pub fn item(&mut self, from: usize, type_name: &'static str) -> usize {
        let object = self.object(type_name);
        self.references.push((from, object, ReferenceKind::Item, None));
        object
    }

    /// The value of the dict `from` at a key.
    pub fn value(&mut self, from: usize, key: &str, type_name: &'static str) -> usize {
        let text = self.object("str");
        self.keys.push((text, key.to_owned()));
        self.references.push((from, text, ReferenceKind::Key, None));
        let object = self.object(type_name);
        self.references.push((from, object, ReferenceKind::Value, None));
        object
    }

    /// A reference of any kind.
    pub fn refer(&mut self, from: usize, to: usize, kind: ReferenceKind) {
        self.references.push((from, to, kind, None));
    }

    pub fn heap(&self) -> HeapSnapshot {
        let mut builder = SnapshotBuilder::new(CPYTHON_2_7.words);
        let mut known = Vec::new();
        for name in &self.types {
            if !known.contains(name) {
                known.push(*name);
                builder.add_type(TypeInfo {
                    name: (*name).into(),
                    module: None,
                    object: None,
                    is_heap_type: false,
                    has_finalizer: *name == FINALIZES,
                    finalizer: None,
                });
            }
        }
        for (index, name) in self.types.iter().enumerate() {
            let type_id = bloathound_heap::TypeId(known.iter().position(|one| one == name).unwrap() as u32);
            let held = self.references.iter().filter(|(_, to, kind, _)| *to == index && *kind != ReferenceKind::Weak);
            builder.add_object(ObjectRecord {
                address: 64 * (index as u64 + 1),
                type_id,
                shallow_size: 100,
                refcount: held.count() as u32 + 1,
                flags: ObjectFlags::new(Tracking::Tracked(2), Trust::OnGcList),
            });
        }
        for index in 0..self.types.len() {
            for (at, (_, to, kind, name)) in self.references.iter().filter(|(from, ..)| *from == index).enumerate() {
                let payload = match kind {
                    // Keys stand before their values.
                    ReferenceKind::Key => *to as u32,
                    ReferenceKind::Value => *to as u32 - 1,
                    _ => name.map_or(at as u32, |name| builder.name(name).0),
                };
                let label = ReferenceLabel::new(*kind, payload, *kind != ReferenceKind::Weak);
                builder.add_reference(ObjectId(*to as u32), label);
            }
            builder.finish_references();
        }
        for (object, text) in &self.keys {
            builder.set_text(ObjectId(*object as u32), text);
        }
        for (object, kind, name) in &self.roots {
            let name = builder.name(name);
            builder.add_root(Root { object: ObjectId(*object as u32), kind: *kind, name: Some(name) });
        }
        builder.finish()
    }
}
