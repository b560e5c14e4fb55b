//! The tree that the rules are about: where it is, its Rust files, and what of a file is code.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout: the folder above this package that has the house's own description.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().find(|folder| folder.join("harness/ARCHITECTURE.md").is_file());
    found.expect("a checkout with harness/ARCHITECTURE.md").to_owned()
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One Rust file of ours.
pub struct RustFile {
    /// From the checkout's root: `harness/live/src/pause.rs`.
    pub path: String,
    pub text: String,
}

/// All of `harness` and `fuzz`, in order; what was built or found by fuzzing left out.
pub fn rust_files() -> Vec<RustFile> {
    let root = root();
    let mut folders = vec![root.join("harness"), root.join("fuzz")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that can be listed") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && !["target", "corpus", "artifacts"].contains(&name.as_str()) {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = read(&path);
                let path = path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned();
                found.push(RustFile { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 200, "only {} files were found", found.len());
    found
}

/// A file's product code without comments and texts: test modules are cut off, and what stands in quotes is emptied.
pub fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::new();
    let mut rest = product.char_indices().peekable();
    while let Some((at, letter)) = rest.next() {
        let after = &product[at..];
        if after.starts_with("//") {
            while rest.next_if(|(_, letter)| *letter != '\n').is_some() {}
        } else if letter == '"' {
            let mut escaped = false;
            for (_, letter) in rest.by_ref() {
                match letter {
                    '"' if !escaped => break,
                    '\\' => escaped = !escaped,
                    _ => escaped = false,
                }
            }
        } else if after.starts_with("'\"'") {
            // A quote as a character begins no text.
            rest.next();
            rest.next();
        } else {
            code.push(letter);
        }
    }
    code
}

/// Fails with each offender on a line of its own, those that are known and still to be mended left out; and where one of
/// these has been mended, so that the list gets shorter.
pub fn nobody_but(rule: &str, known: &[&str], offenders: &[(String, String)]) {
    let new: Vec<String> = offenders
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, why)| format!("  {name}: {why}"))
        .collect();
    let mended: Vec<&&str> = known.iter().filter(|known| !offenders.iter().any(|(name, _)| name == **known)).collect();
    assert!(new.is_empty(), "{rule}\n{}", new.join("\n"));
    assert!(mended.is_empty(), "{rule}\nmended by now, so take it off the list STILL_TO_MEND:\n  {mended:?}");
}

#[test]
fn code_is_what_is_neither_a_comment_nor_a_text() {
    let text = "//! crate::a\nuse crate::b; // super::c\nlet x = \"crate::d \\\" crate::e\"; let q = '\"'; crate::f();\n\
                #[cfg(test)]\nmod tests {\n    use super::g;\n}\n";
    let code = code(text);
    for kept in ["crate::b", "crate::f"] {
        assert!(code.contains(kept), "{code}");
    }
    for left_out in ["::a", "::c", "::d", "::e", "::g"] {
        assert!(!code.contains(left_out), "{code}");
    }
}
