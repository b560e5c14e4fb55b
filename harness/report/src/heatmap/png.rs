//! A heat map as PNG: a palette of its colours, and of the shades of its letters.

use super::Colour;
use super::layout::{Drawing, Line, Rect};
use super::letters::{Letters, Place, SHADES};
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

    /// A line of text on the background.
    fn line(&mut self, line: &Line, letters: &Letters) {
        // Looked up once: a letter is some hundred dots.
        let background = self.palette[0];
        let shades: Vec<u8> = (0..=SHADES).map(|shade| self.number(mixed(background, line.colour, shade))).collect();
        let place = Place { x: line.x, base: line.base(), size: line.size() };
        letters.draw(&line.text, place, |x, y, shade| {
            let inside = x < self.width && y < self.height;
            let dot = self.dots.get_mut(y as usize * self.width as usize + x as usize).filter(|_| inside);
            if let Some((dot, shade)) = dot.zip(shades.get(usize::from(shade))) {
                *dot = *shade;
            }
        });
    }
}

/// So much of the way from one colour to the other.
fn mixed(from: Colour, to: Colour, shade: u8) -> Colour {
    let part = |(from, to): (u8, u8)| {
        let (shade, all) = (u32::from(shade), u32::from(SHADES));
        ((u32::from(from) * (all - shade) + u32::from(to) * shade) / all) as u8
    };
    [0, 1, 2].map(|channel| part((from[channel], to[channel])))
}

pub(crate) fn draw(drawing: &Drawing) -> Result<Vec<u8>, ReportError> {
    let dots = vec![0; drawing.width as usize * drawing.height as usize];
    let mut canvas = Canvas { width: drawing.width, height: drawing.height, dots, palette: vec![drawing.background] };
    for rect in &drawing.rects {
        canvas.rect(*rect);
    }
    // The font is built in: without it there would still be a picture.
    if let Some(letters) = Letters::load() {
        drawing.lines.iter().for_each(|line| canvas.line(line, &letters));
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
