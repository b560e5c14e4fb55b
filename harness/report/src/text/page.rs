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

#[cfg(test)]
mod tests {
    use super::*;

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
