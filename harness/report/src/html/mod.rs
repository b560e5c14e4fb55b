//! What a command saw as one page that needs nothing else: no script, no font, no network, pictures and all in one file.

mod answers;
mod blocks;
mod finding;
mod frame;
mod pictures;
mod plot;
mod run;
mod shown;

pub use answers::{InspectPictures, diff, history, hot, inspect, watch, why};
pub use plot::{Plot, PlotPoint};
pub use run::{HtmlReport, RunExtras, RunKey, as_it_was, index};

#[cfg(test)]
pub(crate) fn facts_of(rows: &[(&str, String)]) -> String {
    blocks::facts(rows).into_string()
}

#[cfg(test)]
mod tests;
