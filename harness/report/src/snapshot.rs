//! Findings in a form that is equal for equal behaviour on any machine: what tests compare with `snapshots/`.
//!
//! Redacted by construction: there are no fields for addresses and times here, paths of files lose what belongs to one
//! machine, and a figure that isn't known to be deterministic stands as the range that its scenario declares, or not at all.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use bloathound_vocabulary::{
    ExpectedRecord, Field, Figure, Finding, FindingClass, Label, Location, Pin, PlaceKind, Repeats, Verdict,
};

use crate::{ReportError, redact};

/// How a figure stands in a snapshot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Show {
    /// As it is.
    Exact,
    /// As this range while it is inside, both ends included; as itself and the range when it isn't.
    Within {
        /// The least.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
    },
    /// To this many leading digits. A figure near the middle between two of these flips, so mind where it is.
    Rounded {
        /// At least 1.
        digits: u32,
    },
    /// Not at all.
    Hidden,
}

/// How figures stand, by class and name of the evidence.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Policy {
    shows: BTreeMap<(FindingClass, String), Show>,
}

impl Policy {
    /// The defaults: counts of objects exact, bytes and shares hidden.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ranges as the scenario's expectations declare them, and exact where they name an exact value.
    #[must_use]
    pub fn from_expected(expected: &[ExpectedRecord]) -> Self {
        let mut policy = Self::new();
        for expectation in expected {
            for (field, wanted) in &expectation.evidence {
                let show = match wanted {
                    Value::Object(range) if !range.contains_key("contains") => Show::Within {
                        min: range.get("min").and_then(Value::as_f64),
                        max: range.get("max").and_then(Value::as_f64),
                    },
                    _ => Show::Exact,
                };
                policy = policy.with(expectation.class, field, show);
            }
        }
        policy
    }

    /// One figure otherwise.
    #[must_use]
    pub fn with(mut self, class: FindingClass, field: &str, show: Show) -> Self {
        self.shows.insert((class, field.to_owned()), show);
        self
    }

    fn show(&self, class: FindingClass, field: &Field) -> Show {
        let declared = self.shows.get(&(class, field.name.to_owned()));
        // Bytes depend on the build and on what the allocator did, clocks on everything.
        let default = if field.repeats == Repeats::Exactly { Show::Exact } else { Show::Hidden };
        declared.copied().unwrap_or(default)
    }
}

/// A finding for comparison.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FindingSnapshot {
    class: FindingClass,
    verdict: Verdict,
    fingerprint: String,
    #[serde(rename = "where")]
    location: BTreeMap<&'static str, Shown>,
    evidence: BTreeMap<&'static str, Shown>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
enum Shown {
    Integer(u64),
    Float(f64),
    Text(String),
    List(Vec<Shown>),
    Map(BTreeMap<&'static str, Shown>),
}

/// The findings in a stable order.
#[must_use]
pub fn of(findings: &[Finding], policy: &Policy) -> Vec<FindingSnapshot> {
    let mut snapshots: Vec<FindingSnapshot> = findings.iter().map(|finding| one(finding, policy)).collect();
    snapshots.sort_by(|one, other| {
        let key = |snapshot: &FindingSnapshot| (snapshot.class, snapshot.fingerprint.clone());
        key(one).cmp(&key(other))
    });
    snapshots
}

/// [`of`] as YAML, which reads best in a diff. No finding is `[]`.
///
/// # Errors
/// When the YAML writer gives up.
pub fn yaml(findings: &[Finding], policy: &Policy) -> Result<String, ReportError> {
    Ok(serde_yaml::to_string(&of(findings, policy))?)
}

fn one(finding: &Finding, policy: &Policy) -> FindingSnapshot {
    FindingSnapshot {
        class: finding.class,
        verdict: finding.verdict,
        fingerprint: redact::text(&finding.fingerprint),
        location: place(&finding.location),
        evidence: evidence_of(&finding.evidence.figures(), |field| policy.show(finding.class, field)),
    }
}

fn place(location: &Location) -> BTreeMap<&'static str, Shown> {
    let shown = |(field, kind, figure): (&'static str, PlaceKind, Figure<'_>)| {
        let shown = match (kind, figure) {
            (PlaceKind::Name, Figure::Text(name)) => text(name),
            (PlaceKind::File, Figure::Text(file)) => Shown::Text(redact::file(file)),
            (PlaceKind::Line, Figure::Number(line)) => Shown::Integer(line),
            (PlaceKind::Path, Figure::Labels(path)) if !path.is_empty() => labels(path),
            // Nothing is known, or it is for people.
            _ => return None,
        };
        Some((field, shown))
    };
    location.figures().into_iter().filter_map(shown).collect()
}

fn labels(labels: &[Label]) -> Shown {
    Shown::List(labels.iter().map(|label| text(&label.to_string())).collect())
}

fn texts(texts: &[String]) -> Shown {
    Shown::List(texts.iter().map(|text| Shown::Text(redact::text(text))).collect())
}

fn text(text: &str) -> Shown {
    Shown::Text(redact::text(text))
}

fn float(number: Option<f64>) -> Shown {
    number.map_or_else(|| Shown::Text("unknown".to_owned()), Shown::Float)
}

/// Fields that have a value and are shown.
fn evidence_of(
    figures: &[(&'static Field, Figure<'_>)],
    how: impl Fn(&Field) -> Show,
) -> BTreeMap<&'static str, Shown> {
    let shown = |(field, figure): &(&'static Field, Figure<'_>)| Some((field.name, show(value(figure)?, how(field))?));
    figures.iter().filter_map(shown).collect()
}

fn value(figure: &Figure<'_>) -> Option<Shown> {
    Some(match figure {
        Figure::Nothing => return None,
        Figure::Number(number) => Shown::Integer(*number),
        Figure::Fraction(number) => float(*number),
        Figure::Numbers(numbers) => Shown::List(numbers.iter().map(|number| Shown::Integer(*number)).collect()),
        Figure::Text(words) => text(words),
        Figure::Texts(all) => texts(all),
        Figure::Verdicts(verdicts) => Shown::List(verdicts.iter().map(|verdict| text(verdict.as_str())).collect()),
        Figure::Labels(path) => labels(path),
        Figure::Pins(pins) => Shown::List(main_pins(pins).map(pin).collect()),
    })
}

/// Those that keep a tenth of the arenas of the first at least: which timers or frames happen to sit in one or two more
/// is different each time.
fn main_pins(pins: &[Pin]) -> impl Iterator<Item = &Pin> {
    let most = pins.first().map_or(0, |pin| pin.arenas);
    pins.iter().filter(move |pin| pin.arenas.saturating_mul(10) >= most)
}

/// Who pins, without how many: the survivors' number depends on where the allocator put them.
fn pin(pin: &Pin) -> Shown {
    Shown::Map(BTreeMap::from([("type", text(&pin.type_name)), ("owner", labels(&pin.owner))]))
}

fn show(value: Shown, show: Show) -> Option<Shown> {
    let number = match &value {
        Shown::Integer(number) => Some(*number as f64),
        Shown::Float(number) => Some(*number),
        _ => None,
    };
    match (show, number) {
        (Show::Hidden, _) => None,
        (Show::Exact, _) => Some(value),
        (Show::Within { min, max }, Some(number)) => {
            let range = range_words(min, max);
            let inside = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            Some(Shown::Text(if inside { range } else { format!("{number}, not {range}") }))
        }
        (Show::Rounded { digits }, Some(number)) => Some(Shown::Text(format!("about {}", leading(number, digits)))),
        (Show::Within { .. } | Show::Rounded { .. }, None) => match value {
            // A list of figures: each by itself.
            Shown::List(items) => {
                Some(Shown::List(items.into_iter().filter_map(|item| self::show(item, show)).collect()))
            }
            value => Some(value),
        },
    }
}

fn range_words(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any".to_owned(),
    }
}

fn leading(number: f64, digits: u32) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let digits = digits.clamp(1, 15) as i32;
    let exponent = number.abs().log10().floor() as i32 + 1 - digits;
    let scale = 10f64.powi(exponent.abs());
    if exponent >= 0 { (number / scale).round() * scale } else { (number * scale).round() / scale }
}

/// Names of the fields that stand in a snapshot as they are.
#[cfg(test)]
pub(crate) fn exact_names(figures: &[(&'static Field, Figure<'_>)]) -> Vec<&'static str> {
    let policy = Policy::new();
    evidence_of(figures, |field| policy.show(FindingClass::Leak, field)).into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn every_class() {
        let policy = Policy::from_expected(&samples::run_pass().expected).with(
            FindingClass::Fragmentation,
            "utilisation",
            Show::Within { min: None, max: Some(0.5) },
        );
        let mut findings = samples::one_of_each_class();
        findings.reverse();
        insta::assert_snapshot!(yaml(&findings, &policy).unwrap());
    }

    #[test]
    fn no_finding_is_an_empty_list() {
        assert_eq!(yaml(&[], &Policy::new()).unwrap().trim(), "[]");
    }

    #[test]
    fn the_order_of_the_findings_does_not_show() {
        let mut findings = vec![samples::leak_finding(), samples::cycle_finding()];
        let one = of(&findings, &Policy::new());
        findings.reverse();
        assert_eq!(of(&findings, &Policy::new()), one);
    }

    #[test]
    fn a_figure_out_of_its_range_shows() {
        let within = |min, max| Show::Within { min: Some(min), max: Some(max) };
        let shown = |show_as| show(Shown::Integer(904), show_as);
        assert_eq!(shown(within(1.0, 1000.0)), Some(Shown::Text("1 to 1000".to_owned())));
        assert_eq!(shown(within(1.0, 2.0)), Some(Shown::Text("904, not 1 to 2".to_owned())));
        assert_eq!(shown(Show::Rounded { digits: 1 }), Some(Shown::Text("about 900".to_owned())));
        assert_eq!(shown(Show::Hidden), None);
        assert_eq!(leading(0.0457, 2), 0.046);
    }
}
