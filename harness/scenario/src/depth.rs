//! How deep a scenario's lists and mappings in brackets may nest: asked before the YAML reader sees them, whose time grows
//! with the square of it.

use crate::error::ScenarioProblem;
use crate::locate::Place;

/// Deepest nesting of `[` and `{`; a scenario has two.
const DEPTH_MAX: usize = 64;
/// Most of them in a file, whatever they mean: in quotes and comments too, which only the reader itself tells apart for
/// certain. A scenario has ten.
const BRACKETS_MAX: usize = 2000;
/// Longest file; a scenario has 1 kB.
pub(crate) const BYTES_MAX: u64 = 256 << 10;

/// The first bracket that is one too many, and what is wrong with it.
pub(crate) fn too_deep(yaml: &str) -> Option<(Place, ScenarioProblem)> {
    let mut place = Place { line: 1, column: 0 };
    let (mut depth, mut brackets) = (0_usize, 0);
    let mut quote = None;
    let mut before = '\n';
    for character in yaml.chars() {
        place.column += 1;
        if character == '\n' {
            place = Place { line: place.line + 1, column: 0 };
        }
        brackets += usize::from(matches!(character, '[' | '{'));
        match (quote, character) {
            (Some('"'), '"') if before == '\\' => {}
            (Some('#'), '\n') => quote = None,
            (Some(open), now) if open == now && open != '#' => quote = None,
            (Some(_), _) => {}
            // Within a word they mean nothing.
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(character),
            (None, '#') if before.is_whitespace() => quote = Some('#'),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        if depth > DEPTH_MAX || brackets > BRACKETS_MAX {
            let (found, wanted) = match depth > DEPTH_MAX {
                true => (format!("{depth} brackets within one another"), format!("at most {DEPTH_MAX}")),
                false => (format!("{brackets} opening brackets in one file"), format!("at most {BRACKETS_MAX}")),
            };
            return Some((place, ScenarioProblem::Wrong { found, wanted }));
        }
        // Two backslashes are one, and quote nothing.
        before = if before == '\\' && character == '\\' { ' ' } else { character };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(yaml: &str) -> Option<(usize, usize, String)> {
        too_deep(yaml).map(|(place, problem)| (place.line, place.column, problem.to_string()))
    }

    #[test]
    fn brackets_are_counted_outside_quotes_and_comments() {
        let deep = "[".repeat(65);
        let found = at(&format!("a: 1\nb: {deep}")).unwrap();
        assert_eq!((found.0, found.1), (2, 68));
        assert!(found.2.contains("65 brackets within one another") && found.2.contains("at most 64"), "{}", found.2);
        assert_eq!(at(&format!("b: {}{}", "[".repeat(64), "]".repeat(64))), None);
        assert_eq!(at(&"a: [1, {b: 2}]\n".repeat(500)), None);
        for harmless in [format!("a: \"\\\"{deep}\""), format!("a: '{deep}'"), format!("a: 1 # {deep}\n")] {
            assert_eq!(at(&harmless), None, "{harmless}");
        }
        // An apostrophe within a word hides nothing.
        assert!(at(&format!("a: it's\nb: {deep}")).is_some());
    }

    #[test]
    fn what_a_quote_hides_is_counted_all_the_same() {
        let hidden = format!("a: so 'it is\nb: {}", "[\"]\", ".repeat(3000));
        let (.., problem) = at(&hidden).unwrap();
        assert!(problem.contains("2001 opening brackets"), "{problem}");
    }
}
