//! Where everything of a heat map goes: a list of rectangles and lines of text that both drawings follow.

use std::collections::BTreeMap;

use bloathound_vocabulary::{
    CELL_BYTES, CELLS_PER_ROW, GROUPS_MAX, HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind,
};

use super::{BACKGROUND, Colour, PLAIN, TEXT, TEXT_DIM, as_drawn, colour, legend};
use crate::{sanitize, units};

/// A filled rectangle, in dots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    pub colour: Colour,
}

/// A line of text; `x` and `y` are its upper left corner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub x: u32,
    pub y: u32,
    /// How large its letters are: one has room for 6 times as many dots across, and 8 times down.
    pub scale: u32,
    pub colour: Colour,
    pub text: String,
}

impl Line {
    /// The line that its letters stand on.
    pub(crate) fn base(&self) -> u32 {
        self.y + 7 * self.scale
    }

    /// Size of its font. Letters of a monospaced font are 0.6 of it wide.
    pub(crate) fn size(&self) -> u32 {
        self.scale * 9
    }
}

/// A picture laid out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Drawing {
    pub width: u32,
    pub height: u32,
    pub background: Colour,
    pub rects: Vec<Rect>,
    pub lines: Vec<Line>,
    /// Who is where a colour is, as the legend has it.
    pub names: BTreeMap<Colour, String>,
}

/// Characters of a title; a longer one makes a wide picture and tells no more.
const TITLE_CELLS: usize = 90;
const MARGIN: u32 = 24;
const COLUMN_GAP: u32 = 12;
const SECTION_GAP: u32 = 28;
const PANEL_GAP: u32 = 56;
/// Dots that a column of rows may be high.
const MAP_HEIGHT_MAX: u32 = 840;
/// Dots that all columns may be wide, gaps included.
const MAPS_WIDTH_MAX: u32 = 1800;
const WIDTH_MIN: u32 = 1040;
const TITLE_SCALE: u32 = 3;
const TEXT_SCALE: u32 = 2;
const LINE_HEIGHT: u32 = 24;
const SWATCH: u32 = 14;
/// Characters of a legend entry's name.
const NAME_CELLS: usize = 60;
/// Characters of a figure and its gap.
const FIGURE_CELLS: u32 = 18;

/// Widths of a cell and heights of a row to choose from, large to small.
const SCALES: [(u32, u32); 10] = [(2, 10), (2, 8), (2, 6), (2, 5), (2, 4), (1, 5), (1, 4), (1, 3), (1, 2), (1, 1)];

fn text_width(text: &str, scale: u32) -> u32 {
    sanitize::width(text) as u32 * 6 * scale
}

/// Rows of a panel that stand together.
struct Section<'a> {
    name: &'static str,
    rows: Vec<&'a HeatRow>,
}

fn sections(panel: &HeatPanel) -> Vec<Section<'_>> {
    let rows = |is_wanted: fn(HeatRowKind) -> bool| panel.rows.iter().filter(move |row| is_wanted(row.kind)).collect();
    let all = [
        Section { name: "arenas", rows: rows(|kind| kind == HeatRowKind::Arena) },
        Section { name: "C heap", rows: rows(|kind| !matches!(kind, HeatRowKind::Arena | HeatRowKind::Addresses)) },
        Section { name: "addresses of objects", rows: rows(|kind| kind == HeatRowKind::Addresses) },
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// How large everything is drawn.
#[derive(Clone, Copy)]
struct Scale {
    cell_width: u32,
    pitch: u32,
    /// Only one row in so many is drawn.
    every: usize,
}

impl Scale {
    fn rows_per_column(self) -> usize {
        (MAP_HEIGHT_MAX / self.pitch) as usize
    }

    fn columns(self, rows: usize) -> u32 {
        rows.div_ceil(self.every).div_ceil(self.rows_per_column()) as u32
    }

    fn column_width(self) -> u32 {
        CELLS_PER_ROW as u32 * self.cell_width
    }

    fn section_width(self, rows: usize) -> u32 {
        let columns = self.columns(rows).max(1);
        columns * self.column_width() + (columns - 1) * COLUMN_GAP
    }

    fn panel_width(self, sections: &[Section<'_>]) -> u32 {
        let widths: u32 = sections.iter().map(|section| self.section_width(section.rows.len())).sum();
        widths + (sections.len().max(1) as u32 - 1) * SECTION_GAP
    }
}

fn choose_scale(panels: &[Vec<Section<'_>>]) -> Scale {
    let width = |scale: Scale| -> u32 {
        let widths: u32 = panels.iter().map(|sections| scale.panel_width(sections)).sum();
        widths + (panels.len().max(1) as u32 - 1) * PANEL_GAP
    };
    let fitting = SCALES
        .into_iter()
        .map(|(cell_width, pitch)| Scale { cell_width, pitch, every: 1 })
        .find(|scale| width(*scale) <= MAPS_WIDTH_MAX);
    fitting.unwrap_or_else(|| {
        let rows: usize = panels.iter().flatten().map(|section| section.rows.len()).sum();
        (2..=rows.max(2))
            .map(|every| Scale { cell_width: 1, pitch: 1, every })
            .find(|scale| width(*scale) <= MAPS_WIDTH_MAX)
            .unwrap_or(Scale { cell_width: 1, pitch: 1, every: rows.max(1) })
    })
}

/// Lays a picture out.
pub(crate) fn lay_out(map: &HeatMap) -> Drawing {
    let panels: Vec<Vec<Section<'_>>> = map.panels.iter().map(sections).collect();
    let scale = choose_scale(&panels);
    let mut drawing = Drawing {
        width: WIDTH_MIN,
        height: 0,
        background: BACKGROUND,
        rects: Vec::new(),
        lines: Vec::new(),
        names: BTreeMap::new(),
    };
    drawing.line(MARGIN, MARGIN, TITLE_SCALE, TEXT, sanitize::fit(&map.title, TITLE_CELLS));
    let mut x = MARGIN;
    let top = MARGIN + 44;
    let mut bottom = top;
    for (panel, sections) in map.panels.iter().zip(&panels) {
        let title = sanitize::fit(&panel.title, TITLE_CELLS);
        drawing.line(x, top, TEXT_SCALE, TEXT, title.clone());
        let mut section_x = x;
        for section in sections {
            let end = drawing.section(section, scale, section_x, top + LINE_HEIGHT + 4);
            bottom = bottom.max(end);
            section_x += scale.section_width(section.rows.len()) + SECTION_GAP;
        }
        let title_end = x + text_width(&title, TEXT_SCALE);
        x = (x + scale.panel_width(sections)).max(title_end) + PANEL_GAP;
    }
    drawing.width = drawing.width.max((x + MARGIN).saturating_sub(PANEL_GAP));
    let end = drawing.legend(map, bottom + SECTION_GAP);
    let note = note(scale);
    drawing.line(MARGIN, end + 8, TEXT_SCALE, TEXT_DIM, note);
    drawing.height = end + 8 + LINE_HEIGHT + MARGIN;
    drawing.fit_lines();
    drawing
}

fn note(scale: Scale) -> String {
    let mut note = "A row is 256 KiB, a dot across is 1 KiB, rows are in order of address.".to_owned();
    if scale.cell_width > 1 {
        note = "A row is 256 KiB, a cell is 1 KiB, rows are in order of address.".to_owned();
    }
    note.push_str(" A cell with any of a group is of its colour.");
    if scale.every > 1 {
        note = format!("{note} One row in {} is drawn.", scale.every);
    }
    note
}

impl Drawing {
    fn line(&mut self, x: u32, y: u32, scale: u32, colour: Colour, text: String) {
        self.lines.push(Line { x, y, scale, colour, text });
    }

    /// Makes room for lines that are too long for the picture.
    fn fit_lines(&mut self) {
        let needed = self.lines.iter().map(|line| line.x + text_width(&line.text, line.scale) + MARGIN).max();
        // A hostile title does not make a picture of a million dots.
        self.width = self.width.max(needed.unwrap_or(0)).min(2 * MAPS_WIDTH_MAX);
    }

    fn section(&mut self, section: &Section<'_>, scale: Scale, x: u32, y: u32) -> u32 {
        let bytes = units::bytes(section.rows.len() as u64 * CELLS_PER_ROW as u64 * CELL_BYTES);
        self.line(x, y, TEXT_SCALE, TEXT_DIM, format!("{}, {bytes}", section.name));
        let top = y + LINE_HEIGHT;
        let height = if scale.pitch >= 3 { scale.pitch - 1 } else { scale.pitch };
        let mut bottom = top;
        for (index, row) in section.rows.iter().step_by(scale.every).enumerate() {
            let column = (index / scale.rows_per_column()) as u32;
            let row_y = top + (index % scale.rows_per_column()) as u32 * scale.pitch;
            let row_x = x + column * (scale.column_width() + COLUMN_GAP);
            self.row(row, scale.cell_width, row_x, row_y, height);
            bottom = bottom.max(row_y + scale.pitch);
        }
        bottom
    }

    fn row(&mut self, row: &HeatRow, cell_width: u32, x: u32, y: u32, height: u32) {
        let cells: Vec<HeatCell> = row.cells.iter().take(CELLS_PER_ROW).map(|cell| as_drawn(*cell)).collect();
        let mut at = x;
        for run in cells.chunk_by(|a, b| a == b) {
            let width = run.len() as u32 * cell_width;
            if let Some(cell) = run.first().filter(|cell| **cell != HeatCell::Nothing) {
                self.rects.push(Rect { x: at, y, width, height, colour: colour(*cell) });
            }
            at += width;
        }
    }

    fn legend(&mut self, map: &HeatMap, y: u32) -> u32 {
        let drawn: Vec<(HeatCell, String)> = map
            .groups
            .iter()
            .take(GROUPS_MAX)
            .zip(0_u8..)
            .map(|(name, number)| (HeatCell::Group(number), format!("live: {}", sanitize::line(name))))
            .chain(PLAIN.map(|cell| (cell, legend(cell).to_owned())))
            .collect();
        let figures_x = MARGIN + SWATCH + 10 + (NAME_CELLS as u32 + 2) * 6 * TEXT_SCALE;
        let figure_x = |panel: usize| figures_x + panel as u32 * FIGURE_CELLS * 6 * TEXT_SCALE;
        let mut row_y = y;
        if map.panels.len() > 1 {
            for (number, panel) in map.panels.iter().enumerate() {
                let title = sanitize::fit(&sanitize::line(&panel.title), FIGURE_CELLS as usize - 1);
                self.line(figure_x(number), row_y, TEXT_SCALE, TEXT_DIM, title);
            }
            row_y += LINE_HEIGHT;
        }
        for (cell, name) in drawn {
            let bytes: Vec<u64> = map.panels.iter().map(|panel| bytes_of(panel, cell)).collect();
            if cell == HeatCell::Nothing || (bytes.iter().all(|b| *b == 0) && !matches!(cell, HeatCell::Group(_))) {
                continue;
            }
            let swatch = Rect { x: MARGIN, y: row_y, width: SWATCH, height: SWATCH, colour: colour(cell) };
            self.rects.push(swatch);
            let name = sanitize::fit(&name, NAME_CELLS);
            self.names.entry(swatch.colour).or_insert_with(|| name.clone());
            self.line(MARGIN + SWATCH + 10, row_y, TEXT_SCALE, TEXT, name);
            for (number, bytes) in bytes.into_iter().enumerate() {
                let figure = if bytes == 0 { "-".to_owned() } else { units::bytes(bytes) };
                self.line(figure_x(number), row_y, TEXT_SCALE, TEXT, figure);
            }
            row_y += LINE_HEIGHT;
        }
        row_y
    }
}

/// Bytes of the cells of one colour.
fn bytes_of(panel: &HeatPanel, cell: HeatCell) -> u64 {
    let cells = panel.rows.iter().flat_map(|row| row.cells.iter().take(CELLS_PER_ROW));
    cells.filter(|other| as_drawn(**other) == cell).count() as u64 * CELL_BYTES
}
