//! Puts a Python module together: imports first, then what stands before the part that matters, then that; and finds the
//! lines that a template has marked.

use std::collections::BTreeMap;

/// Begins a mark at the end of a line, which names the line and is no part of the module.
const MARK: &str = "  # @";

/// A module's text, and the marked lines by their names, counted from 1.
pub(crate) fn module(docstring: &str, parts: &[&str]) -> (String, BTreeMap<String, u64>) {
    let mut imports = Vec::new();
    let mut body: Vec<&str> = Vec::new();
    for part in parts {
        let mut own: Vec<&str> = Vec::new();
        for line in part.lines() {
            if line.starts_with("import ") || line.starts_with("from ") {
                imports.push(line);
            } else {
                own.push(line);
            }
        }
        let first = own.iter().position(|line| !line.trim().is_empty());
        if let Some(first) = first {
            if !body.is_empty() {
                body.extend(["", ""]);
            }
            body.extend(own.iter().skip(first));
            while body.last().is_some_and(|line| line.trim().is_empty()) {
                body.pop();
            }
        }
    }
    imports.sort_unstable();
    imports.dedup();
    let mut lines: Vec<String> = vec![format!("\"\"\"{docstring}\"\"\"")];
    lines.extend(imports.iter().map(|line| (*line).to_owned()));
    lines.push(String::new());
    let mut marks = BTreeMap::new();
    for line in body {
        let text = match line.split_once(MARK) {
            Some((text, mark)) => {
                marks.insert(mark.trim().to_owned(), lines.len() as u64 + 1);
                text
            }
            None => line,
        };
        lines.push(text.trim_end().to_owned());
    }
    lines.push(String::new());
    (lines.join("\n"), marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_come_first_and_marks_leave_nothing_behind() {
        let parts = [
            "X = 1\n",
            "\nimport sys\nimport abc\n\ndef f():\n    while X:  # @first\n        pass\n\n",
            "import abc\n",
        ];
        let (text, marks) = module("Orders.", &parts);
        assert_eq!(
            text,
            "\"\"\"Orders.\"\"\"\nimport abc\nimport sys\n\nX = 1\n\n\ndef f():\n    while X:\n        pass\n"
        );
        assert_eq!(marks, BTreeMap::from([("first".to_owned(), 9)]));
    }
}
