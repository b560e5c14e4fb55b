//! A Python heap as V8 writes its own (`.heapsnapshot`), so that browsers' developer tools and memlab open it.
//!
//! V8 publishes no description of the format; each snapshot says in its `meta` what its columns are. Numbers are 32 bits
//! wide in its readers, so an object's id is made of its address, the same in each look at one process.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use bloathound_heap::{HeapSnapshot, Names, ObjectId, ReferenceKind, ReferenceLabel, RootKind, TypeRole};
use bloathound_vocabulary::json::is_hostile;
use serde_json::json;

use crate::sanitize;

/// Numbers of a node.
const NODE_FIELDS: usize = 7;
/// Places in V8's list of the kinds of nodes.
const STRING: u8 = 2;
const OBJECT: u8 = 3;
const CODE: u8 = 4;
const CLOSURE: u8 = 5;
const NUMBER: u8 = 7;
const SYNTHETIC: u8 = 9;
/// Places in V8's list of the kinds of edges.
const ELEMENT: u8 = 1;
const PROPERTY: u8 = 2;
const INTERNAL: u8 = 3;
const SHORTCUT: u8 = 5;
const WEAK: u8 = 6;
/// Letters of a text.
const TEXT_MAX: usize = 120;
/// Longest string of V8's, in letters: what reads a file as one string can't open a longer one.
const V8_STRING_MAX: usize = (1 << 29) - 24;

/// A snapshot for V8's readers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapSnapshotFile {
    /// The file.
    pub text: String,
    /// That some readers can't open it; `None` where all can.
    pub warning: Option<String>,
}

/// All objects with all their references. Two nodes of no object stand before them: V8's root, which leads to each module
/// by its name, and `(GC roots)`, which leads to whatever holds something.
#[must_use]
pub fn heap_snapshot(snapshot: &HeapSnapshot) -> HeapSnapshotFile {
    let mut writer = Writer::new(snapshot);
    writer.roots();
    for id in snapshot.ids() {
        writer.object(id);
    }
    let text = writer.finish();
    let warning = (text.len() > V8_STRING_MAX).then(|| {
        "the snapshot is longer than V8's longest string: developer tools open it, programs that read it whole may not"
            .to_owned()
    });
    HeapSnapshotFile { text, warning }
}

struct Writer<'s> {
    snapshot: &'s HeapSnapshot,
    nodes: String,
    edges: String,
    edge_count: usize,
    strings: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The string of each name of the snapshot, once it is written.
    of_name: HashMap<u32, usize>,
    of_type: HashMap<u32, usize>,
    ids: HashSet<u32>,
}

impl<'s> Writer<'s> {
    fn new(snapshot: &'s HeapSnapshot) -> Self {
        let mut writer = Self {
            snapshot,
            nodes: String::new(),
            edges: String::new(),
            edge_count: 0,
            strings: Vec::new(),
            numbers: HashMap::new(),
            of_name: HashMap::new(),
            of_type: HashMap::new(),
            ids: HashSet::from([1, 3]),
        };
        writer.string("");
        writer
    }

    fn string(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.strings.len();
        self.strings.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// An object's text, cut: the whole heap is in one file.
    fn text(&mut self, text: &str) -> usize {
        let short: String = text.chars().take(TEXT_MAX).collect();
        self.string(&short)
    }

    fn node(&mut self, kind: u8, name: usize, id: u32, size: u64, edges: usize) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let comma = if self.nodes.is_empty() { "" } else { ",\n" };
        let _ = write!(self.nodes, "{comma}{kind},{name},{id},{size},{edges},0,0");
    }

    /// `name` is a string's number, or an index for an element.
    fn edge(&mut self, kind: u8, name: usize, to: usize) {
        let comma = if self.edge_count == 0 { "" } else { ",\n" };
        let _ = write!(self.edges, "{comma}{kind},{name},{}", to * NODE_FIELDS);
        self.edge_count += 1;
    }

    fn roots(&mut self) {
        let names = Names::new(self.snapshot);
        let roots: Vec<(bool, String, usize)> = self
            .snapshot
            .roots()
            .iter()
            .filter(|root| root.object.index() < self.snapshot.len())
            .map(|root| (root.kind == RootKind::Module, names.root(root).to_string(), place(root.object)))
            .collect();
        let modules = roots.iter().filter(|(is_module, ..)| *is_module).count();
        let (root, gc_roots) = (self.string(""), self.string("(GC roots)"));
        self.node(SYNTHETIC, root, 1, 0, 1 + modules);
        self.edge(ELEMENT, 1, 1);
        for (_, name, to) in roots.iter().filter(|(is_module, ..)| *is_module) {
            let name = self.text(name);
            self.edge(SHORTCUT, name, *to);
        }
        self.node(SYNTHETIC, gc_roots, 3, 0, roots.len());
        for (_, name, to) in &roots {
            let name = self.text(name);
            self.edge(INTERNAL, name, *to);
        }
    }

    fn object(&mut self, id: ObjectId) {
        let snapshot = self.snapshot;
        let (kind, name) = self.named(id);
        let number = self.id_of(snapshot.object(id).address);
        let references = snapshot.references_of(id).filter(|(to, _)| to.index() < snapshot.len());
        let references: Vec<(ObjectId, ReferenceLabel)> = references.collect();
        self.node(kind, name, number, snapshot.owned_bytes(id), references.len());
        for (to, label) in references {
            let (kind, name) = self.label(label);
            self.edge(kind, name, place(to));
        }
    }

    /// By the address, since that is the same in the next look; where two would be one, the next that is free.
    fn id_of(&mut self, address: u64) -> u32 {
        let mut id = ((address >> 3) as u32) << 1 | 1;
        while !self.ids.insert(id) {
            id = id.wrapping_add(2);
        }
        id
    }

    /// V8's kind, and a name: that of the type, and of a text what it says.
    fn named(&mut self, id: ObjectId) -> (u8, usize) {
        let snapshot = self.snapshot;
        let info = snapshot.type_of(id);
        let text = snapshot.text(id);
        match (snapshot.role(id), text) {
            (TypeRole::Text, Some(text)) => (STRING, self.text(text)),
            (TypeRole::Integer, Some(text)) => (NUMBER, self.text(text)),
            (role, _) => {
                let kind = match role {
                    TypeRole::Function => CLOSURE,
                    TypeRole::Code => CODE,
                    _ => OBJECT,
                };
                let type_id = snapshot.type_id(id).0;
                let name = match self.of_type.get(&type_id) {
                    Some(name) => *name,
                    None => {
                        let name = self.text(&info.qualified_name());
                        self.of_type.insert(type_id, name);
                        name
                    }
                };
                (kind, name)
            }
        }
    }

    fn label(&mut self, label: ReferenceLabel) -> (u8, usize) {
        let payload = label.payload() as usize;
        match label.kind() {
            ReferenceKind::Field | ReferenceKind::Slot | ReferenceKind::Local => match label.name() {
                Some(name) => (PROPERTY, self.name(name.0)),
                None => (INTERNAL, self.string("?")),
            },
            ReferenceKind::Value => {
                let key = label.key().filter(|key| key.index() < self.snapshot.len());
                let text = key.and_then(|key| self.snapshot.text(key));
                match text {
                    Some(text) => (PROPERTY, self.text(text)),
                    None => (INTERNAL, self.string("value")),
                }
            }
            ReferenceKind::Item => (ELEMENT, payload),
            ReferenceKind::Key => (INTERNAL, self.string("key")),
            ReferenceKind::Member => (INTERNAL, self.string("member")),
            ReferenceKind::Stack => (INTERNAL, self.string("stack")),
            ReferenceKind::Type => (INTERNAL, self.string("type")),
            ReferenceKind::Conservative => (INTERNAL, self.string("word")),
            ReferenceKind::Weak => (WEAK, self.string("weak")),
        }
    }

    fn name(&mut self, name: u32) -> usize {
        if let Some(number) = self.of_name.get(&name) {
            return *number;
        }
        let text = self.snapshot.name(bloathound_heap::NameId(name));
        let number = self.text(text);
        self.of_name.insert(name, number);
        number
    }

    fn finish(self) -> String {
        let meta = json!({
            "node_fields": ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"],
            "node_types": [["hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native",
                "synthetic", "concatenated string", "sliced string", "symbol", "bigint", "object shape"],
                "string", "number", "number", "number", "number", "number"],
            "edge_fields": ["type", "name_or_index", "to_node"],
            "edge_types": [["context", "element", "property", "internal", "hidden", "shortcut", "weak"],
                "string_or_number", "node"],
            "trace_function_info_fields": ["function_id", "name", "script_name", "script_id", "line", "column"],
            "trace_node_fields": ["id", "function_info_index", "count", "size", "children"],
            "sample_fields": ["timestamp_us", "last_assigned_id"],
            "location_fields": ["object_index", "script_id", "line", "column"],
        });
        let head = json!({
            "meta": meta, "node_count": self.snapshot.len() + 2, "edge_count": self.edge_count, "trace_function_count": 0,
        });
        let length = self.nodes.len() + self.edges.len() + self.strings.len() * 24 + 4096;
        let mut out = String::with_capacity(length);
        let _ = write!(out, "{{\"snapshot\":{head},\n\"nodes\":[{}],\n\"edges\":[{}],\n", self.nodes, self.edges);
        out.push_str(
            "\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[],\n\"strings\":[",
        );
        for (index, text) in self.strings.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { ",\n" });
            quoted(text, &mut out);
        }
        out.push_str("]}\n");
        out
    }
}

/// Where an object stands among the nodes.
fn place(id: ObjectId) -> usize {
    id.index() + 2
}

/// As JSON, with what would act on a terminal spelled out.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in sanitize::line(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if is_hostile(c) => out.push('?'),
            c => out.push(c),
        }
    }
    out.push('"');
}
