//! Letters for a picture made of dots: outlines of DejaVu Sans Mono, filled in shades by `ab_glyph`.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, point};

use crate::sanitize;

/// Of the font's letters those of Latin, Greek and Cyrillic; its licence stands beside it.
const FONT: &[u8] = include_bytes!("DejaVuSansMono.ttf");
/// What stands for a letter that the font has not.
const UNKNOWN: char = '\u{fffd}';
/// Shades from nothing to a whole dot: more of them can't be told apart, and a palette has 256 colours.
pub(super) const SHADES: u8 = 15;

/// A font that can be drawn with.
pub(super) struct Letters(FontRef<'static>);

/// How large letters are, and where the first one stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The left edge of the first letter.
    pub(super) x: u32,
    /// The line that letters stand on.
    pub(super) base: u32,
    /// Size of the font in dots, as a browser takes `font-size`.
    pub(super) size: u32,
}

impl Letters {
    /// The font; none only if the file built in were damaged.
    pub(super) fn load() -> Option<Self> {
        FontRef::try_from_slice(FONT).ok().map(Self)
    }

    fn glyph(&self, letter: char) -> GlyphId {
        let found = self.0.glyph_id(letter);
        if found == GlyphId(0) { self.0.glyph_id(UNKNOWN) } else { found }
    }

    /// Says of each dot of `text` how much of it is covered, from 1 to [`SHADES`].
    pub(super) fn draw(&self, text: &str, place: Place, mut dot: impl FnMut(u32, u32, u8)) {
        let Some(units) = self.0.units_per_em() else { return };
        let scale = PxScale::from(place.size as f32 * self.0.height_unscaled() / units);
        let advance = self.0.h_advance_unscaled(self.glyph(' ')) / units * place.size as f32;
        let mut cells = 0;
        for letter in text.chars() {
            let x = place.x as f32 + cells as f32 * advance;
            cells += sanitize::width(letter.encode_utf8(&mut [0; 4]));
            let glyph = self.glyph(letter).with_scale_and_position(scale, point(x, place.base as f32));
            let Some(outline) = self.0.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|right, down, coverage| {
                let shade = (coverage.clamp(0.0, 1.0) * f32::from(SHADES)).round() as u8;
                // A letter that hangs out of the picture on the left or above is cut there.
                let at = |corner: f32, offset: u32| u32::try_from(corner as i64 + i64::from(offset)).ok();
                if let (true, Some(x), Some(y)) = (shade > 0, at(corner.x, right), at(corner.y, down)) {
                    dot(x, y, shade);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn drawn(text: &str) -> BTreeSet<(u32, u32, u8)> {
        let mut dots = BTreeSet::new();
        Letters::load().unwrap().draw(text, Place { x: 10, base: 30, size: 18 }, |x, y, shade| {
            dots.insert((x, y, shade));
        });
        dots
    }

    #[test]
    fn letters_are_told_apart_and_stand_on_their_line() {
        let all: Vec<_> = ('!'..='~').chain("äéß…→·λЖ".chars()).map(|letter| drawn(&letter.to_string())).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|dots| dots.len() > 3));
        let x = drawn("x");
        assert_eq!(x.iter().map(|(_, y, _)| *y).max(), Some(29), "{x:?}");
        assert!(drawn("p").iter().any(|(_, y, _)| *y > 30), "a descender goes below it");
    }

    #[test]
    fn each_letter_has_a_cell_and_what_the_font_has_not_is_drawn_as_such() {
        let of_both = drawn("ab");
        let right = of_both.iter().filter(|(x, ..)| *x >= 21).count();
        assert!(right > 10 && drawn("a").iter().all(|(x, ..)| *x < 21), "{of_both:?}");
        assert_eq!(drawn("\u{1f980}"), drawn("\u{fffd}"));
    }

    #[test]
    fn what_hangs_out_is_cut() {
        let mut least = u32::MAX;
        Letters::load().unwrap().draw("Ög", Place { x: 0, base: 4, size: 18 }, |_, y, _| least = least.min(y));
        assert_eq!(least, 0);
    }
}
