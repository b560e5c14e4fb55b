//! From a heap and an object to the graph of who holds it.

use std::collections::{HashMap, HashSet};

use bloathound_heap::{
    Direction, HeapSnapshot, NameId, Names, NeighbourhoodLimits, ObjectId, ReferenceKind, ReferenceLabel, Reverse,
    Step, neighbourhood,
};

use super::{GraphEdge, GraphNode, NodeKind, ReferenceGraph};

/// How much of the heap is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GraphOptions {
    /// Steps along what the object refers to.
    pub forward_depth: u32,
    /// Steps along what refers to the object.
    pub backward_depth: u32,
    /// References drawn of one object; the rest is a number.
    pub fan_out: usize,
    /// Objects in each direction.
    pub nodes_max: usize,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self { forward_depth: 2, backward_depth: 3, fan_out: 6, nodes_max: 60 }
    }
}

/// The heap around `focus`. `retained` gives the bytes an object retains, where that is known.
///
/// References to built-in types and to text keys are left out: they explain nothing.
#[must_use]
pub fn around(
    snapshot: &HeapSnapshot,
    reverse: &Reverse,
    focus: ObjectId,
    options: GraphOptions,
    retained: impl Fn(ObjectId) -> Option<u64>,
) -> ReferenceGraph {
    with_root(snapshot, reverse, (focus, &[]), options, retained)
}

/// The same with the path from a root to the object, whole, however far that root is: `path` are its references from the
/// root down to `focus`.
#[must_use]
pub fn with_root(
    snapshot: &HeapSnapshot,
    reverse: &Reverse,
    (focus, path): (ObjectId, &[Step]),
    options: GraphOptions,
    retained: impl Fn(ObjectId) -> Option<u64>,
) -> ReferenceGraph {
    if focus.index() >= snapshot.len() {
        return ReferenceGraph::default();
    }
    let mut builder = Builder::new(snapshot, focus);
    for (direction, depth_max) in [
        // First what holds it: an object on both sides is drawn on that one.
        (Direction::Referrers, options.backward_depth),
        (Direction::Referents, options.forward_depth),
    ] {
        let limits =
            NeighbourhoodLimits { depth_max, objects_max: options.nodes_max.max(1), references_max: options.fan_out };
        builder.add(reverse, direction, limits);
    }
    builder.add_path(path);
    builder.finish(&retained)
}

struct Builder<'s> {
    snapshot: &'s HeapSnapshot,
    names: Names<'s>,
    focus: ObjectId,
    /// Objects that are types made in C.
    built_in_types: HashSet<ObjectId>,
    class_names: HashMap<ObjectId, String>,
    layers: HashMap<ObjectId, i32>,
    order: Vec<ObjectId>,
    steps: Vec<(Step, Direction)>,
    more: Vec<(ObjectId, Direction, u64)>,
}

impl<'s> Builder<'s> {
    fn new(snapshot: &'s HeapSnapshot, focus: ObjectId) -> Self {
        let types = || snapshot.types().iter();
        Self {
            snapshot,
            names: Names::new(snapshot),
            focus,
            built_in_types: types().filter(|info| !info.is_heap_type).filter_map(|info| info.object).collect(),
            class_names: types().filter_map(|info| Some((info.object?, info.qualified_name()))).collect(),
            layers: HashMap::from([(focus, 0)]),
            order: vec![focus],
            steps: Vec::new(),
            more: Vec::new(),
        }
    }

    /// Every dict refers to `dict`, and a text key stands in its value's label already.
    fn explains_nothing(&self, step: &Step) -> bool {
        match step.label.kind() {
            ReferenceKind::Type => self.built_in_types.contains(&step.to),
            ReferenceKind::Key => self.snapshot.text(step.to).is_some(),
            _ => false,
        }
    }

    fn add(&mut self, reverse: &Reverse, direction: Direction, limits: NeighbourhoodLimits) {
        let forward = direction == Direction::Referents;
        let fan_out = limits.references_max;
        // Some of what is found explains nothing and is left out again.
        let wide = NeighbourhoodLimits {
            references_max: fan_out.saturating_mul(2).saturating_add(2),
            objects_max: limits.objects_max.saturating_mul(2),
            ..limits
        };
        let found = neighbourhood(self.snapshot, reverse, &[self.focus], direction, wide);
        let cut: HashSet<ObjectId> = found.cut.into_iter().collect();
        let mut steps_by_parent: HashMap<ObjectId, Vec<Step>> = HashMap::new();
        for step in found.references {
            if !self.explains_nothing(&step) {
                let parent = if forward { step.from } else { step.to };
                steps_by_parent.entry(parent).or_default().push(step);
            }
        }
        let mut kept = HashSet::from([self.focus]);
        for (id, distance) in found.objects {
            if !kept.contains(&id) {
                continue;
            }
            let mut steps = steps_by_parent.remove(&id).unwrap_or_default();
            let seen = steps.len();
            steps.truncate(fan_out);
            steps.retain(|step| {
                let other = if forward { step.to } else { step.from };
                kept.contains(&other) || (kept.len() < limits.objects_max && kept.insert(other))
            });
            let all = match (cut.contains(&id), direction) {
                (false, _) => seen,
                (true, Direction::Referents) => self.referents(id),
                (true, Direction::Referrers) => reverse.count(id),
            };
            self.place(id, distance, if forward { 1 } else { -1 });
            if all > steps.len() {
                self.more.push((id, direction, (all - steps.len()) as u64));
            }
            self.steps.extend(steps.into_iter().map(|step| (step, direction)));
        }
    }

    /// What the limits cut off of the way to the root.
    fn add_path(&mut self, path: &[Step]) {
        for (distance, step) in (1..).zip(path.iter().rev()) {
            self.place(step.from, distance, -1);
            if self.steps.contains(&(*step, Direction::Referrers)) {
                continue;
            }
            self.steps.push((*step, Direction::Referrers));
            // It was counted among those that are not drawn.
            let cut = |more: &&mut (ObjectId, Direction, u64)| more.0 == step.to && more.1 == Direction::Referrers;
            self.more.iter_mut().filter(cut).for_each(|more| more.2 -= 1);
        }
        self.more.retain(|(_, _, hidden)| *hidden > 0);
    }

    fn referents(&self, id: ObjectId) -> usize {
        self.snapshot
            .references_of(id)
            .filter(|(to, label)| {
                let step = Step { from: id, to: *to, label: *label };
                label.is_strong() && !self.explains_nothing(&step)
            })
            .count()
    }

    fn place(&mut self, id: ObjectId, distance: u32, sign: i32) {
        let distance = i32::try_from(distance).unwrap_or(i32::MAX);
        match self.layers.get_mut(&id) {
            Some(layer) if layer.unsigned_abs() > distance.unsigned_abs() => *layer = sign * distance,
            Some(_) => {}
            None => {
                self.layers.insert(id, sign * distance);
                self.order.push(id);
            }
        }
    }

    fn finish(self, retained: &dyn Fn(ObjectId) -> Option<u64>) -> ReferenceGraph {
        let mut roots: HashMap<ObjectId, String> = HashMap::new();
        for root in self.snapshot.roots() {
            if self.layers.contains_key(&root.object) {
                roots.entry(root.object).or_insert_with(|| self.names.root(root).to_string());
            }
        }
        let index: HashMap<ObjectId, usize> = self.order.iter().enumerate().map(|(index, id)| (*id, index)).collect();
        let mut graph = ReferenceGraph::default();
        for id in &self.order {
            graph.nodes.push(GraphNode {
                kind: if *id == self.focus { NodeKind::Focus } else { NodeKind::Object },
                type_name: self.snapshot.type_of(*id).qualified_name(),
                text: self.text(*id),
                root: roots.remove(id),
                shallow_bytes: self.snapshot.object(*id).shallow_size,
                retained_bytes: retained(*id),
                layer: self.layers.get(id).copied().unwrap_or(0),
            });
        }
        self.add_edges(&index, &mut graph);
        for (id, direction, hidden) in &self.more {
            let Some(of) = index.get(id).copied() else {
                continue;
            };
            let layer = graph.nodes[of].layer;
            let node = graph.nodes.len();
            let outward = if *direction == Direction::Referents { 1 } else { -1 };
            graph.nodes.push(GraphNode {
                kind: NodeKind::More(*hidden),
                type_name: String::new(),
                text: None,
                root: None,
                shallow_bytes: 0,
                retained_bytes: None,
                layer: layer.saturating_add(outward),
            });
            let (from, to) = if outward == 1 { (of, node) } else { (node, of) };
            graph.edges.push(GraphEdge {
                from,
                to,
                label: String::new(),
                strong: true,
                forward: *direction == Direction::Referents,
                backward: *direction == Direction::Referrers,
            });
        }
        graph
    }

    /// One edge for all references between two objects, each once though both directions may have found it.
    fn add_edges(&self, index: &HashMap<ObjectId, usize>, graph: &mut ReferenceGraph) {
        const LABELS_MAX: usize = 3;
        let mut seen = HashSet::new();
        let mut places: HashMap<(usize, usize), usize> = HashMap::new();
        let mut labels: Vec<Vec<String>> = Vec::new();
        for (step, direction) in &self.steps {
            let (Some(from), Some(to)) = (index.get(&step.from), index.get(&step.to)) else {
                continue;
            };
            let place = *places.entry((*from, *to)).or_insert_with(|| {
                graph.edges.push(GraphEdge {
                    from: *from,
                    to: *to,
                    label: String::new(),
                    strong: false,
                    forward: false,
                    backward: false,
                });
                labels.push(Vec::new());
                graph.edges.len() - 1
            });
            let edge = &mut graph.edges[place];
            edge.forward |= *direction == Direction::Referents;
            edge.backward |= *direction == Direction::Referrers;
            if seen.insert((*from, *to, step.label)) {
                edge.strong |= step.label.is_strong();
                labels[place].push(self.label(step.label));
            }
        }
        for (edge, labels) in graph.edges.iter_mut().zip(labels) {
            let shown = labels.len().min(LABELS_MAX);
            edge.label = labels[..shown].join(", ");
            if labels.len() > shown {
                edge.label.push_str(&format!(", … {} more", labels.len() - shown));
            }
        }
    }

    /// A class's name, a string in quotes, a number's digits.
    fn text(&self, id: ObjectId) -> Option<String> {
        if let Some(name) = self.class_names.get(&id) {
            return Some(name.clone());
        }
        let text = self.snapshot.text(id)?;
        Some(match self.snapshot.type_of(id).name.as_str() {
            "str" | "unicode" => format!("'{text}'"),
            _ => text.to_owned(),
        })
    }

    fn label(&self, label: ReferenceLabel) -> String {
        let payload = label.payload();
        match label.kind() {
            ReferenceKind::Field | ReferenceKind::Slot => {
                format!(".{}", self.snapshot.name(NameId(payload)))
            }
            ReferenceKind::Local => format!("local {}", self.snapshot.name(NameId(payload))),
            ReferenceKind::Item => format!("[{payload}]"),
            ReferenceKind::Value => label
                .key()
                .filter(|key| key.index() < self.snapshot.len())
                .and_then(|key| self.text(key))
                .map_or_else(|| "[value]".to_owned(), |key| format!("[{key}]")),
            ReferenceKind::Key => "key".to_owned(),
            ReferenceKind::Member => "member".to_owned(),
            ReferenceKind::Stack => format!("stack {payload}"),
            ReferenceKind::Type => "type".to_owned(),
            ReferenceKind::Conservative => format!("+{payload:#x}"),
            ReferenceKind::Weak => "weak".to_owned(),
        }
    }
}
