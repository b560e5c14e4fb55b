//! A sequence that repeats itself at the end of what was seen.

// A loop is one after this many events of sameness and this many turns, whichever is more.
use bloathound_detect::thresholds::fixed::{TRACE_EVENTS_MIN as EVENTS_MIN, TRACE_TURNS_MIN as TURNS_MIN};

/// The same events over and over at the end of a stretch of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepeatingSequence {
    /// Events in one turn.
    pub period: usize,
    /// Whole turns seen.
    pub turns: usize,
}

impl RepeatingSequence {
    /// The shortest sequence whose repetition ends `events`; linear in their number.
    #[must_use]
    pub fn at_end_of(events: &[u32]) -> Option<Self> {
        let newest_first: Vec<u32> = events.iter().rev().copied().collect();
        let same = prefix_matches(&newest_first);
        let repeats = |period: usize| {
            let alike = same.get(period).copied().unwrap_or(0) + period;
            (alike >= (TURNS_MIN * period).max(EVENTS_MIN)).then_some(Self { period, turns: alike / period })
        };
        (1..=events.len() / TURNS_MIN).find_map(repeats)
    }
}

/// For each position, how many items from there on equal the beginning (the Z function).
fn prefix_matches(items: &[u32]) -> Vec<usize> {
    let mut matches = vec![0; items.len()];
    let (mut left, mut right) = (0, 0);
    for at in 1..items.len() {
        let mut length = if at < right { matches[at - left].min(right - at) } else { 0 };
        while at + length < items.len() && items[length] == items[at + length] {
            length += 1;
        }
        if at + length > right {
            (left, right) = (at, at + length);
        }
        matches[at] = length;
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_loop_is_seen_after_a_beginning_of_its_own() {
        let mut events = vec![90, 91, 92];
        for _ in 0..30 {
            events.extend([1, 2, 3, 2]);
        }
        let found = RepeatingSequence::at_end_of(&events).unwrap();
        assert_eq!((found.period, found.turns), (4, 30));
    }

    #[test]
    fn a_loop_of_one_line_is_the_shortest() {
        let found = RepeatingSequence::at_end_of(&[7; 100]).unwrap();
        assert_eq!((found.period, found.turns), (1, 100));
    }

    #[test]
    fn progress_is_no_loop() {
        let events: Vec<u32> = (0..500).collect();
        assert_eq!(RepeatingSequence::at_end_of(&events), None);
        assert_eq!(RepeatingSequence::at_end_of(&[5; 20]), None, "too short to say");
        assert_eq!(RepeatingSequence::at_end_of(&[]), None);
    }

    #[test]
    fn a_loop_that_ended_is_none() {
        let mut events = vec![7; 200];
        events.extend(1000..1300);
        assert_eq!(RepeatingSequence::at_end_of(&events), None);
    }

    proptest! {
        #[test]
        fn what_is_found_does_repeat(events in prop::collection::vec(0_u32..3, 0..400)) {
            if let Some(found) = RepeatingSequence::at_end_of(&events) {
                let tail = &events[events.len() - found.period * found.turns..];
                for (at, event) in tail.iter().enumerate().skip(found.period) {
                    prop_assert_eq!(*event, tail[at - found.period]);
                }
            }
        }

        #[test]
        fn a_planted_loop_is_found(
            head in prop::collection::vec(0_u32..50, 0..50),
            turn in prop::collection::vec(0_u32..50, 1..30),
        ) {
            let mut events = head;
            for _ in 0..70 {
                events.extend(&turn);
            }
            let found = RepeatingSequence::at_end_of(&events).unwrap();
            prop_assert_eq!(turn.len() % found.period, 0);
        }
    }
}
