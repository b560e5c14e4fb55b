//! No import circle between sibling modules: of two files of a folder, one can be read without the other.
//!
//! Read are `use` and paths in code that begin with `crate::` or `super::`. A name that a parent re-exports is followed to
//! where it is declared: to go by the parent makes no sibling less of a neighbour.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{RustFile, code, nobody_but, rust_files};

/// Circles as `ROOM: a, b, c` with the modules in order; the list only gets shorter.
const STILL_TO_MEND: &[&str] = &[];

/// A module by the names on the way to it from the crate's root; empty is the root itself.
type Module = Vec<String>;

/// The crate a file belongs to (its `src` folder) and its module; `None` for tests, benchmarks and the like, which are
/// programs of their own.
fn module_of(path: &str) -> Option<(String, Module)> {
    let (room, inside) = path.split_once("/src/")?;
    let mut names: Module = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    // A whole file of tests belongs to what it tests.
    let is_tests = names.iter().any(|name| name == "tests" || name.ends_with("_tests") || name == "testing");
    (!is_tests).then(|| (room.to_owned(), names))
}

/// The paths that a `use` tree or an expression names, each as its segments: `crate::a::{b, c::d}` is two.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            // `super::super::x` is found at its first word; `pub(crate)` has no colons.
            if before.is_some_and(|letter| is_name(letter) || letter == ':' || letter == '$') {
                continue;
            }
            expand(&code[at..], &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Follows one tree from here; gives how many bytes of it were read.
fn expand(tree: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let length = prefix.len();
    let mut at = 0;
    loop {
        let rest = &tree[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &tree[at..];
        if let Some(inside) = rest.strip_prefix('{') {
            let mut within = 1;
            loop {
                let left = inside[within - 1..].trim_start_matches([',', ' ', '\n', '\t']);
                within = inside.len() - left.len() + 1;
                if left.is_empty() || left.starts_with('}') {
                    break;
                }
                let read = expand(left, prefix, found);
                // `as name`, or something that is no tree at all: on to the next.
                let skipped = left[read..].find([',', '}']).unwrap_or(left.len() - read);
                within += read + skipped;
            }
            prefix.truncate(length);
            return at + within + 1;
        }
        let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        if name.is_empty() && !rest.starts_with('*') {
            break;
        }
        at += name.len().max(1);
        prefix.push(if name.is_empty() { "*".to_owned() } else { name });
        match tree[at..].strip_prefix("::") {
            Some(_) => at += 2,
            None => break,
        }
    }
    if prefix.len() > length {
        found.push(prefix.clone());
    }
    prefix.truncate(length);
    at
}

/// What modules re-export: module and name, and the module that declares it.
type Exports = BTreeMap<(Module, String), Module>;

/// The re-exports of a crate's own modules, each by its last name; renamed ones and globs are left out.
fn exports(files: &[(Module, String)], modules: &BTreeSet<Module>) -> Exports {
    let mut found = Exports::new();
    for (module, text) in files {
        let code = code(text);
        for start in ["pub use ", "pub(crate) use ", "pub(super) use "] {
            for (at, _) in code.match_indices(start) {
                let mut trees = Vec::new();
                expand(&code[at + start.len()..], &mut Vec::new(), &mut trees);
                for path in trees {
                    let (Some(first), Some(name)) = (path.first(), path.last()) else { continue };
                    let inside: &[String] = if first == "self" { &path[1..] } else { &path };
                    let declared = if first == "crate" || first == "super" {
                        target(&path, module, modules)
                    } else {
                        let whole: Module = module.iter().chain(inside).cloned().collect();
                        (1..=whole.len()).rev().map(|length| whole[..length].to_vec()).find(|one| modules.contains(one))
                    };
                    if let Some(declared) = declared.filter(|declared| declared != module) {
                        found.insert((module.clone(), name.clone()), declared);
                    }
                }
            }
        }
    }
    found
}

/// Where the name behind a module's path is declared, re-exports followed.
fn declared(path: &[String], from: &Module, modules: &BTreeSet<Module>, exports: &Exports) -> Option<Module> {
    let mut at = target(path, from, modules).unwrap_or_default();
    // A module's own name is no name in it.
    let name = path.last().filter(|name| at.last() != Some(*name))?;
    // Each step leads to another declaration; a circle of them would not compile.
    for _ in 0..modules.len() {
        match exports.get(&(at.clone(), name.clone())) {
            Some(next) => at = next.clone(),
            None => break,
        }
    }
    Some(at)
}

/// The module that a path leads to, as seen from `from`: the longest beginning that is a module.
fn target(path: &[String], from: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let mut base = if path.first()? == "crate" { Module::new() } else { from.clone() };
    let mut rest = path.iter();
    for name in rest.by_ref() {
        match name.as_str() {
            "crate" => {}
            "super" => {
                base.pop();
            }
            name => {
                base.push(name.to_owned());
                break;
            }
        }
    }
    base.extend(rest.cloned());
    while !modules.contains(&base) {
        base.pop()?;
    }
    Some(base)
}

/// Who uses which sibling, in one crate, for every folder of it.
fn uses(files: &[(Module, String)]) -> BTreeMap<Module, BTreeSet<Module>> {
    let modules: BTreeSet<Module> =
        files.iter().map(|(module, _)| module.clone()).filter(|module| !module.is_empty()).collect();
    let exports = exports(files, &modules);
    let mut uses: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, text) in files {
        for path in paths(&code(text)) {
            let straight = target(&path, module, &modules);
            let Some(used) = declared(&path, module, &modules, &exports).or(straight) else { continue };
            // Where the ways to both part, they are children of one folder: siblings.
            let common = module.iter().zip(&used).take_while(|(one, other)| one == other).count();
            if module.len() > common && used.len() > common {
                uses.entry(module[..=common].to_vec()).or_default().insert(used[..=common].to_vec());
            }
        }
    }
    uses
}

/// Groups of modules each of which leads to every other one.
fn circles(uses: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<BTreeSet<Module>> {
    let reach = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&Module> = uses.get(from).into_iter().flatten().collect();
        while let Some(module) = next.pop() {
            if seen.insert(module.clone()) {
                next.extend(uses.get(module).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = uses.keys().map(|from| (from, reach(from))).collect();
    let back = |from: &Module, to: &Module| reached.get(to).is_some_and(|seen| seen.contains(from));
    reached
        .iter()
        .filter(|(from, seen)| seen.contains(**from))
        .map(|(from, seen)| seen.iter().filter(|to| back(from, to)).cloned().collect())
        .collect()
}

fn offenders(files: &[RustFile]) -> Vec<(String, String)> {
    let mut rooms: BTreeMap<String, Vec<(Module, String)>> = BTreeMap::new();
    for file in files {
        if let Some((room, module)) = module_of(&file.path) {
            rooms.entry(room).or_default().push((module, file.text.clone()));
        }
    }
    let mut found = Vec::new();
    for (room, files) in rooms {
        let uses = uses(&files);
        for circle in circles(&uses) {
            let name = |module: &Module| module.join("::");
            let names: Vec<String> = circle.iter().map(name).collect();
            let mut edges = Vec::new();
            for from in &circle {
                for to in uses.get(from).into_iter().flatten().filter(|to| circle.contains(*to)) {
                    edges.push(format!("{} uses {}", name(from), name(to)));
                }
            }
            found.push((format!("{room}: {}", names.join(", ")), edges.join("; ")));
        }
    }
    found
}

#[test]
fn no_circle_between_siblings() {
    let rule = "modules of one folder may not use each other in a circle: move what both need into a third";
    nobody_but(rule, STILL_TO_MEND, &offenders(&rust_files()));
}

#[test]
fn a_circle_is_seen_however_it_is_written() {
    let house = |files: &[(&str, &str)]| {
        let files: Vec<RustFile> = files
            .iter()
            .map(|(name, text)| RustFile { path: format!("harness/x/src/{name}.rs"), text: (*text).to_owned() })
            .collect();
        offenders(&files).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    // Straight on, whatever is named: no circle.
    assert!(house(&[("a", "use super::b::B;"), ("b", "use std::fs; use crate::Elsewhere;")]).is_empty());
    // Direct, by `super` and by `crate`, in a list, over lines, and in an expression.
    for back in [
        "use super::a::A;",
        "use super::{c::C, a::A};",
        "use crate::{\n    c,\n    a::{A, A2},\n};",
        "fn f() { crate::a::f() }",
        "pub(super) use super::a;",
    ] {
        assert_eq!(house(&[("a", "use crate::b::B;"), ("b", back), ("c", "")]), ["harness/x: a, b"], "{back}");
    }
    // A longer one, and between a folder and its neighbour.
    let longer = [("a", "use super::b;"), ("b", "use super::c;"), ("c", "use super::a;")];
    assert_eq!(house(&longer), ["harness/x: a, b, c"]);
    let folders = [("a/mod", "mod one;"), ("a/one", "use crate::b::B;"), ("b", "use crate::a::A;")];
    assert_eq!(house(&folders), ["harness/x: a, b"]);
    let inside = [("a/mod", ""), ("a/one", "use super::two::T;"), ("a/two", "use crate::a::one;")];
    assert_eq!(house(&inside), ["harness/x: a::one, a::two"]);
    // By way of a parent that re-exports it.
    let by_parent = [
        ("a/mod", "pub use one::T;\npub use self::two::{U, V};"),
        ("a/one", "use super::V;"),
        ("a/two", "use crate::a::T;"),
    ];
    assert_eq!(house(&by_parent), ["harness/x: a::one, a::two"]);
    let by_root =
        [("lib", "pub use a::T;\npub use b::U;"), ("a", "use crate::U;"), ("b", "use crate::{T, Elsewhere};")];
    assert_eq!(house(&by_root), ["harness/x: a, b"]);
    // Neither a comment, nor a text, nor a test, nor a parent is a neighbour.
    let innocent = "// use super::a;\nconst X: &str = \"crate::a\";\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n";
    assert!(house(&[("a", "use super::b;"), ("b", innocent)]).is_empty());
    assert!(house(&[("a/mod", "use one::T; use self::one::U;"), ("a/one", "use super::Whole;")]).is_empty());
}
