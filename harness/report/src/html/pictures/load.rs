//! What the load did between two looks: bands behind lines over time, the darker the more, and in words below.

use maud::{Markup, html};

use super::super::shown::short;
use crate::units;

/// Cells of words that have room beside each other on a narrow page.
const WORDS_MAX: usize = 6;
/// Shades of a band, without that of no load.
const SHADES: f64 = 4.0;

/// By what load is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum LoadUnit {
    /// Requests of a load that counts them.
    Requests,
    /// A number by which the program counts its own work.
    Counted(String),
    /// Milliseconds of a processor, by the kernel.
    Processor,
}

/// What the load did between two moments.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Phase {
    /// Its beginning and its end.
    pub(crate) span: (f64, f64),
    /// Of the unit.
    pub(crate) amount: u64,
    /// How strong it was, beside the others.
    pub(crate) strength: f64,
}

/// The load behind a picture.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Load {
    pub(crate) unit: LoadUnit,
    /// One after the other.
    pub(crate) phases: Vec<Phase>,
    /// What counts as strong even where no phase is stronger.
    pub(crate) strong: f64,
}

/// Phases of one shade that follow each other.
struct Stretch {
    span: (f64, f64),
    amount: u64,
    shade: u8,
}

impl Load {
    /// An amount in words.
    fn say(&self, amount: u64) -> String {
        match &self.unit {
            LoadUnit::Requests => units::plural(amount, "request", "requests"),
            LoadUnit::Counted(expression) => format!("{} more {expression}", units::count(amount)),
            LoadUnit::Processor => format!("{} of processor", units::seconds(amount as f64 / 1000.0)),
        }
    }

    fn shade(&self, phase: &Phase) -> u8 {
        let strongest = self.phases.iter().map(|phase| phase.strength).fold(self.strong, f64::max);
        if phase.amount == 0 || strongest <= 0.0 {
            return 0;
        }
        (phase.strength / strongest * SHADES).ceil().clamp(1.0, SHADES) as u8
    }

    /// The bands. `x` says where a moment is, from 0 to `width`.
    pub(super) fn bands(&self, x: &dyn Fn(f64) -> f64, width: f64, height: f64) -> Markup {
        html! {
            @for phase in &self.phases {
                @let (from, to) = (x(phase.span.0).max(0.0), x(phase.span.1).min(width));
                rect class={ "phase l" (self.shade(phase)) } x=(format!("{from:.1}")) y="0"
                    width=(format!("{:.1}", (to - from).max(0.0))) height=(height) { title { (short(&self.say(phase.amount))) } }
            }
        }
    }

    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for phase in &self.phases {
            let shade = self.shade(phase);
            match stretches.last_mut().filter(|last| last.shade == shade) {
                Some(last) => {
                    last.span.1 = phase.span.1;
                    last.amount += phase.amount;
                }
                None => stretches.push(Stretch { span: phase.span, amount: phase.amount, shade }),
            }
        }
        stretches
    }

    /// The bands in words, as wide as they are, where all have room.
    pub(super) fn words(&self) -> Markup {
        let stretches = self.stretches();
        if stretches.is_empty() {
            return html! {};
        }
        html! {
            div class="load" {
                @if stretches.len() <= WORDS_MAX {
                    @for stretch in &stretches {
                        span class={ "l" (stretch.shade) } style=(format!("flex-grow:{:.3}", (stretch.span.1 - stretch.span.0).max(0.0))) {
                            (short(&self.told(stretch)))
                        }
                    }
                } @else {
                    span class="l0" { "Darker: more " (short(&self.measure())) " between two looks" }
                }
            }
        }
    }

    fn told(&self, stretch: &Stretch) -> String {
        if stretch.amount == 0 { "no load".to_owned() } else { self.say(stretch.amount) }
    }

    fn measure(&self) -> String {
        match &self.unit {
            LoadUnit::Requests => "requests".to_owned(),
            LoadUnit::Counted(expression) => expression.clone(),
            LoadUnit::Processor => "processor time".to_owned(),
        }
    }

    /// For who doesn't see it.
    pub(super) fn spoken(&self) -> String {
        let stretches: Vec<String> = self.stretches().iter().map(|stretch| self.told(stretch)).collect();
        if stretches.is_empty() { String::new() } else { format!("; the load: {}", stretches.join(", then ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(amounts: &[u64]) -> Load {
        let phase = |(index, amount): (usize, &u64)| Phase {
            span: (index as f64, index as f64 + 1.0),
            amount: *amount,
            strength: *amount as f64,
        };
        Load { unit: LoadUnit::Requests, phases: amounts.iter().enumerate().map(phase).collect(), strong: 0.0 }
    }

    #[test]
    fn a_burst_is_darker_than_what_is_around_it() {
        let bands = load(&[10, 10, 400, 0]).bands(&|x| x * 250.0, 1000.0, 160.0).into_string();
        let shades: Vec<&str> = bands.split("phase ").skip(1).map(|rest| &rest[..2]).collect();
        assert_eq!(shades, ["l1", "l1", "l4", "l0"], "{bands}");
        assert!(bands.contains("<title>400 requests</title>"), "{bands}");
    }

    #[test]
    fn what_is_alike_is_one_stretch_of_words() {
        let load = load(&[10, 10, 400, 0]);
        let words = load.words().into_string();
        assert!(words.contains(">20 requests<") && words.contains(">400 requests<") && words.contains(">no load<"));
        assert_eq!(load.spoken(), "; the load: 20 requests, then 400 requests, then no load");
    }

    #[test]
    fn a_processor_that_hardly_ran_is_no_strong_load() {
        let phase = Phase { span: (0.0, 1.0), amount: 10, strength: 0.01 };
        let load = Load { unit: LoadUnit::Processor, phases: vec![phase], strong: 0.1 };
        assert_eq!(load.shade(&load.phases[0]), 1);
        assert!(load.words().into_string().contains("0.01 s of processor"));
    }

    #[test]
    fn where_words_have_no_room_one_line_says_what_the_shades_mean() {
        let words = load(&[0, 9, 0, 9, 0, 9, 0, 9]).words().into_string();
        assert!(words.contains("Darker: more requests between two looks"), "{words}");
    }
}
