//! Names for what a case consists of, no two of them the same.

use std::collections::BTreeSet;

use bloathound_scenario::Draw;

use crate::data::Words;

/// Draws names from words.
pub(crate) struct Namer<'d> {
    words: &'d Words,
    taken: BTreeSet<String>,
}

impl<'d> Namer<'d> {
    pub(crate) fn new(words: &'d Words) -> Self {
        Self { words, taken: BTreeSet::new() }
    }

    /// A noun that was not drawn before.
    pub(crate) fn noun(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| word(draw, &words.nouns))
    }

    /// A module: `orders`, `order_desk`.
    pub(crate) fn module(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| {
            let noun = word(draw, &words.nouns);
            match draw.between(0, 2) {
                0 => format!("{noun}s"),
                1 => format!("{noun}_{}", word(draw, &words.holders).to_lowercase()),
                _ => format!("{}_{noun}s", word(draw, &words.verbs)),
            }
        })
    }

    pub(crate) fn package(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| word(draw, &words.packages))
    }

    /// A class of things: `OpenOrderRecord`.
    pub(crate) fn class(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| {
            let (noun, kind) = (capital(&word(draw, &words.nouns)), word(draw, &words.kinds));
            match draw.between(0, 2) {
                0 => format!("{noun}{kind}"),
                1 => format!("{}{noun}", word(draw, &words.adjectives)),
                _ => format!("{}{noun}{kind}", word(draw, &words.adjectives)),
            }
        })
    }

    /// A class that holds things: `OrderRegistry`.
    pub(crate) fn holder(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| format!("{}{}", capital(&word(draw, &words.nouns)), word(draw, &words.holders)))
    }

    /// A variable that holds things: `order_cache`, `seen_orders`.
    pub(crate) fn store(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| {
            let noun = word(draw, &words.nouns);
            word(draw, &words.stores).replace("{}", &noun)
        })
    }

    /// A function: `render_order`.
    pub(crate) fn function(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| format!("{}_{}", word(draw, &words.verbs), word(draw, &words.nouns)))
    }

    /// A variable of one thing: `order`, `daily_order`.
    pub(crate) fn variable(&mut self, draw: &mut Draw) -> String {
        self.fresh(draw, |words, draw| {
            format!("{}_{}", word(draw, &words.adjectives).to_lowercase(), word(draw, &words.nouns))
        })
    }

    pub(crate) fn team(&mut self, draw: &mut Draw) -> String {
        word(draw, &self.words.teams)
    }

    fn fresh(&mut self, draw: &mut Draw, make: impl Fn(&Words, &mut Draw) -> String) -> String {
        loop {
            let name = make(self.words, draw);
            // There are thousands of each, and a case takes some dozens.
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn word(draw: &mut Draw, words: &[String]) -> String {
    draw.one_of(words).cloned().unwrap_or_default()
}

/// `ledger_page` as `LedgerPage`.
pub(crate) fn capital(noun: &str) -> String {
    noun.split('_')
        .flat_map(|part| {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
        })
        .collect()
}
