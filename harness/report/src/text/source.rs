//! The source lines of a loop, with the samples that were seen at each.

use bloathound_vocabulary::SourceRecord;

use super::page;
use super::style::Style;
use crate::{sanitize, units};

/// Lines of one loop where nobody asked for all.
const LINES_SHORT: usize = 24;

/// The lines of each loop that was found; nothing where none could be read.
pub(super) fn sources(records: &[SourceRecord], verbose: bool, style: Style) -> String {
    records.iter().map(|record| source(record, verbose, style)).collect()
}

fn source(record: &SourceRecord, verbose: bool, style: Style) -> String {
    let head = format!("source of {} ({})", record.function, record.file);
    let mut out = format!("\n{}\n", style.bold(&page::fit(&head, page::width())));
    if record.changed_since_start {
        out.push_str("  the file was changed after the process had begun: what runs may differ\n");
    }
    let samples = |number: u64| if number > 0 { units::count(number) } else { String::new() };
    let widest = |widths: &mut dyn Iterator<Item = usize>, least: usize| widths.max().unwrap_or(0).max(least);
    let count_width =
        widest(&mut record.lines.iter().map(|line| samples(line.samples).chars().count()), "samples".len());
    let number_width = widest(&mut record.lines.iter().map(|line| line.number.to_string().len()), "line".len());
    out.push_str(&format!("  {}\n", style.dim(&format!("{:>count_width$}  {:>number_width$}", "samples", "line"))));
    let margin = margin(record);
    let shown = if verbose { record.lines.len() } else { LINES_SHORT.min(record.lines.len()) };
    for line in &record.lines[..shown] {
        let text = sanitize::line(&line.text.replace('\t', "    ")).into_owned();
        let text = text.get(margin..).unwrap_or(text.trim_start());
        let head = format!("  {:>count_width$}  {:>number_width$}  ", samples(line.samples), line.number);
        let text = page::fit(text, page::width().saturating_sub(head.len()));
        out.push_str(format!("{head}{text}").trim_end());
        out.push('\n');
    }
    if record.lines.len() > shown {
        let rest = units::plural((record.lines.len() - shown) as u64, "line", "lines");
        out.push_str(&format!("  … {rest} more\n"));
    }
    out
}

/// Blanks that all lines begin with.
fn margin(record: &SourceRecord) -> usize {
    let texts = record.lines.iter().map(|line| line.text.replace('\t', "    "));
    let blanks =
        texts.filter(|text| !text.trim().is_empty()).map(|text| text.len() - text.trim_start_matches(' ').len());
    blanks.min().unwrap_or(0)
}
