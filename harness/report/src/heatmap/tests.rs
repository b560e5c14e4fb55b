//! The picture is read back: dots are counted in the decoded PNG, text is looked for in the SVG.

use proptest::prelude::*;

use bloathound_vocabulary::{CELLS_PER_ROW, HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind, HeatShare};

use super::layout::lay_out;
use super::{BACKGROUND, colour, to_png, to_svg};

fn row(kind: HeatRowKind, cells: &[(HeatCell, usize)]) -> HeatRow {
    HeatRow { kind, cells: cells.iter().flat_map(|(cell, count)| std::iter::repeat_n(*cell, *count)).collect() }
}

fn fragmented() -> HeatMap {
    let full = row(HeatRowKind::Arena, &[(HeatCell::Live, 250), (HeatCell::FreeBlocks, 6)]);
    let pinned =
        row(HeatRowKind::Arena, &[(HeatCell::FreePool, 100), (HeatCell::Group(0), 3), (HeatCell::FreePool, 153)]);
    let heap = row(HeatRowKind::MallocHeap, &[(HeatCell::MallocHeld, 56), (HeatCell::MallocFree, 200)]);
    let mut after = vec![full.clone(); 4];
    after.extend(vec![pinned; 30]);
    after.push(heap.clone());
    HeatMap {
        title: "fragmentation".into(),
        panels: vec![
            HeatPanel { title: "before".into(), rows: vec![full, heap] },
            HeatPanel { title: "after".into(), rows: after },
        ],
        groups: vec!["weakref at models.DBModel.__subclasses__".into()],
    }
}

/// Width, height and colours of all dots.
fn decode(png: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    (info.width, info.height, bytes.chunks_exact(3).map(|dot| [dot[0], dot[1], dot[2]]).collect())
}

#[test]
fn every_cell_is_in_the_png_once_and_in_its_colour() {
    let map = fragmented();
    let (width, height, dots) = decode(&to_png(&map).unwrap());
    let count = |cell: HeatCell| dots.iter().filter(|dot| **dot == colour(cell)).count();
    let drawing = lay_out(&map);
    assert_eq!((width, height), (drawing.width, drawing.height));
    // Cells are as large as the first one drawn; the legend adds one swatch a colour.
    let cell_area = (drawing.rects[0].width / 250 * drawing.rects[0].height) as usize;
    let swatch = 14 * 14;
    assert_eq!(count(HeatCell::Group(0)), 30 * 3 * cell_area + swatch);
    assert_eq!(count(HeatCell::Live), 5 * 250 * cell_area + swatch);
    assert_eq!(count(HeatCell::FreePool), 30 * 253 * cell_area + swatch);
    assert_eq!(count(HeatCell::MallocHeld), 2 * 56 * cell_area + swatch);
    assert_eq!(count(HeatCell::Garbage), 0, "what is not there is not in the legend either");
    assert!(dots.iter().filter(|dot| **dot == BACKGROUND).count() > dots.len() / 4);
}

#[test]
fn the_legend_tells_names_and_bytes_of_both_looks() {
    let svg = to_svg(&fragmented());
    for text in [
        ">fragmentation</text>",
        ">before</text>",
        ">after</text>",
        ">live: weakref at models.DBModel.__subclasses__</text>",
        ">wholly free pools</text>",
        // 30 rows with 3 cells of 1 KiB; before there is none.
        ">90.0 KiB</text>",
        ">-</text>",
        ">arenas, 8.50 MiB</text>",
        "><title>live: weakref at models.DBModel.__subclasses__</title></path>",
    ] {
        assert!(svg.contains(text), "{text} is missing");
    }
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

#[test]
fn text_stays_inside_the_picture() {
    let drawing = lay_out(&fragmented());
    for line in &drawing.lines {
        assert!(line.x + line.text.chars().count() as u32 * 6 * line.scale <= drawing.width, "{}", line.text);
        assert!(line.y + 8 * line.scale <= drawing.height, "{}", line.text);
    }
    for rect in &drawing.rects {
        assert!(rect.x + rect.width <= drawing.width && rect.y + rect.height <= drawing.height);
    }
    // Legend lines do not touch: a line is as high as its letters and a gap.
    let mut tops: Vec<u32> = drawing.lines.iter().filter(|line| line.x > 40 && line.scale == 2).map(|l| l.y).collect();
    tops.sort_unstable();
    tops.dedup();
    assert!(tops.windows(2).all(|pair| pair[1] - pair[0] >= 18));
}

#[test]
fn hostile_names_are_drawn_and_do_nothing() {
    let mut map = fragmented();
    map.groups = vec!["</text><script>alert(1)</script>\u{1b}[2J\u{202e}".into(), "x".repeat(100_000)];
    map.title = "\"><script>".into();
    let svg = to_svg(&map);
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}') && !svg.contains('\u{202e}'));
    let (width, _, _) = decode(&to_png(&map).unwrap());
    assert!(width <= 3600);
}

#[test]
fn a_heap_of_four_gigabytes_still_is_a_picture() {
    let rows = vec![row(HeatRowKind::Arena, &[(HeatCell::Live, 128), (HeatCell::FreePool, 128)]); 16_384];
    let panel = HeatPanel { title: "now".into(), rows };
    let map = HeatMap { title: "large".into(), panels: vec![panel], groups: Vec::new() };
    let (width, height, _) = decode(&to_png(&map).unwrap());
    assert!(width <= 2000 && height <= 1400, "{width} x {height}");
    assert!(to_svg(&map).contains("One row in"));
    assert!(to_svg(&map).contains("2.00 GiB"), "the figures are of all rows, drawn or not");
}

#[test]
fn every_line_of_text_is_in_the_png_where_it_was_laid_out() {
    let map = fragmented();
    let (width, _, dots) = decode(&to_png(&map).unwrap());
    for line in lay_out(&map).lines {
        let across = line.x..line.x + line.text.chars().count() as u32 * 6 * line.scale;
        let down = line.y..line.y + 8 * line.scale;
        let all = down.flat_map(|y| across.clone().map(move |x| (y * width + x) as usize));
        let inked = all.filter(|at| dots[*at] != BACKGROUND).count();
        let letters = line.text.chars().filter(|letter| letter.is_alphanumeric()).count();
        assert!(inked >= 5 * letters.max(1), "{}: {inked} dots", line.text);
    }
}

fn any_cell() -> impl Strategy<Value = HeatCell> {
    prop_oneof![
        Just(HeatCell::Nothing),
        Just(HeatCell::Live),
        Just(HeatCell::Garbage),
        Just(HeatCell::MallocFree),
        Just(HeatCell::Objects(HeatShare::Some)),
        any::<u8>().prop_map(HeatCell::Group),
    ]
}

fn any_kind() -> impl Strategy<Value = HeatRowKind> {
    prop_oneof![
        Just(HeatRowKind::Arena),
        Just(HeatRowKind::MallocHeap),
        Just(HeatRowKind::MallocMapped),
        Just(HeatRowKind::Addresses)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_map_is_a_picture(
        title in ".{0,40}",
        rows in prop::collection::vec((any_kind(), prop::collection::vec(any_cell(), 0..CELLS_PER_ROW + 40)), 0..40),
        panels in 0..4_usize,
        groups in prop::collection::vec(".{0,80}", 0..9),
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(kind, cells)| HeatRow { kind, cells }).collect();
        let panel = HeatPanel { title: title.clone(), rows };
        let map = HeatMap { title, panels: vec![panel; panels], groups };
        let (width, height, dots) = decode(&to_png(&map).unwrap());
        prop_assert_eq!(dots.len(), (width * height) as usize);
        prop_assert!(to_svg(&map).ends_with("</svg>\n"));
    }
}
