//! How wide what is printed may be, and whether it is cut at all.
//!
//! A command says once what its output goes to ([`set_page`]); whoever says nothing, as tests and files do, has a page of
//! 80 cells.

use std::cell::Cell;
use std::sync::OnceLock;

use crate::sanitize;

/// What a text is printed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Cells of a line. Text is wrapped to this, tables take no more.
    pub width: usize,
    /// Nobody looks at the lines as they are, as in a pipe: no name is cut and no table held back to the width.
    pub uncut: bool,
}

/// Lines that are narrower show nothing any more.
const WIDTH_MIN: usize = 60;
/// A line that is wider is not read any more.
const WIDTH_MAX: usize = 240;

impl Default for Page {
    fn default() -> Self {
        Self { width: 80, uncut: false }
    }
}

impl Page {
    /// A terminal of this many columns.
    #[must_use]
    pub fn of_columns(columns: usize) -> Self {
        Self { width: columns.clamp(WIDTH_MIN, WIDTH_MAX), uncut: false }
    }

    /// A pipe or a file: lines of text are 80 wide, and nothing is cut.
    #[must_use]
    pub fn pipe() -> Self {
        Self { uncut: true, ..Self::default() }
    }

    /// What `print` makes, on this page whatever the command's own is.
    pub fn printing<T>(self, print: impl FnOnce() -> T) -> T {
        let before = HERE.replace(Some(self));
        let made = print();
        HERE.set(before);
        made
    }
}

static COMMANDS: OnceLock<Page> = OnceLock::new();
thread_local! {
    static HERE: Cell<Option<Page>> = const { Cell::new(None) };
}

/// The page of all that this process prints from now on. Only the first call counts.
pub fn set_page(page: Page) {
    COMMANDS.get_or_init(|| page);
}

fn page() -> Page {
    HERE.get().or(COMMANDS.get().copied()).unwrap_or_default()
}

/// Cells of a line.
pub(crate) fn width() -> usize {
    page().width
}

/// Whether nothing is to be cut.
pub(super) fn is_uncut() -> bool {
    page().uncut
}

/// Harmless, and no wider than `cells` where the page cuts: the middle goes, as names differ at both ends.
pub(crate) fn fit(text: &str, cells: usize) -> String {
    if is_uncut() { sanitize::line(text).into_owned() } else { sanitize::fit_middle(text, cells) }
}

/// As [`fit`], for what says most at its end.
pub(super) fn fit_end(text: &str, cells: usize) -> String {
    if is_uncut() { sanitize::line(text).into_owned() } else { sanitize::fit_end(text, cells) }
}

/// Wrapped to `cells`; to at most `lines_max` lines where the page cuts.
pub(super) fn wrap(text: &str, cells: usize, lines_max: usize) -> Vec<String> {
    sanitize::wrap(text, cells, if is_uncut() { usize::MAX } else { lines_max })
}

/// A text column keeps at least this; where what stands before it leaves less, the text goes on near the margin.
const BESIDE_MIN: usize = 20;
/// How far in it then stands.
const BESIDE_INDENT: usize = 4;

/// A line that goes on under its own text where the page is narrower: `head` is what stands before that. One line where
/// nothing is cut.
#[must_use]
pub fn beside(head: &str, text: &str) -> String {
    let first = sanitize::line(head).into_owned();
    if is_uncut() {
        return format!("{}\n", format!("{first}{}", sanitize::line(text)).trim_end());
    }
    let taken = sanitize::width(&first);
    if width().saturating_sub(taken) >= BESIDE_MIN {
        let lines = sanitize::wrap(text, width() - taken, usize::MAX);
        let line = |(index, line): (usize, &String)| {
            let before = if index == 0 { first.clone() } else { " ".repeat(taken) };
            format!("{}\n", format!("{before}{line}").trim_end())
        };
        return lines.iter().enumerate().map(line).collect();
    }
    let below = sanitize::wrap(text, width() - BESIDE_INDENT, usize::MAX);
    let below: String = below.iter().map(|line| format!("{:BESIDE_INDENT$}{line}\n", "")).collect();
    format!("{}\n{below}", first.trim_end())
}

/// A text wrapped to the page where that is narrower than `most`, and to `most` elsewhere; it stands `indent` further in.
#[must_use]
pub fn prose(text: &str, indent: usize, most: usize) -> Vec<String> {
    sanitize::wrap(text, width().min(most).saturating_sub(indent), usize::MAX)
}

/// What says most at its end, in what is left of a line of which `taken` cells are used.
#[must_use]
pub fn ending(text: &str, taken: usize) -> String {
    fit_end(text, width().saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_under_its_text_and_is_one_in_a_pipe() {
        let text = "some words that are more than a narrow line has room for, and then some";
        let narrow = Page::of_columns(60);
        let shown = narrow.printing(|| beside("not seen: ", text));
        assert!(shown.starts_with("not seen: some words") && shown.lines().count() == 2, "{shown}");
        assert!(shown.lines().nth(1).is_some_and(|line| line.starts_with("          ")), "{shown}");
        let below = narrow.printing(|| beside(&"head ".repeat(10), text));
        assert!(below.lines().skip(1).all(|line| line.starts_with("    ") && sanitize::width(line) <= 60), "{below}");
        assert_eq!(Page::pipe().printing(|| beside("not seen: ", text)), format!("not seen: {text}\n"));
        assert_eq!(narrow.printing(|| ending("folder/file.py", 50)), "…r/file.py");
        assert_eq!(Page::pipe().printing(|| ending("folder/file.py", 79)), "folder/file.py");
        assert!(narrow.printing(|| prose(text, 2, 90)).iter().all(|line| sanitize::width(line) <= 58));
        assert_eq!(Page::of_columns(200).printing(|| prose(text, 2, 90)), [text]);
    }

    #[test]
    fn a_terminal_cuts_in_the_middle_and_a_pipe_not_at_all() {
        let name = format!("begin{}end", "-".repeat(200));
        let cut = Page::of_columns(100).printing(|| fit(&name, 20));
        assert!(cut.starts_with("begin") && cut.ends_with("end") && cut.contains('…'), "{cut}");
        assert_eq!(sanitize::width(&cut), 20);
        assert_eq!(Page::pipe().printing(|| fit(&name, 20)), name);
        assert_eq!((width(), Page::of_columns(7).width, Page::of_columns(100).width), (80, 60, 100));
        let words = "word ".repeat(400);
        assert!(Page::pipe().printing(|| wrap(&words, 80, 3)).len() > 20);
    }
}
