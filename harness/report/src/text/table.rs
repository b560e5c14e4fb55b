//! Tables that fit a terminal.

use super::page;
use super::style::Style;
use crate::sanitize;

/// How a column stands and which end is cut when the line is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    /// Numbers.
    Right,
    /// Words; never cut.
    Left,
    /// Words that take what is left of the line and lose their middle.
    Rest,
    /// Paths that take what is left of the line and lose their beginning.
    RestEnd,
    /// Words that take what is left of the line and go on in the next one; only as the last column.
    Prose,
}

/// A table with a header; at most one column takes the rest of the line.
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    indent: usize,
}

/// Cells between columns.
const GAP: usize = 2;
/// A column that takes the rest has at least this, even where the line then is longer.
const REST_MIN: usize = 12;
/// A column of words keeps at least this.
const WORD_MIN: usize = 8;
/// A column that takes no rest has at most this: a hostile name may not push the others off the line.
const CELL_MAX: usize = 30;
/// Prose has at most so many lines: a hostile text may not push all others off the screen.
const PROSE_LINES_MAX: usize = 8;

impl Table {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            columns: columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect(),
            rows: Vec::new(),
            indent: 2,
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// With no cell cut, unless a line then is wider than the page.
    pub(crate) fn render_if_it_fits(&self, style: Style) -> Option<String> {
        let widths: Vec<usize> = (0..self.columns.len()).map(|index| self.natural(index)).collect();
        let gaps = GAP * self.columns.len().saturating_sub(1) + self.indent;
        let fits = page::is_uncut() || widths.iter().sum::<usize>() + gaps <= page::width();
        fits.then(|| self.rendered(style, &widths))
    }

    pub(crate) fn render(&self, style: Style) -> String {
        self.rendered(style, &self.widths())
    }

    fn rendered(&self, style: Style, widths: &[usize]) -> String {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut out = style.dim(&self.line(&header, widths));
        out.push('\n');
        for row in &self.rows {
            for line in self.lines(row, widths) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        out
    }

    /// Cells of a column whose widest cell is whole.
    fn natural(&self, index: usize) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(index))
            .map(|cell| sanitize::width(&sanitize::line(cell)))
            .chain([sanitize::width(&self.columns[index].0)])
            .max()
            .unwrap_or(0)
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|index| self.natural(index)).collect();
        if page::is_uncut() {
            return widths;
        }
        let takes_rest = |align: Align| matches!(align, Align::Rest | Align::RestEnd | Align::Prose);
        for ((_, align), width) in self.columns.iter().zip(&mut widths) {
            if !takes_rest(*align) {
                *width = (*width).min(CELL_MAX);
            }
        }
        if let Some(rest) = self.columns.iter().position(|(_, align)| takes_rest(*align)) {
            let others: usize = widths.iter().sum::<usize>() - widths[rest];
            let gaps = GAP * (self.columns.len() - 1) + self.indent;
            let room = page::width().saturating_sub(others + gaps).max(REST_MIN);
            widths[rest] = widths[rest].min(room);
        }
        self.shrink(&mut widths);
        widths
    }

    /// Takes from the widest columns of words what the line has too many of.
    fn shrink(&self, widths: &mut [usize]) {
        let gaps = GAP * self.columns.len().saturating_sub(1) + self.indent;
        while widths.iter().sum::<usize>() + gaps > page::width() {
            let words = self.columns.iter().zip(widths.iter_mut()).filter(|((_, align), _)| *align == Align::Left);
            match words.map(|(_, width)| width).filter(|width| **width > WORD_MIN).max() {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
    }

    /// A row, with the lines that its prose goes on in.
    fn lines(&self, cells: &[String], widths: &[usize]) -> Vec<String> {
        let last = self.columns.len().saturating_sub(1);
        let is_prose = self.columns.get(last).is_some_and(|(_, align)| *align == Align::Prose);
        let (Some(text), Some(width)) = (cells.get(last).filter(|_| is_prose), widths.get(last)) else {
            return vec![self.line(cells, widths)];
        };
        let pieces = page::wrap(text, *width, PROSE_LINES_MAX);
        let row = |(index, piece): (usize, String)| {
            let mut row = if index == 0 { cells.to_vec() } else { vec![String::new(); cells.len()] };
            row[last] = piece;
            self.line(&row, widths)
        };
        pieces.into_iter().enumerate().map(row).collect()
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = " ".repeat(self.indent);
        for (index, ((_, align), width)) in self.columns.iter().zip(widths).enumerate() {
            let cell = cells.get(index).map_or("", String::as_str);
            let cell = match align {
                Align::RestEnd => page::fit_end(cell, *width),
                _ => page::fit(cell, *width),
            };
            let padding = " ".repeat(width.saturating_sub(sanitize::width(&cell)));
            if index > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            match align {
                Align::Right => line.extend([padding, cell]),
                _ => line.extend([cell, padding]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// `label` in a column of `label_width`, then the text wrapped beside it to at most `lines_max` lines.
pub(crate) fn labelled(label: &str, label_width: usize, text: &str, lines_max: usize) -> String {
    labelled_at(2, label, label_width, text, lines_max)
}

/// As [`labelled`], further in.
pub(crate) fn labelled_at(indent: usize, label: &str, label_width: usize, text: &str, lines_max: usize) -> String {
    let room = page::width().saturating_sub(indent + label_width + GAP).max(20);
    let mut out = String::new();
    for (index, line) in page::wrap(text, room, lines_max).iter().enumerate() {
        let shown = if index == 0 { label } else { "" };
        let row = format!("{:indent$}{shown:<label_width$}  {line}", "");
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_row_is_wider_than_a_line_whatever_the_names(
            rows in proptest::collection::vec((any::<String>(), any::<u64>(), any::<String>()), 0..6)
        ) {
            let mut table = Table::new(&[("a", Align::Left), ("n", Align::Right), ("b", Align::RestEnd)]);
            for (one, number, two) in rows {
                table.row(vec![one, number.to_string(), two]);
            }
            for line in table.render(Style::new(false)).lines() {
                prop_assert!(sanitize::width(line) <= page::width(), "{line:?}");
                prop_assert!(!line.chars().any(sanitize::is_hostile));
            }
        }
    }

    #[test]
    fn prose_goes_on_below_itself_and_a_table_that_fits_is_whole() {
        let mut table = Table::new(&[("name", Align::Left), ("title", Align::Prose)]);
        table.row(vec!["one".to_owned(), "some words ".repeat(10)]);
        table.row(vec!["two".to_owned(), "short".to_owned()]);
        assert_eq!(table.render_if_it_fits(Style::new(false)), None);
        let text = table.render(Style::new(false));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("  one   some words") && lines[2].starts_with("        "), "{text}");
        assert!(lines.contains(&"  two   short") && !text.contains('…'), "{text}");
        let long = "a-name-of-more-cells-than-a-column-of-words-keeps";
        let mut table = Table::new(&[("name", Align::Left), ("title", Align::Rest)]);
        table.row(vec![long.to_owned(), "short".to_owned()]);
        assert!(table.render_if_it_fits(Style::new(false)).unwrap().contains(long));
    }

    #[test]
    fn paths_lose_their_beginning_and_numbers_stand_right() {
        let mut table = Table::new(&[("n", Align::Right), ("path", Align::RestEnd)]);
        table.row(vec!["7".to_owned(), format!("start{}end", "-".repeat(100))]);
        table.row(vec!["12 345".to_owned(), "short".to_owned()]);
        let text = table.render(Style::new(false));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "  12 345  short");
        assert!(lines[1].starts_with("       7  …---") && lines[1].ends_with("end"));
        assert_eq!(sanitize::width(lines[1]), page::width());
    }
}
