//! A heat map as PNG: a palette of its colours and letters drawn dot by dot.

use super::Colour;
use super::font::{GLYPH_HEIGHT, GLYPH_WIDTH, glyph};
use super::layout::{Drawing, Line, Rect};
use crate::ReportError;

struct Canvas {
    width: u32,
    height: u32,
    /// A palette number a dot, row by row.
    dots: Vec<u8>,
    palette: Vec<Colour>,
}

impl Canvas {
    /// The number of a colour; there are far fewer than 256.
    fn number(&mut self, colour: Colour) -> u8 {
        let found = self.palette.iter().position(|have| *have == colour);
        let number = found.unwrap_or_else(|| {
            self.palette.push(colour);
            self.palette.len() - 1
        });
        number as u8
    }

    fn rect(&mut self, rect: Rect) {
        let number = self.number(rect.colour);
        let right = rect.x.saturating_add(rect.width).min(self.width);
        for y in rect.y..rect.y.saturating_add(rect.height).min(self.height) {
            let row = y as usize * self.width as usize;
            if let Some(dots) = self.dots.get_mut(row + rect.x.min(right) as usize..row + right as usize) {
                dots.fill(number);
            }
        }
    }

    fn line(&mut self, line: &Line) {
        for (place, letter) in line.text.chars().enumerate() {
            let left = line.x + place as u32 * (GLYPH_WIDTH + 1) * line.scale;
            for (row, bits) in glyph(letter).into_iter().enumerate() {
                for column in (0..GLYPH_WIDTH).filter(|column| bits >> (GLYPH_WIDTH - 1 - column) & 1 == 1) {
                    self.rect(Rect {
                        x: left + column * line.scale,
                        y: line.y + row as u32 * line.scale,
                        width: line.scale,
                        height: line.scale,
                        colour: line.colour,
                    });
                }
            }
        }
    }
}

const _: () = assert!(GLYPH_HEIGHT == 8 && GLYPH_WIDTH == 5);

pub(crate) fn draw(drawing: &Drawing) -> Result<Vec<u8>, ReportError> {
    let dots = vec![0; drawing.width as usize * drawing.height as usize];
    let mut canvas = Canvas { width: drawing.width, height: drawing.height, dots, palette: vec![drawing.background] };
    for rect in &drawing.rects {
        canvas.rect(*rect);
    }
    for line in &drawing.lines {
        canvas.line(line);
    }
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, canvas.width, canvas.height);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_palette(canvas.palette.concat());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.dots)?;
    writer.finish()?;
    Ok(bytes)
}
