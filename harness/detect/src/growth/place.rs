//! The place that grows, in the words of its source.

use bloathound_heap::{Callee, ShapeTree};
use bloathound_profile::frameworks::{CALLED, CALLED_IN_TURN};

use crate::thresholds::words;
use crate::{Label, Location, RootKind};

/// Who holds what grows: the last name on the path, and the module, class or function it belongs to; the place as it is
/// typed; the function that will be called, where what grows are registrations; where all that is written.
pub(super) fn locate(tree: &ShapeTree, index: usize, path: Vec<Label>, varies: Option<usize>) -> Location {
    let line = line_of(tree, index);
    let mut location = Location::default();
    let holder = line.iter().enumerate().skip(1).rev().find(|(at, shape)| {
        // What a library's container keeps its items in is nobody's to mend, where an attribute keeps that container.
        let owner = line.get(at - 1).copied().unwrap_or(0);
        let is_inside = words::CONTAINERS.has(tree.type_name(owner)) && tree.label(owner).variable().is_some();
        Some(**shape) != varies && tree.label(**shape).variable().is_some() && !is_inside
    });
    location.module = path.first().and_then(Label::module).map(str::to_owned);
    let mut owner = line.first().copied().unwrap_or(0);
    if let Some((at, shape)) = holder {
        location.attribute = Some(match tree.label(*shape).variable() {
            Some(name) => name.to_owned(),
            None => tree.label(*shape).to_string(),
        });
        owner = line.get(at - 1).copied().unwrap_or(0);
        location.class = match tree.type_name(owner) {
            nameless if words::NAMELESS.has(nameless) => None,
            // A class holds: its own name is the label that led to it.
            class if words::CLASSES.has(class) => Some(tree.label(owner).to_string()),
            instance => instance.rsplit('.').next().map(str::to_owned),
        };
    }
    let function = line.iter().rev().find(|shape| words::RUNS_CODE.has(tree.type_name(**shape)));
    location.function = function.map(|shape| match tree.label(*shape) {
        Label::Root(RootKind::ThreadFrame | RootKind::SuspendedFrame, Some(name)) => name.to_string(),
        label => label.to_string(),
    });
    let callee = callee(tree, &line);
    let written = match callee {
        Some(callee) => callee.written.as_ref(),
        None => tree.source(owner).and_then(|source| source.written.as_ref()),
    };
    location.file = written.map(|written| written.file.to_string());
    location.line_first = written.map(|written| written.line).filter(|line| *line > 0);
    let mut expression = expression(tree, &line, varies);
    if let Some(callee) = callee {
        location.function = Some(callee.name.to_string());
        expression = format!("{expression} → {}", callee.name);
    }
    location.expression = Some(expression);
    location.path = path;
    location
}

/// The labels that lead there; a key that varies is none of them.
pub(super) fn path(tree: &ShapeTree, index: usize, varies: Option<usize>) -> Vec<Label> {
    let label = |shape: usize| if varies == Some(shape) { Label::Index } else { tree.label(shape).clone() };
    line_of(tree, index).into_iter().map(label).collect()
}

/// The shapes that lead there. Items of data that nests in itself mostly hang further below than the first of them: the
/// root of a tree keeps its children, and the list that the root is in keeps one item.
fn line_of(tree: &ShapeTree, index: usize) -> Vec<usize> {
    let nested = tree.nodes().get(index).and_then(|node| node.nested_at).filter(|_| is_item(tree.label(index)));
    match nested {
        Some(at) => tree.line(at).into_iter().chain([index]).collect(),
        None => tree.line(index),
    }
}

fn is_item(label: &Label) -> bool {
    matches!(label, Label::Index | Label::Key | Label::Member | Label::Entry(_))
}

/// What will be called by what grows, or by the registration that the path leads through: `DelayedCall`, `func`, ….
fn callee<'t>(tree: &'t ShapeTree, line: &[usize]) -> Option<&'t Callee> {
    let of = |shape: usize| tree.source(shape).and_then(|source| source.callee.as_ref());
    let leads_on = |shape: usize| {
        let name = tree.label(shape).name().unwrap_or_default();
        CALLED_IN_TURN.contains(&name) || CALLED.contains(&name)
    };
    let own = line.last().and_then(|last| of(*last));
    let above = || line.windows(2).rev().find_map(|pair| of(pair[0]).filter(|_| leads_on(pair[1])));
    own.or_else(above)
}

/// The holder as it is typed: `model.DBModel._field_cache`, `render.<closure>.cache`, `topics['order.paid']`. What
/// Python has no way to is in angle brackets.
fn expression(tree: &ShapeTree, line: &[usize], varies: Option<usize>) -> String {
    let Some((root, below)) = line.split_first() else { return String::new() };
    // What grows are the items of the holder, and not a part of its name.
    let below = match below.split_last() {
        Some((last, holder)) if is_item(tree.label(*last)) => holder,
        _ => below,
    };
    let mut text = match tree.label(*root) {
        Label::Root(RootKind::Module, Some(name)) if **name == *"__main__" => String::new(),
        Label::Root(RootKind::Module | RootKind::StaticType | RootKind::Interpreter, Some(name)) => name.to_string(),
        Label::Root(RootKind::SuspendedFrame, Some(name)) if below.is_empty() => {
            format!("<calls of {name}() that wait>")
        }
        Label::Root(RootKind::ThreadFrame | RootKind::SuspendedFrame, Some(name)) => format!("{name}()"),
        Label::Root(RootKind::GcGarbage, _) => "gc.garbage".to_owned(),
        Label::Root(RootKind::Unaccounted, _) => no_holder(tree, *root),
        label => format!("<{label}>"),
    };
    let mut above = *root;
    for shape in below {
        match varies == Some(*shape) {
            true => text.push_str("[…]"),
            false => add_step(&mut text, tree, (above, *shape)),
        }
        above = *shape;
    }
    if text.is_empty() { "__main__".to_owned() } else { text }
}

fn add_step(text: &mut String, tree: &ShapeTree, (above, shape): (usize, usize)) {
    let label = tree.label(shape);
    let step = match label {
        Label::Name(name) if tree.type_name(above) == "frame" => match tree.label(above) {
            Label::Root(..) => format!("'s local {name}"),
            _ => format!(".f_locals['{}']", name.escape_default()),
        },
        Label::Name(name) if text.is_empty() => name.to_string(),
        Label::Name(name) if is_identifier(name) => format!(".{name}"),
        Label::Name(name) => format!(".__dict__['{}']", name.escape_default()),
        Label::Default(_) | Label::Entry(_) => label.to_string(),
        Label::Index => "[…]".to_owned(),
        Label::Type => ".__class__".to_owned(),
        Label::Weak => "()".to_owned(),
        Label::Closure(_) | Label::To(_) => format!(".{label}"),
        label => format!(".<{label}>"),
    };
    text.push_str(&step);
}

/// Objects that nothing refers to, with one of them as a sample.
fn no_holder(tree: &ShapeTree, root: usize) -> String {
    let sample = tree.source(root).and_then(|source| source.sample.as_deref());
    let type_name = tree.type_name(root);
    let like = sample.map(|sample| format!(" like {sample}")).unwrap_or_default();
    format!(
        "<{type_name}{like} that no Python object refers to: a reference count was raised and not lowered, or C code holds it>"
    )
}

fn is_identifier(text: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.chars().all(is_word) && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
}
