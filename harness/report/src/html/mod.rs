//! The report of a run as one page that needs nothing else: no script, no font, no network. Pictures lie beside it.

mod badge;
mod findings;
mod page;
mod runs;

use std::collections::BTreeMap;

use bloathound_vocabulary::{InspectReport, RunResults, Traffic, Variant};

#[cfg(test)]
pub(crate) use findings::facts;
pub use page::index;

/// Which run something belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunKey {
    /// The scenario's name.
    pub scenario: String,
    /// Buggy or fixed.
    pub variant: Variant,
    /// The seed.
    pub seed: u64,
    /// How requests were spread, where unevenly.
    pub traffic: Option<Traffic>,
}

impl From<&bloathound_vocabulary::RunRecord> for RunKey {
    fn from(run: &bloathound_vocabulary::RunRecord) -> Self {
        Self { scenario: run.scenario.clone(), variant: run.variant, seed: run.seed, traffic: run.traffic }
    }
}

/// A picture beside the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// Path relative to the page, with `/`: `leak-buggy/heatmap.png`.
    pub file: String,
    /// What it shows, for those who can't see it.
    pub alt: String,
    /// The line below it.
    pub caption: String,
}

/// What belongs to a run beside its record.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunExtras {
    /// The last look: the resident memory's account, arenas and garbage are shown.
    pub inspect: Option<InspectReport>,
    /// Heat maps, reference graphs.
    pub images: Vec<Image>,
    /// The fix as a unified diff, as the scenario's twin has it.
    pub fix_diff: Option<String>,
}

/// Everything on the page.
#[derive(Clone, Copy, Debug)]
pub struct HtmlReport<'r> {
    /// The run.
    pub results: &'r RunResults,
    /// More about single runs.
    pub extras: &'r BTreeMap<RunKey, RunExtras>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{samples, sanitize};

    fn page(hostile: bool) -> String {
        let mut runs = vec![
            samples::run_pass(),
            samples::run_false_alarm(),
            samples::run_cycle(),
            samples::run_fragmentation(),
            samples::run_hot_loop(),
            samples::run_invalid(),
        ];
        if hostile {
            runs.push(samples::run_hostile());
        }
        let text = if hostile { samples::HOSTILE } else { "plain" };
        let mut inspect = samples::inspect();
        inspect.heap.by_type[0].type_name = text.to_owned();
        if let Some(rss) = &mut inspect.rss {
            rss.categories.insert(text.to_owned(), 1 << 20);
        }
        let extras = RunExtras {
            inspect: Some(inspect),
            images: vec![Image {
                file: "leak-buggy/heatmap.png".to_owned(),
                alt: text.to_owned(),
                caption: text.to_owned(),
            }],
            fix_diff: Some(format!("-old {text}\n+new\n")),
        };
        let all = runs.iter().map(|run| (RunKey::from(run), extras.clone())).collect();
        index(&HtmlReport { results: &samples::results(runs), extras: &all })
    }

    #[test]
    fn a_page_of_everything() {
        insta::assert_snapshot!(page(false));
    }

    #[test]
    fn a_run_that_could_not_be_made_comes_first_with_what_the_service_said() {
        let results = samples::results(vec![samples::run_missed(), samples::run_error()]);
        let html = index(&HtmlReport { results: &results, extras: &BTreeMap::new() });
        assert!(html.contains("<span class=\"badge fail\">ERROR</span> 2 runs"), "{html}");
        let place = |text: &str| html.find(text).unwrap();
        assert!(place("MemoryError: &lt;no&gt; more") < place("What is wrong"), "{html}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let html = page(true);
        assert!(html.contains("Evil"));
        assert!(!html.contains("<script"), "markup got through");
        assert!(!html.chars().any(|c| sanitize::is_hostile(c) && c != '\n'));
    }

    #[test]
    fn every_link_on_the_page_has_its_place() {
        let html = page(false);
        let targets: Vec<&str> = html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(targets.len() > 6, "{targets:?}");
        for target in targets {
            assert_eq!(html.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
        }
    }
}
