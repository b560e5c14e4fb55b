//! A watch while it goes on: what grows, at what rate, who holds it and since when. A screen of it, or a line a look.

use bloathound_vocabulary::{Evidence, Finding, GrowthRow, WatchReport, delta};

use super::inspect::target_line;
use super::page;
use super::style::Style;
use super::table::{Align, Table, labelled};
use crate::{describe, typing, units};

/// What the rows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FollowOrder {
    /// Objects a minute, most first.
    #[default]
    Rate,
    /// Bytes gained, most first.
    Bytes,
    /// What has grown for longest, first.
    Since,
    /// By name.
    Name,
}

impl FollowOrder {
    /// The one after it; the last is followed by the first.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Rate => Self::Bytes,
            Self::Bytes => Self::Since,
            Self::Since => Self::Name,
            Self::Name => Self::Rate,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Bytes => "bytes",
            Self::Since => "since",
            Self::Name => "name",
        }
    }
}

/// What of a watch is on the screen.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FollowView {
    /// What the rows are sorted by.
    pub order: FollowOrder,
    /// The row that is looked at, from 0.
    pub selected: usize,
    /// Whether that row is told in full.
    pub is_closer: bool,
    /// Lines of the screen.
    pub lines: usize,
    /// Escape sequences for colour.
    pub color: bool,
    /// Seconds until the next look; none where one is on.
    pub next_seconds: Option<f64>,
}

/// One thing that grows.
struct Row<'a> {
    what: String,
    finding: Option<&'a Finding>,
    grown: Option<Grown<'a>>,
}

#[derive(Clone, Copy)]
struct Grown<'a> {
    row: &'a GrowthRow,
    a_minute: f64,
    bytes: i64,
    /// Seconds from the first look on.
    since: f64,
}

/// Everything that grows by now, findings first where nothing else decides.
fn rows(report: &WatchReport, order: FollowOrder) -> Vec<Row<'_>> {
    let type_of = |finding: &Finding| match &finding.evidence {
        Evidence::Leak(evidence) | Evidence::Growth(evidence) => Some(evidence.type_name.clone()),
        _ => None,
    };
    let mut rows: Vec<Row<'_>> = Vec::new();
    for finding in &report.findings {
        let name = type_of(finding);
        let row = name.as_ref().and_then(|name| report.growth.iter().find(|row| row.type_name == *name));
        let what = name.unwrap_or_else(|| finding.class.to_string());
        rows.push(Row { what, finding: Some(finding), grown: row.map(|row| grown(report, row)) });
    }
    for row in &report.growth {
        if !rows.iter().any(|known| known.what == row.type_name) {
            rows.push(Row { what: row.type_name.clone(), finding: None, grown: Some(grown(report, row)) });
        }
    }
    let by = |row: &Row<'_>, figure: fn(Grown<'_>) -> f64| row.grown.map_or(f64::INFINITY, figure);
    rows.sort_by(|one, other| match order {
        FollowOrder::Rate => by(other, |grown| grown.a_minute).total_cmp(&by(one, |grown| grown.a_minute)),
        FollowOrder::Bytes => by(other, |grown| grown.bytes as f64).total_cmp(&by(one, |grown| grown.bytes as f64)),
        FollowOrder::Since => by(one, |grown| grown.since).total_cmp(&by(other, |grown| grown.since)),
        FollowOrder::Name => one.what.cmp(&other.what),
    });
    rows
}

/// Since when the count has not fallen, and how fast it rose from there.
fn grown<'a>(report: &WatchReport, row: &'a GrowthRow) -> Grown<'a> {
    let last = row.counts.len().saturating_sub(1);
    let rises = |at: &usize| row.counts[*at - 1] <= row.counts[*at];
    let begin = last - (1..=last).rev().take_while(rises).count();
    let at_second = |at: usize| report.rounds.get(at).map_or(0.0, |round| round.seconds);
    let of = |series: &[u64], from: usize| match (series.get(from), series.last()) {
        (Some(first), Some(last)) => delta(*first, *last),
        _ => 0,
    };
    let minutes = (at_second(last) - at_second(begin)) / 60.0;
    let a_minute = if minutes > 0.0 { of(&row.counts, begin) as f64 / minutes } else { 0.0 };
    Grown { row, a_minute, bytes: of(&row.bytes, 0), since: at_second(begin) }
}

impl Row<'_> {
    fn holder(&self) -> String {
        self.finding.map_or_else(|| "not known yet".to_owned(), describe::place_of)
    }

    fn cells(&self, is_selected: bool) -> Vec<String> {
        let figure = |tell: fn(Grown<'_>) -> String| self.grown.map_or_else(|| "-".to_owned(), tell);
        vec![
            if is_selected { ">" } else { "" }.to_owned(),
            self.what.clone(),
            figure(|grown| units::signed_count(grown.a_minute.round() as i64)),
            figure(|grown| units::signed_bytes(grown.bytes)),
            figure(|grown| seconds(grown.since)),
            self.holder(),
        ]
    }

    /// All there is to say of it.
    fn in_full(&self, report: &WatchReport, style: Style) -> String {
        let mut out = String::new();
        if let Some(finding) = self.finding {
            let (first, rest) = describe::paragraph::told(finding);
            for line in page::wrap(&first, page::width() - 4, 6) {
                out.push_str(&format!("  {}\n", style.red(&line)));
            }
            for line in page::wrap(&rest, page::width() - 4, 12).iter().filter(|line| !line.is_empty()) {
                out.push_str(&format!("  {line}\n"));
            }
        }
        if let Some(grown) = self.grown {
            out.push_str(&labelled("by look", 8, &describe::series(&grown.row.counts), 2));
        }
        let target = describe::plain::typed(&report.target);
        let next = match self.finding.and_then(|finding| describe::plain::next(finding, &target)) {
            Some(next) => next,
            None => typing::command(&format!("why {target} {}", super::shell_word(&self.what))),
        };
        out.push_str(&format!("  {:<8}  {}\n", "next", style.bold(&page::fit(&next, super::NEXT_MAX))));
        out
    }
}

/// Whole ones: on a screen that changes, more figures say less.
fn seconds(number: f64) -> String {
    format!("{number:.0} s")
}

/// How many rows there are to choose from.
#[must_use]
pub fn follow_rows(report: &WatchReport) -> usize {
    rows(report, FollowOrder::default()).len()
}

/// A screen of a watch that goes on.
#[must_use]
pub fn follow(report: &WatchReport, view: &FollowView) -> String {
    let style = Style::new(view.color);
    let mut head = format!("{}\n", style.bold(&target_line(&report.target)));
    if let Some(look) = report.rounds.last() {
        let next = view
            .next_seconds
            .map_or_else(|| "looking".to_owned(), |left| format!("the next in {}", seconds(left.ceil())));
        let resident = look.rss_bytes.map_or_else(String::new, |bytes| format!(", {} resident", units::bytes(bytes)));
        let looks = units::plural(report.rounds.len() as u64, "look", "looks");
        let objects = units::plural(look.objects, "object", "objects");
        head.push_str(&format!("{looks} in {}, {next}; {objects}{resident}\n", seconds(look.seconds)));
    }
    let sure = report.sureness.as_deref().unwrap_or("too few looks to judge");
    for line in page::wrap(sure, page::width(), 2) {
        head.push_str(&format!("{line}\n"));
    }
    head.push('\n');
    let rows = rows(report, view.order);
    let selected = view.selected.min(rows.len().saturating_sub(1));
    let closer = rows.get(selected).filter(|_| view.is_closer).map(|row| row.in_full(report, style));
    let keys = format!("s sorts (now by {}) · ↑ ↓ choose · Enter closer · q ends", view.order.as_str());
    let keys = style.dim(&page::fit(&keys, page::width()));
    if rows.is_empty() {
        return format!("{head}  nothing grows by now\n\n{keys}\n");
    }
    let closer = closer.map_or_else(String::new, |text| format!("\n{text}"));
    let taken = head.lines().count() + closer.lines().count() + 3;
    let room = view.lines.saturating_sub(taken).max(1);
    let first = (selected + 1).saturating_sub(room);
    let mut table = Table::new(&[
        ("", Align::Left),
        ("grows", Align::Left),
        ("per minute", Align::Right),
        ("so far", Align::Right),
        ("since", Align::Right),
        ("held by", Align::Rest),
    ]);
    for (number, row) in rows.iter().enumerate().skip(first).take(room) {
        table.row(row.cells(number == selected));
    }
    format!("{head}{}{closer}\n{keys}\n", table.render(style))
}

/// One line of a watch that goes on: the look, and what grows fastest.
#[must_use]
pub fn follow_line(report: &WatchReport) -> String {
    /// Things that grow on a line.
    const TOLD: usize = 2;
    let look = report.rounds.last();
    let when = look.map_or(0.0, |look| look.seconds);
    let number = look.map_or(0, |look| look.round);
    let objects = look.map_or(0, |look| look.objects);
    let rows = rows(report, FollowOrder::Rate);
    let told = |row: &Row<'_>| {
        let rate = row.grown.map_or_else(String::new, |grown| {
            format!(" {} a minute", units::signed_count(grown.a_minute.round() as i64))
        });
        let held = row.finding.map_or_else(String::new, |finding| format!(" held by {}", describe::place_of(finding)));
        format!("{}{rate}{held}", row.what)
    };
    // What is a finding says more than what only grew.
    let is_told = |row: &&Row<'_>| row.finding.is_some() || row.grown.is_some_and(|grown| grown.a_minute > 0.0);
    let (found, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.iter().filter(is_told).partition(|row| row.finding.is_some());
    let told: Vec<String> = found.into_iter().chain(others).take(TOLD).map(told).collect();
    let grows = if told.is_empty() { "nothing grows".to_owned() } else { format!("grows: {}", told.join("; ")) };
    let objects = units::plural(objects, "object", "objects");
    let line = format!("look {number} after {}: {objects}; {grows}", seconds(when));
    format!("{}\n", crate::sanitize::line(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::text::Page;

    fn shown(columns: usize, view: &FollowView) -> String {
        Page::of_columns(columns).printing(|| follow(&samples::watch(), view))
    }

    #[test]
    fn a_screen_at_three_widths() {
        let view = FollowView { lines: 24, next_seconds: Some(6.2), ..FollowView::default() };
        insta::assert_snapshot!([60, 100, 160].map(|columns| shown(columns, &view)).join("\n"));
    }

    #[test]
    fn closer_tells_the_paragraph_and_what_to_type() {
        let view = FollowView { lines: 40, is_closer: true, order: FollowOrder::Bytes, ..FollowView::default() };
        insta::assert_snapshot!(shown(100, &view));
    }

    #[test]
    fn a_line_a_look() {
        insta::assert_snapshot!(follow_line(&samples::watch()));
    }

    #[test]
    fn a_screen_is_no_longer_than_the_terminal_and_hostile_names_stay_on_their_line() {
        let mut report = samples::watch();
        let row = report.growth[0].clone();
        report.growth = (0..100)
            .map(|n| bloathound_vocabulary::GrowthRow { type_name: format!("{}{n}", samples::HOSTILE), ..row.clone() })
            .collect();
        for selected in [0, 50, 1000] {
            let view = FollowView { lines: 20, selected, ..FollowView::default() };
            let text = Page::of_columns(80).printing(|| follow(&report, &view));
            assert!(text.lines().count() <= 20, "{text}");
            assert!(text.contains('>'), "what is chosen is seen: {text}");
            assert!(text.lines().all(|line| !line.chars().any(crate::sanitize::is_hostile)));
        }
    }

    #[test]
    fn what_fell_grows_since_its_lowest_and_each_order_has_its_turn() {
        let mut report = samples::watch();
        report.growth[0].counts = vec![9, 3, 8];
        let grown = grown(&report, &report.growth[0]);
        assert_eq!((grown.since, grown.a_minute), (5.0, 60.0));
        let mut order = FollowOrder::default();
        for _ in 0..4 {
            order = order.next();
            assert_eq!(follow_rows(&report), rows(&report, order).len());
        }
        assert_eq!(order, FollowOrder::Rate);
    }
}
