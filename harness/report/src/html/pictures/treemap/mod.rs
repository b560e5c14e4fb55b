//! Who keeps how much alive, as a treemap that one descends into: each level is a part of the page and each tile a link
//! to its level, so that clicks, the keyboard, the way back and a link to a level work where nothing runs.

mod squarify;

use bloathound_vocabulary::RetainedTile;
use maud::{Markup, html};

use self::squarify::{Area, squarify};
use super::super::shown::{short, short_path};
use crate::{sanitize, units};

/// The picture's proportions while it is laid out; it is drawn as wide as the page.
const WHOLE: Area = Area { x: 0.0, y: 0.0, width: 1000.0, height: 460.0 };
/// Levels that can be opened; each has its own picture in the page.
const LEVELS_MAX: usize = 30;
/// Tiles drawn inside a tile, to show what it is made of.
const INNER_MAX: usize = 7;
/// How wide the picture is at least on an ordinary page, and on a narrow one (`.roomy` in the style), pixels.
const PAGE: f64 = 750.0;
const NARROW: f64 = 350.0;
/// Width of a bold letter, and where a tile's text begins.
const LETTER: f64 = 7.4;
const TEXT_X: f64 = 7.0;
/// Letters of a name below which it tells nothing.
const LETTERS_MIN: usize = 3;

/// A tile that can be opened, with the levels above it.
struct Level<'t> {
    tile: &'t RetainedTile,
    above: Option<usize>,
}

/// The picture; nothing where nothing is held.
pub(crate) fn treemap(whole: &RetainedTile) -> Markup {
    let levels = levels(whole);
    if whole.tiles.is_empty() {
        return html! {};
    }
    html! {
        figure class="treemap" {
            figcaption { "A tile is as large as what would be freed with it. Open one to see what it keeps alive." }
            @for (number, level) in levels.iter().enumerate() {
                div class=(if number == 0 { "level first" } else { "level" }) id=(anchor(number)) {
                    (way(&levels, number))
                    svg width="100%" height="100%" role="group" aria-label=(sanitize::fit(&format!("What {} keeps alive", called(level.tile)), 120)) {
                        (tiles(&levels, number, whole.retained_bytes))
                    }
                }
            }
        }
    }
}

/// All tiles that can be opened, largest first after the whole, none before the one it is in.
fn levels(whole: &RetainedTile) -> Vec<Level<'_>> {
    let mut levels = vec![Level { tile: whole, above: None }];
    let mut waiting: Vec<(u64, usize, &RetainedTile)> = Vec::new();
    let mut at = 0;
    while levels.len() < LEVELS_MAX {
        let inside = levels[at].tile.tiles.iter().filter(|tile| !tile.tiles.is_empty());
        waiting.extend(inside.map(|tile| (tile.retained_bytes, at, tile)));
        let largest = (0..waiting.len()).max_by_key(|index| (waiting[*index].0, std::cmp::Reverse(*index)));
        let Some(largest) = largest else { break };
        let (_, above, tile) = waiting.remove(largest);
        levels.push(Level { tile, above: Some(above) });
        at = levels.len() - 1;
    }
    levels
}

fn anchor(level: usize) -> String {
    format!("level-{level}")
}

/// The levels above, each a link: `the heap › module model › _field_cache`.
fn way(levels: &[Level<'_>], number: usize) -> Markup {
    let mut above: Vec<usize> = std::iter::successors(Some(number), |at| levels[*at].above).collect();
    above.reverse();
    let tile = levels[number].tile;
    html! {
        p class="way" {
            @for at in &above {
                @if *at == number { strong { (short(&called(tile))) } }
                @else { a href={ "#" (anchor(*at)) } { (short(&called(levels[*at].tile))) } " › " }
            }
            span class="dim" { " " (units::bytes(tile.retained_bytes)) @if !tile.path.is_empty() { ", " (short_path(&tile.path)) } }
        }
    }
}

/// `_field_cache`, `1000 model.Attendee`.
fn called(tile: &RetainedTile) -> String {
    match (tile.objects, tile.name.is_empty()) {
        (0 | 1, true) => tile.type_name.clone(),
        (_, false) => tile.name.clone(),
        (objects, true) => format!("{} {}", units::count(objects), tile.type_name),
    }
}

fn tiles(levels: &[Level<'_>], number: usize, heap_bytes: u64) -> Markup {
    let of = levels[number].tile;
    let sizes: Vec<u64> = of.tiles.iter().map(|tile| tile.retained_bytes).collect();
    let places = squarify(&sizes, of.retained_bytes, WHOLE);
    html! {
        rect class="own" width="100%" height="100%" { title { "its own, " (units::bytes(of.own_bytes)) } }
        @for (index, (tile, area)) in of.tiles.iter().zip(places).enumerate() {
            @let opens = levels.iter().position(|level| std::ptr::eq(level.tile, tile));
            @if let Some(level) = opens {
                a href={ "#" (anchor(level)) } aria-label=(sanitize::fit(&spoken(tile, heap_bytes), 160)) { (drawn(tile, area, index, heap_bytes)) }
            } @else { (drawn(tile, area, index, heap_bytes)) }
        }
    }
}

fn percent(part: f64, whole: f64) -> String {
    format!("{:.2}%", part / whole * 100.0)
}

fn spoken(tile: &RetainedTile, heap_bytes: u64) -> String {
    let kind = if tile.name.is_empty() || tile.type_name.is_empty() {
        String::new()
    } else {
        format!(" ({})", tile.type_name)
    };
    format!(
        "{}{kind}: {}, {} % of the heap",
        called(tile),
        units::bytes(tile.retained_bytes),
        units::percent(tile.retained_bytes, heap_bytes)
    )
}

fn drawn(tile: &RetainedTile, area: Area, index: usize, heap_bytes: u64) -> Markup {
    let shares = (area.width / WHOLE.width, area.height / WHOLE.height);
    let sizes: Vec<u64> = tile.tiles.iter().take(INNER_MAX).map(|inner| inner.retained_bytes).collect();
    let inner = squarify(&sizes, tile.retained_bytes, Area { x: 0.0, y: 0.0, ..area });
    html! {
        svg x=(percent(area.x, WHOLE.width)) y=(percent(area.y, WHOLE.height))
            width=(percent(area.width, WHOLE.width)) height=(percent(area.height, WHOLE.height)) {
            title { (short(&spoken(tile, heap_bytes))) }
            rect class={ "tile s" (index % 8) } width="100%" height="100%" {}
            @if shares.0 * shares.1 > 0.03 {
                @for one in inner {
                    rect class="inner" x=(percent(one.x, area.width)) y=(percent(one.y, area.height))
                        width=(percent(one.width, area.width)) height=(percent(one.height, area.height)) {}
                }
            }
            @if shares.1 > 0.05 { (written(&called(tile), "name", 18, shares.0)) }
            @if shares.1 > 0.1 {
                @let size = format!("{}, {} %", units::bytes(tile.retained_bytes), units::percent(tile.retained_bytes, heap_bytes));
                @if sanitize::width(&size) <= room(shares.0, PAGE) { (written(&size, "size", 35, shares.0)) }
            }
        }
    }
}

/// Letters that have room across a tile of that share of a picture.
fn room(share: f64, picture: f64) -> usize {
    ((share * picture - 2.0 * TEXT_X) / LETTER).max(0.0) as usize
}

/// A line of a tile, cut where the tile ends; on a narrow page it is there only where all of it has room.
fn written(text: &str, class: &str, y: u32, share: f64) -> Markup {
    let room_here = room(share, PAGE);
    if room_here < LETTERS_MIN {
        return html! {};
    }
    let text = sanitize::fit(text, room_here);
    let class = if sanitize::width(&text) <= room(share, NARROW) { class.to_owned() } else { format!("{class} roomy") };
    html! { text class=(class) x=(TEXT_X) y=(y) { (short(&text)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(name: &str, bytes: u64, tiles: Vec<RetainedTile>) -> RetainedTile {
        RetainedTile {
            name: name.to_owned(),
            type_name: "dict".to_owned(),
            objects: 1,
            retained_bytes: bytes,
            tiles,
            ..RetainedTile::default()
        }
    }

    fn sample() -> RetainedTile {
        let cache = tile("_field_cache", 700, vec![tile("key", 690, Vec::new())]);
        tile("the heap", 1000, vec![tile("module model", 800, vec![cache]), tile("module os", 100, Vec::new())])
    }

    #[test]
    fn each_tile_that_holds_something_leads_to_its_level_and_back() {
        let html = treemap(&sample()).into_string();
        assert_eq!(html.matches("<div class=\"level").count(), 3, "{html}");
        let second = html.split("id=\"level-2\"").nth(1).unwrap();
        assert!(
            second.contains("<a href=\"#level-0\">the heap</a> › <a href=\"#level-1\">module model</a>"),
            "{second}"
        );
        assert!(html.contains("_field_cache (dict): 700 B, 70 % of the heap"), "{html}");
    }

    #[test]
    fn a_name_is_cut_where_its_tile_ends_and_left_out_of_a_narrow_page() {
        let wide = written("_field_cache", "name", 18, 0.5).into_string();
        assert!(wide.contains("class=\"name\"") && wide.contains(">_field_cache<"), "{wide}");
        let narrow = written("_field_cache", "name", 18, 0.2).into_string();
        assert!(narrow.contains("class=\"name roomy\"") && narrow.contains(">_field_cache<"), "{narrow}");
        let cut = written("_field_cache", "name", 18, 0.1).into_string();
        assert!(cut.contains("roomy") && cut.contains('…'), "{cut}");
        assert_eq!(written("_field_cache", "name", 18, 0.02).into_string(), "");
    }

    #[test]
    fn as_many_levels_as_a_page_bears() {
        let wide = |depth: u32| (0..depth).fold(tile("leaf", 5, Vec::new()), |below, _| tile("x", 10, vec![below; 14]));
        let html = treemap(&wide(3)).into_string();
        assert_eq!(html.matches("<div class=\"level").count(), LEVELS_MAX);
        assert!(html.len() < 400_000, "{}", html.len());
    }
}
