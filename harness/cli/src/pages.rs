//! Pages to read in a browser, one for each command that looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloathound_engine::looks;
use bloathound_engine::session::Session;
use bloathound_report::html::{self, HtmlReport, InspectPictures, RunExtras, RunKey};
use bloathound_vocabulary::{InspectReport, RunResults};

/// What the page shows of runs beside their records.
pub(crate) type Extras = BTreeMap<RunKey, RunExtras>;

/// The page of one look, with its memory drawn. `target` is it as the next command is to name it.
pub(crate) fn inspect(session: &Session<'_>, report: &InspectReport, target: &str) -> String {
    let heat = looks::heat(session, &format!("memory of {target}"));
    let retained = looks::retained(session);
    html::inspect(report, InspectPictures { heat: heat.as_ref(), retained: retained.as_ref() }, target)
}

/// The page of runs that were made or judged again.
pub(crate) fn runs(results: &RunResults, extras: &Extras) -> String {
    html::index(&HtmlReport { results, outcome: bloathound_score::outcome_of_all(&results.runs), extras })
}

/// The file of a run's page: the path itself, or the index of the folder that it names.
pub(crate) fn of_run(path: &Path) -> PathBuf {
    if is_file(path) { path.to_owned() } else { path.join("index.html") }
}

/// Whether a page is wanted as one file and nothing beside it.
pub(crate) fn is_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_html_is_a_folder() {
        assert_eq!(of_run(Path::new("out")), Path::new("out/index.html"));
        assert_eq!(of_run(Path::new("out/run.html")), Path::new("out/run.html"));
        assert_eq!(of_run(Path::new("a.d/run.HTM")), Path::new("a.d/run.HTM"));
    }
}
