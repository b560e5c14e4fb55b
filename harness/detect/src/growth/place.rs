//! The place that grows, in the words of its source.

use bloathound_heap::ShapeTree;

use crate::thresholds::words;
use crate::{Label, Location, RootKind};

/// Who holds what grows: the last name on the path, and the module, class or function it belongs to.
pub(super) fn locate(tree: &ShapeTree, index: usize, path: Vec<Label>) -> Location {
    let line = tree.line(index);
    let mut location = Location::default();
    let holder = line.iter().enumerate().skip(1).rev().find(|(_, shape)| tree.label(**shape).name().is_some());
    location.module = path.first().and_then(Label::module).map(str::to_owned);
    if let Some((at, shape)) = holder {
        location.attribute = Some(tree.label(*shape).to_string());
        let owner = line.get(at - 1).copied().unwrap_or(0);
        location.class = match tree.type_name(owner) {
            nameless if words::NAMELESS.has(nameless) => None,
            // A class holds: its own name is the label that led to it.
            class if words::CLASSES.has(class) => Some(tree.label(owner).to_string()),
            instance => instance.rsplit('.').next().map(str::to_owned),
        };
    }
    let function = line.iter().rev().find(|shape| words::RUNS_CODE.has(tree.type_name(**shape)));
    location.function = function.map(|shape| match tree.label(*shape) {
        Label::Root(RootKind::ThreadFrame, Some(name)) => name.to_string(),
        label => label.to_string(),
    });
    location.path = path;
    location
}
