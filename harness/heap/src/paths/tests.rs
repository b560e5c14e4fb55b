//! Places as a person names them: variables of closures, arguments, keys, and chains of several steps.

use super::*;
use crate::testing::{Scene, WORDS};
use crate::{Analysis, HeapSnapshot, Label, ObjectId, ReferenceKind, RootKind};

fn shapes(heap: &HeapSnapshot) -> ShapeTree {
    let words =
        super::rules::CallWords { called: &["callback", "func"], in_turn: &["callbacks"], hands_on: &["twisted"] };
    Analysis::run(heap).shapes(ShapeLimits { words, ..ShapeLimits::default() }).0
}

fn find(tree: &ShapeTree, path: &str) -> Option<usize> {
    (1..tree.nodes().len()).find(|index| Label::join(tree.labels(*index), " → ") == path)
}

fn objects(tree: &ShapeTree, path: &str) -> Option<u64> {
    find(tree, path).map(|index| tree.nodes()[index].objects)
}

/// `module app`, and an object that is its attribute.
fn app(scene: &mut Scene, attribute: &str, type_name: &str) -> ObjectId {
    let module = scene.object("module", "module", 56);
    scene.root(module, RootKind::Module, "app");
    let held = scene.object("held", type_name, 72);
    scene.attribute(module, attribute, held);
    held
}

fn fill(scene: &mut Scene, list: ObjectId, (kind, count): (&str, usize)) {
    for n in 0..count {
        let item = scene.object(&format!("{kind} {n} of {}", list.0), kind, 40);
        scene.refer(list, item, ReferenceKind::Item, n as u32);
    }
}

/// A function with two arguments and two free variables, as attribute `render` of the module.
fn function(scene: &mut Scene) -> ObjectId {
    let function = app(scene, "render", "callable");
    let code = scene.object("code", "program", 128);
    let name = scene.string("wrapper");
    scene.field(function, WORDS.function.code, code);
    scene.field(code, WORDS.code.name, name);
    let (free, arguments) =
        (scene.words("free", &["other", "cache"]), scene.words("arguments", &["event", "seen", "x"]));
    scene.field(code, WORDS.code.free_variables, free);
    scene.field(code, WORDS.code.variables, arguments);
    scene.site(code, ("app.py", 7), 2);
    function
}

#[test]
fn a_variable_of_a_closure_is_named_by_the_code() {
    let mut scene = Scene::new();
    let function = function(&mut scene);
    let closure = scene.object("closure", "tuple", 56);
    scene.field(function, WORDS.function.closure, closure);
    let cache = scene.object("cache", "list", 72);
    let cells = [scene.object("cell 0", "box", 24), scene.object("cell 1", "box", 24)];
    for (index, cell) in cells.into_iter().enumerate() {
        scene.refer(closure, cell, ReferenceKind::Item, index as u32);
    }
    scene.field(cells[1], WORDS.function.contents, cache);
    fill(&mut scene, cache, ("Row", 9));
    let tree = shapes(&scene.build().0);
    let row = find(&tree, "module app → render → <closure>.cache → [x]").unwrap();
    assert_eq!(tree.nodes()[row].objects, 9);
    let source = tree.source(tree.line(row)[1]).unwrap();
    let written = source.written.as_ref().map(|written| (&*written.file, written.line));
    assert_eq!(written, Some(("app.py", 7)));
}

#[test]
fn a_default_value_is_named_by_its_argument() {
    let mut scene = Scene::new();
    let function = function(&mut scene);
    let (defaults, seen) = (scene.object("defaults", "tuple", 56), scene.object("seen", "list", 72));
    scene.field(function, WORDS.function.defaults, defaults);
    scene.refer(defaults, seen, ReferenceKind::Item, 0);
    fill(&mut scene, seen, ("Row", 9));
    let tree = shapes(&scene.build().0);
    assert_eq!(objects(&tree, "module app → render → (seen=…) → [x]"), Some(9));
}

#[test]
fn what_a_thread_local_keeps_is_its_attribute_whatever_the_thread() {
    let mut scene = Scene::new();
    let local = app(&mut scene, "ctx", "_local");
    let threads = scene.object("threads", "dict", 280);
    scene.field(local, WORDS.thread_dicts, threads);
    for thread in 0..3 {
        let (key, own) = (
            scene.object(&format!("key {thread}"), "weakref", 88),
            scene.object(&format!("own {thread}"), "dict", 280),
        );
        scene.entry(threads, key, own);
        let (name, audit) = (scene.string("audit"), scene.object(&format!("audit {thread}"), "list", 72));
        scene.entry(own, name, audit);
        fill(&mut scene, audit, ("Row", 5));
    }
    let tree = shapes(&scene.build().0);
    assert_eq!(objects(&tree, "module app → ctx → audit"), Some(3));
    assert_eq!(objects(&tree, "module app → ctx → audit → [x]"), Some(15));
}

/// A dict of lists, by these keys, with so many rows each.
fn lists(keys: &[(String, usize)]) -> ShapeTree {
    let mut scene = Scene::new();
    let dict = app(&mut scene, "topics", "dict");
    for (key, rows) in keys {
        let (name, list) = (scene.string(key), scene.object(&format!("list of {key}"), "list", 72));
        scene.entry(dict, name, list);
        fill(&mut scene, list, ("Row", *rows));
    }
    shapes(&scene.build().0)
}

fn keys(first: usize, count: usize, rows: usize) -> Vec<(String, usize)> {
    (first..first + count).map(|n| (format!("key {n}"), rows)).collect()
}

#[test]
fn a_key_is_told_while_keys_are_few() {
    let tree = lists(&[("order.paid".into(), 30), ("order.sent".into(), 4), ("unused".into(), 0)]);
    assert_eq!(objects(&tree, "module app → topics → ['order.paid'] → [x]"), Some(30));
    assert_eq!(objects(&tree, "module app → topics → ['order.sent'] → [x]"), Some(4));
    // Nothing hangs on that one.
    assert!(find(&tree, "module app → topics → ['unused']").is_none());
    let many = lists(&keys(0, 65, 2));
    assert_eq!(objects(&many, "module app → topics → [x]"), Some(65));
    assert_eq!(objects(&many, "module app → topics → [x] → [x]"), Some(130));
}

#[test]
fn looks_are_made_alike_where_keys_vary() {
    let paths =
        |tree: &ShapeTree| ["[x]", "[x] → [x]"].map(|path| objects(tree, &format!("module app → topics → {path}")));
    // Few keys and then many.
    let trees = [lists(&keys(0, 60, 2)), lists(&keys(0, 70, 2))];
    assert_eq!(paths(&trees[0]), [None, None]);
    let alike = ShapeTree::alike(&trees.iter().collect::<Vec<_>>());
    assert_eq!(paths(&alike[0]), [Some(60), Some(120)]);
    assert_eq!(paths(&alike[1]), [Some(70), Some(140)]);
    let aligned = alike[1].align(&alike[0]);
    assert!(aligned.iter().all(Option::is_some));
    // Other keys in every look.
    let trees = [0, 10, 20].map(|first| lists(&keys(first, 5, 2)));
    let alike = ShapeTree::alike(&trees.iter().collect::<Vec<_>>());
    assert!(alike.iter().all(|tree| paths(tree) == [Some(5), Some(10)]));
    // The same keys in all, with more below them.
    let trees = [2, 20, 40].map(|rows| lists(&keys(0, 2, rows)));
    let alike = ShapeTree::alike(&trees.iter().collect::<Vec<_>>());
    let found = alike.iter().map(|tree| objects(tree, "module app → topics → ['key 1'] → [x]"));
    assert_eq!(found.collect::<Vec<_>>(), [Some(2), Some(20), Some(40)]);
}

#[test]
fn a_chain_of_several_steps_a_link_is_one_shape_with_its_length() {
    let mut scene = Scene::new();
    let mut last = app(&mut scene, "first", "Deferred");
    for link in 0..50 {
        let name = |what: &str| format!("{what} {link}");
        let callbacks = scene.object(&name("callbacks"), "list", 72);
        scene.attribute(last, "callbacks", callbacks);
        let (both, one) = (scene.object(&name("both"), "tuple", 64), scene.object(&name("one"), "tuple", 64));
        let (arguments, next) =
            (scene.object(&name("arguments"), "tuple", 64), scene.object(&name("next"), "Deferred", 64));
        for (from, to) in [(callbacks, both), (both, one), (one, arguments), (arguments, next)] {
            scene.refer(from, to, ReferenceKind::Item, 0);
        }
        last = next;
    }
    let tree = shapes(&scene.build().0);
    assert_eq!(objects(&tree, "module app → first → callbacks"), Some(50));
    assert!(tree.nodes().iter().all(|node| node.depth <= 7), "{}", tree.nodes().len());
}

/// Twelve registrations, each of which keeps `kept` as its attribute.
fn registrations(scene: &mut Scene, attribute: &str, mut kept: impl FnMut(&mut Scene, usize) -> ObjectId) {
    let calls = app(scene, "calls", "list");
    fill(scene, calls, ("Registration", 12));
    for n in 0..12 {
        let registration = scene.ids[&format!("Registration {n} of {}", calls.0)];
        let kept = kept(scene, n);
        scene.attribute(registration, attribute, kept);
    }
}

/// `def giveUp():` in line 12 of `query.py`.
fn give_up(scene: &mut Scene) -> ObjectId {
    let code = scene.object("code", "program", 128);
    let (name, function) = (scene.string("giveUp"), scene.object("function", "callable", 120));
    scene.field(code, WORDS.code.name, name);
    scene.field(function, WORDS.function.code, code);
    scene.site(code, ("query.py", 12), 1);
    function
}

/// What registrations call: name and line.
fn called(scene: Scene) -> (String, u32) {
    let tree = shapes(&scene.build().0);
    let callee = tree.source(find(&tree, "module app → calls → [x]").unwrap()).unwrap().callee.clone().unwrap();
    (callee.name.to_string(), callee.written.unwrap().line)
}

#[test]
fn registrations_tell_what_they_will_call() {
    let mut scene = Scene::new();
    let function = give_up(&mut scene);
    registrations(&mut scene, "func", |scene, n| {
        let method = scene.object(&format!("method {n}"), "bound", 80);
        let query = scene.object(&format!("query {n}"), "Query", 64);
        scene.field(method, WORDS.function.function, function);
        scene.field(method, WORDS.function.receiver, query);
        method
    });
    assert_eq!(called(scene), ("giveUp".into(), 12));
}

#[test]
fn a_call_with_arguments_in_a_tuple_tells_what_it_will_call() {
    let mut scene = Scene::new();
    let function = give_up(&mut scene);
    let calls = app(&mut scene, "calls", "list");
    for n in 0..12 {
        let (call, arguments) = (format!("call {n}"), format!("arguments {n}"));
        let (call, arguments) = (scene.object(&call, "tuple", 80), scene.object(&arguments, "tuple", 64));
        let query = scene.object(&format!("query {n}"), "Query", 64);
        scene.refer(calls, call, ReferenceKind::Item, 0);
        scene.refer(call, function, ReferenceKind::Item, 0);
        scene.refer(call, arguments, ReferenceKind::Item, 1);
        scene.refer(arguments, query, ReferenceKind::Item, 0);
        let pair = scene.object(&format!("pair {n}"), "tuple", 64);
        scene.refer(arguments, pair, ReferenceKind::Item, 1);
    }
    assert_eq!(called(scene), ("giveUp".into(), 12));
}

#[test]
fn a_chain_of_callbacks_tells_what_it_will_call() {
    let mut scene = Scene::new();
    let function = give_up(&mut scene);
    registrations(&mut scene, "callbacks", |scene, n| {
        let chain = scene.object(&format!("chain {n}"), "list", 72);
        let entry = scene.object(&format!("entry {n}"), "tuple", 64);
        scene.refer(chain, entry, ReferenceKind::Item, 0);
        scene.refer(entry, function, ReferenceKind::Item, 0);
        chain
    });
    assert_eq!(called(scene), ("giveUp".into(), 12));
}

/// By words that no series has: a callable with arguments, of which a method of an old class is wrapped, and a call that waits
/// in the closure of a callable.
#[test]
fn what_is_called_is_found_by_the_words_that_came_with_the_heap() {
    let mut scene = Scene::new();
    let function = give_up(&mut scene);
    let (class, name) = (scene.object("class", "oldtype", 72), scene.string("Query"));
    scene.field(class, WORDS.class_name, name);
    let wrapper = scene.object("wrapper", "wrapping", 24);
    scene.field(wrapper, "its_wrapped", function);
    scene.attribute(class, "giveUp", wrapper);
    let prefilled = scene.object("prefilled", "prefilled", 56);
    scene.field(prefilled, WORDS.function.called, function);
    registrations(&mut scene, "callback", |_, _| prefilled);
    assert_eq!(called(scene), ("Query.giveUp".into(), 12));

    let mut scene = Scene::new();
    let function = give_up(&mut scene);
    let code = scene.ids["code"];
    let (closure, cell) = (scene.object("closure", "tuple", 56), scene.object("cell", "box", 24));
    let (waiting, frame) = (scene.object("waiting", "waiting", 48), scene.object("frame", "call", 400));
    scene.field(function, WORDS.function.closure, closure);
    scene.refer(closure, cell, ReferenceKind::Item, 0);
    scene.field(cell, WORDS.function.contents, waiting);
    scene.field(waiting, WORDS.function.generator_code, code);
    scene.field(waiting, WORDS.function.generator_frame, frame);
    scene.site(frame, ("query.py", 15), 0);
    registrations(&mut scene, "func", |_, _| function);
    assert_eq!(called(scene), ("giveUp".into(), 15));
}

#[test]
fn items_of_what_nests_in_itself_are_known_to_hang_further_below() {
    // A stack of open elements, with one in it, whose children have children themselves, though none by now.
    let mut scene = Scene::new();
    let stack = app(&mut scene, "stack", "list");
    let root = scene.object("root", "element", 72);
    scene.refer(stack, root, ReferenceKind::Item, 0);
    let children = scene.object("children", "list", 72);
    scene.attribute(root, "children", children);
    for n in 0..20 {
        let child = scene.object(&format!("child {n}"), "element", 72);
        scene.refer(children, child, ReferenceKind::Item, n);
        let own = scene.object(&format!("children of {n}"), "list", 72);
        scene.attribute(child, "children", own);
    }
    let tree = shapes(&scene.build().0);
    let items = find(&tree, "module app → stack → [x]").unwrap();
    assert_eq!(tree.nodes()[items].objects, 21);
    assert_eq!(tree.nodes()[items].nested_at, find(&tree, "module app → stack → [x] → children"));
    // Of two levels alike nobody can say more than where they begin.
    let flat = find(&tree, "module app → stack").unwrap();
    assert_eq!(tree.nodes()[flat].nested_at, None);
}

#[test]
fn what_lies_between_a_function_and_its_variables_is_no_registration() {
    let mut scene = Scene::new();
    let callbacks = app(&mut scene, "calls", "list");
    let code = scene.object("code", "program", 128);
    let name = scene.string("on_close");
    scene.field(code, WORDS.code.name, name);
    scene.site(code, ("app.py", 7), 2);
    // As the memory may have them: what their closures are made of stands before them.
    let closures: Vec<ObjectId> = (0..20)
        .map(|n| {
            let closure = scene.object(&format!("closure {n}"), "tuple", 56);
            let cell = scene.object(&format!("cell {n}"), "box", 24);
            let value = scene.object(&format!("value {n}"), "thing", 24);
            scene.refer(closure, cell, ReferenceKind::Item, 0);
            scene.field(cell, WORDS.function.contents, value);
            closure
        })
        .collect();
    for (n, closure) in closures.into_iter().enumerate() {
        let function = scene.object(&format!("function {n}"), "callable", 120);
        scene.field(function, WORDS.function.code, code);
        scene.field(function, WORDS.function.closure, closure);
        scene.refer(callbacks, function, ReferenceKind::Item, n as u32);
    }
    assert_eq!(called(scene), ("on_close".to_owned(), 7));
}
