//! Makes text of the target harmless: a class may be named with escape sequences that clear a screen, change a window's
//! title or reorder a line, and an address book may hold markup.

use std::borrow::Cow;
use std::fmt::Write as _;

pub use bloathound_vocabulary::json::is_hostile;
use unicode_width::UnicodeWidthChar;

/// `text` with every hostile character spelled out (`\x1b`, `\u{202e}`), and no more than two marks on one letter.
/// One line in, one line out: a line feed becomes `\n`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let mut marks = 0;
    let is_plain = text.chars().all(|c| {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        marks <= MARKS_MAX && !is_hostile(c)
    });
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut marks = 0;
    for c in text.chars() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if is_hostile(c) || marks > MARKS_MAX {
            spell_out(c, &mut clean);
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

/// Marks on one letter that real scripts need; more is a tower that covers the lines above.
const MARKS_MAX: u32 = 2;

fn is_mark(c: char) -> bool {
    c.width() == Some(0)
}

fn spell_out(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if (c as u32) < 0x100 => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c => {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
    }
}

/// Cells that `text` takes in a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Harmless and no wider than `cells`; what is cut off at the end shows as `…`.
#[must_use]
pub fn fit(text: &str, cells: usize) -> String {
    let clean = line(text);
    if width(&clean) <= cells {
        return clean.into_owned();
    }
    let mut cut = take(clean.chars(), cells.saturating_sub(1));
    if cells > 0 {
        cut.push('…');
    }
    cut
}

/// As [`fit`], but the beginning is cut off: of a path the end tells more.
#[must_use]
pub fn fit_end(text: &str, cells: usize) -> String {
    let clean = line(text);
    if width(&clean) <= cells {
        return clean.into_owned();
    }
    let kept: String = take(clean.chars().rev(), cells.saturating_sub(1));
    let mut cut = String::new();
    if cells > 0 {
        cut.push('…');
    }
    cut.extend(kept.chars().rev());
    cut
}

/// As [`fit`], but the middle is cut out: names differ at their beginning and at their end.
#[must_use]
pub fn fit_middle(text: &str, cells: usize) -> String {
    let clean = line(text);
    if width(&clean) <= cells {
        return clean.into_owned();
    }
    let kept = cells.saturating_sub(1);
    let mut cut = take(clean.chars(), kept - kept / 2);
    if cells > 0 {
        cut.push('…');
    }
    let end = take(clean.chars().rev(), kept / 2);
    cut.extend(end.chars().rev());
    cut
}

fn take(chars: impl Iterator<Item = char>, cells: usize) -> String {
    let mut used = 0;
    let mut taken = String::new();
    for c in chars {
        used += c.width().unwrap_or(0);
        if used > cells {
            break;
        }
        taken.push(c);
    }
    taken
}

/// Harmless, broken into lines of at most `cells` at spaces; a longer word is broken where it must be. Never more than
/// `lines_max` lines, the last one then ends in `…`.
#[must_use]
pub fn wrap(text: &str, cells: usize, lines_max: usize) -> Vec<String> {
    let clean = line(text);
    let cells = cells.max(8);
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    for word in clean.split(' ') {
        let mut word = word.to_owned();
        loop {
            let gap = usize::from(!current.is_empty());
            if width(&current) + gap + width(&word) <= cells {
                if gap == 1 {
                    current.push(' ');
                }
                current.push_str(&word);
                break;
            }
            if current.is_empty() {
                let piece = take(word.chars(), cells);
                word = word[piece.len()..].to_owned();
                lines.push(piece);
            } else {
                lines.push(std::mem::take(&mut current));
            }
        }
    }
    if !current.is_empty() || lines.is_empty() {
        lines.push(current);
    }
    if lines.len() > lines_max.max(1) {
        lines.truncate(lines_max.max(1));
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last}……"), cells.min(width(last) + 1));
        }
    }
    lines
}

/// Quoted where a shell would not take it as one plain word.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// For text and attribute values in HTML, SVG and XML: harmless, and markup spelled out.
#[must_use]
pub fn markup(text: &str) -> String {
    let clean = line(text);
    let mut escaped = String::with_capacity(clean.len() + 16);
    for c in clean.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// For a string in double quotes in a DOT file: harmless, with `\` and `"` escaped, so that no `\n`, `\N` or `\G` of
/// the target is read as graphviz's own.
#[must_use]
pub fn dot(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_are_spelled_out() {
        assert_eq!(line("A\x1b[2J\x1b]0;owned\x07B"), "A\\x1b[2J\\x1b]0;owned\\x07B");
        assert_eq!(line("one-byte \u{9b}31m CSI"), "one-byte \\x9b31m CSI");
        assert_eq!(line("a\nb\tc\r"), "a\\nb\\tc\\r");
        assert_eq!(line("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert!(matches!(line("DBModel → _field_cache"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_tower_of_marks_is_taken_down_and_an_accent_stays() {
        assert_eq!(line("e\u{301}te"), "e\u{301}te");
        let tower = format!("e{}", "\u{301}".repeat(50));
        assert!(line(&tower).contains("\\u{301}"));
    }

    #[test]
    fn cutting_keeps_within_the_cells() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit_end("abcdef", 4), "…def");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("表表表", 4), "表…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_long_words_where_it_must() {
        assert_eq!(wrap("aaa bbb ccc ddd", 8, 9), ["aaa bbb", "ccc ddd"]);
        assert_eq!(wrap("abcdefghijkl", 8, 9), ["abcdefgh", "ijkl"]);
        let cut = wrap("aaaa bbbb cccc dddd eeee", 9, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'), "{cut:?}");
        assert_eq!(wrap("", 10, 3), [""]);
    }

    #[test]
    fn markup_is_spelled_out() {
        assert_eq!(
            markup("<script>alert('1')</script>&\"\x1b"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\\x1b"
        );
        assert_eq!(dot("a\"];\\N"), "a\\\"];\\\\N");
    }

    proptest! {
        #[test]
        fn nothing_hostile_gets_through(text in any::<String>(), cells in 0usize..60) {
            for out in [line(&text).into_owned(), fit(&text, cells), fit_end(&text, cells), markup(&text), dot(&text)] {
                prop_assert!(!out.chars().any(is_hostile));
            }
            prop_assert!(width(&fit(&text, cells)) <= cells);
            prop_assert!(width(&fit_end(&text, cells)) <= cells);
            for row in wrap(&text, cells, 5) {
                prop_assert!(width(&row) <= cells.max(8), "{row:?}");
                prop_assert!(!row.chars().any(is_hostile));
            }
            prop_assert!(wrap(&text, cells, 5).len() <= 5);
        }
    }
}
