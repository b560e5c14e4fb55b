//! The source lines of a loop, each with how often it was seen there.

use bloathound_vocabulary::SourceRecord;
use maud::{Markup, html};

use super::super::shown::{short_path, shown};
use crate::units;

/// The lines with a bar each, the one seen most often marked.
pub(crate) fn source(record: &SourceRecord) -> Markup {
    let most = record.lines.iter().map(|line| line.samples).max().unwrap_or(0);
    let indent = record.lines.iter().filter(|line| !line.text.trim().is_empty()).map(|line| blanks(&line.text)).min();
    let indent = indent.unwrap_or(0);
    html! {
        figure class="source" {
            figcaption {
                "The loop in " code { (shown(&record.function)) } ", " (short_path(&record.file)) "; samples at each line"
                @if record.changed_since_start { ". The file was written after the process had begun: it may run otherwise" }
            }
            div class="wide" tabindex="0" role="region" aria-label="Source lines of the loop" {
                table {
                    tbody {
                        @for line in &record.lines {
                            tr class=[(line.samples == most && most > 0).then_some("most")] {
                                th scope="row" { (line.number) }
                                td class="count" { @if line.samples > 0 { (units::count(line.samples)) } }
                                td class="bar" aria-hidden="true" {
                                    span style=(format!("width:{:.1}%", line.samples as f64 * 100.0 / most.max(1) as f64)) {}
                                }
                                td { code { (shown(line.text.replace('\t', "        ").get(indent..).unwrap_or_default())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn blanks(text: &str) -> usize {
    let text = text.replace('\t', "        ");
    text.len() - text.trim_start_matches(' ').len()
}
