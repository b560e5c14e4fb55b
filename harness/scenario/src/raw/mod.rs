//! The shape of a scenario file as it is written, before anything is checked beyond types.
//!
//! The doc comments of these types become the descriptions in `scenarios/schema.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use bloathound_vocabulary::{FindingClass, Toggled, Traffic};

use crate::matcher::Matcher;
use crate::model::{Method, OptionValue, TraceReader};
use crate::unique_map::UniqueMap;

mod own;

pub(crate) use own::{RawCommand, RawIgnore, RawMixed, RawReady};

/// One scenario: a service, the load that brings out what is wrong with it, what to look at, and what must be found. The
/// service is one of ours (`service`), with a known bug, or one of your own (`command`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping that describes a scenario")]
#[schemars(title = "Bloathound scenario")]
pub(crate) struct RawScenario {
    /// The scenario's name; the same as the file's name without `.yaml`.
    pub(crate) name: String,
    /// One line for people.
    pub(crate) title: String,
    /// Where the bug was reported, for one that others had: `sqlalchemy 2650`, `release notes 3.1`.
    #[serde(default)]
    pub(crate) upstream: Option<String>,
    /// A folder of `reference-services/`; `./NAME` is a folder beside this file.
    pub(crate) service: Option<String>,
    /// The CPython that a service of ours needs: `'2.7'`, which it is without this, `'3'` for any series of 3 that is read, or
    /// `'3.13'` for that one or a later one.
    pub(crate) series: Option<String>,
    /// In place of `service`: the command that starts a service of your own, as one line or as a list of words. `{port}` in
    /// it becomes a port that is free, `{python}` the interpreter.
    pub(crate) command: Option<RawCommand>,
    /// The interpreter that `{python}` stands for, or the folder of a virtual environment, from this file on. Without it, the
    /// Python 2.7 that is found.
    pub(crate) python: Option<String>,
    /// Where the command runs, from this file on; by default the file's own folder.
    pub(crate) cwd: Option<String>,
    /// Variables of the command's environment, beside those that there are.
    #[serde(default)]
    pub(crate) env: UniqueMap<OptionValue>,
    /// The port where it serves, where that is not `{port}`.
    pub(crate) port: Option<u64>,
    /// When it is ready; by default when its port takes connections.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawReady")]
    pub(crate) ready: Option<RawReady>,
    /// Look at the processes that the command started, too, such as the workers of a pre-forking server.
    #[serde(default)]
    pub(crate) children: bool,
    /// Recorded with the results; `run --seed` overrides it.
    #[serde(default = "default_seed")]
    pub(crate) seed: u64,
    /// Command-line options of the service: `loop: counting` becomes `--loop counting`.
    #[serde(default)]
    pub(crate) options: UniqueMap<OptionValue>,
    /// Requests of the load made before the first look, so that imports and caches settle. By default none; to a service of
    /// your own as many as in a round.
    pub(crate) warm_up: Option<u64>,
    /// The requests of one round.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawLoad")]
    pub(crate) load: Option<RawLoad>,
    /// One request that nobody expects to be answered, for a hot loop.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawTrigger")]
    pub(crate) trigger: Option<RawTrigger>,
    /// What the service's ledger must say before each look.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawWait")]
    pub(crate) wait: Option<RawWait>,
    /// Ask the service openly for a full collection (`POST /collect`) before each look.
    #[serde(default)]
    pub(crate) collect: bool,
    /// What the engine looks at, and so which detectors run. All of them look at a service of your own, and this only says for
    /// how long.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawObserve")]
    pub(crate) observe: Option<RawObserve>,
    /// Findings that are known and let be, by their places: each with a reason, and if wanted a last day and a bound.
    #[serde(default)]
    pub(crate) ignore: Vec<RawIgnore>,
    /// Of a service that has one variant only: the findings, all of them. `[]` makes a gate of it.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<RawExpectation>")]
    pub(crate) expect: Option<Vec<RawExpectation>>,
    /// What is expected of the service with its bug.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawVariant")]
    pub(crate) buggy: Option<RawVariant>,
    /// What is expected of the same service with the fix; a hard negative has this variant only.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawVariant")]
    pub(crate) fixed: Option<RawVariant>,
}

/// The requests of one round, counted and never timed: what leaks is then exact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `path`, `mix` or `command`, `requests` and, if wanted, `method`, `headers`, `body`, \
                 `concurrency` and `traffic`"
)]
pub(crate) struct RawLoad {
    /// GET, or POST where there is a body.
    #[serde(default)]
    pub(crate) method: Option<Method>,
    /// Path and query, from the slash on. `{n}` stands for the request's number: each from 1 on once, in an order that
    /// the seed decides.
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) headers: UniqueMap<String>,
    pub(crate) body: Option<String>,
    /// In place of `path`: several requests, made in turn, each as often as its `weight` says.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Vec<RawMixed>")]
    pub(crate) mix: Option<Vec<RawMixed>>,
    /// In place of `path`: a command line for the shell that makes the `requests` of one round to a service of your own, in
    /// whatever protocol. `{port}` in it is the service's port.
    pub(crate) command: Option<String>,
    /// Requests in a round.
    pub(crate) requests: u64,
    /// Requests under way at once.
    #[serde(default = "one")]
    pub(crate) concurrency: u64,
    /// How they spread over the rounds: steadily, or unevenly as the profile and the seed say. There are as many in all;
    /// `lulls` and `mixed` have rounds without any in between. `run --traffic` overrides it.
    #[serde(default = "steady")]
    pub(crate) traffic: Traffic,
}

/// A request that isn't expected to answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `path` and, if wanted, `method` and `requests`")]
pub(crate) struct RawTrigger {
    #[serde(default)]
    pub(crate) method: Method,
    /// Path and query, from the slash on.
    pub(crate) path: String,
}

/// A condition on the service's ledger, waited for by asking again until the deadline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `ledger` and `within_seconds`")]
pub(crate) struct RawWait {
    /// Totals of the ledger by name, and what each must be.
    pub(crate) ledger: UniqueMap<Matcher>,
    /// The deadline; past it the run is invalid.
    pub(crate) within_seconds: f64,
}

/// The looks to take; at least one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `growth`, `inspect`, `hot` or `toggle`")]
pub(crate) struct RawObserve {
    /// Repeat the load and look after every round: leaks.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawGrowth")]
    pub(crate) growth: Option<RawGrowth>,
    /// One look at the heap after the load: cycles, fragmentation.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawInspect")]
    pub(crate) inspect: Option<RawInspect>,
    /// Sample the stacks for a while: hot loops.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawHot")]
    pub(crate) hot: Option<RawHot>,
    /// Switch one of the service's built-in diagnostics on and off again under load. Stands alone: nothing is looked
    /// at from outside then.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "RawToggle")]
    pub(crate) toggle: Option<RawToggle>,
}

/// Growth over rounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `rounds` and, if wanted, `every_seconds`")]
pub(crate) struct RawGrowth {
    /// Rounds of the load, three or more; there is one more look than rounds, the first before them.
    pub(crate) rounds: u64,
    /// Of a service of your own without `load`: seconds from one look to the next.
    pub(crate) every_seconds: Option<f64>,
}

/// One look.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, for instance {}")]
pub(crate) struct RawInspect {
    /// Also look at the fresh process, before any load.
    #[serde(default)]
    pub(crate) baseline: bool,
}

/// Sampling.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `seconds` and, if wanted, `under_load`")]
pub(crate) struct RawHot {
    /// How long to sample.
    pub(crate) seconds: f64,
    /// Make rounds of the load all the while.
    #[serde(default)]
    pub(crate) under_load: bool,
}

/// A diagnostic of the in-process kit: a round of the load with it off, one with it on, one with it off again. With a
/// `trigger`: one round with it off, then the trigger, then the diagnostic.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `what` and, for `trace`, `reader`")]
pub(crate) struct RawToggle {
    pub(crate) what: Toggled,
    /// Who reads the trace.
    #[serde(default)]
    pub(crate) reader: Option<TraceReader>,
    /// Trace without rests.
    #[serde(default)]
    pub(crate) full: bool,
}

/// What must be found on one variant, and what proves that its run was a real one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `expect` and `ledger`, and if wanted `told`, `toggle`, `packages`, `command` and `env`"
)]
pub(crate) struct RawVariant {
    /// The findings, all of them: one that isn't listed is a false alarm.
    pub(crate) expect: Vec<RawExpectation>,
    /// What must be told although it is no finding: growth below a limit that is known. Other observations may be there.
    #[serde(default)]
    pub(crate) told: Vec<RawTold>,
    /// Facts of the toggle by name, and what each must be. That no request is lost, that it was on and that it is off
    /// again without a trace is required anyway.
    #[serde(default)]
    pub(crate) toggle: UniqueMap<Matcher>,
    /// Totals of the service's ledger that prove the run; else it is INVALID. A service of your own needs none.
    #[serde(default)]
    pub(crate) ledger: UniqueMap<Matcher>,
    /// The packages of this variant: a lock file with hashes, as pip has it, below this file's folder. They take the place
    /// of the services' own.
    #[serde(default)]
    pub(crate) packages: Option<String>,
    /// The command of this variant, of a service of your own.
    #[serde(default)]
    pub(crate) command: Option<RawCommand>,
    /// Variables of this variant, of a service of your own.
    #[serde(default)]
    pub(crate) env: UniqueMap<OptionValue>,
}

/// One finding. Only the fields written here are compared.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `class` and, if wanted, `also_as`, `verdict`, `where` and `evidence`"
)]
pub(crate) struct RawExpectation {
    pub(crate) class: FindingClass,
    /// Other classes that it may be told as: memory of C code, say, that grows along with the objects which hold it. It
    /// counts for `class` in the scores.
    #[serde(default)]
    pub(crate) also_as: Vec<FindingClass>,
    #[serde(default)]
    pub(crate) verdict: Option<String>,
    #[serde(default, rename = "where", deserialize_with = "present")]
    #[schemars(with = "RawPlace")]
    pub(crate) place: Option<RawPlace>,
    /// Evidence by name; a dot reaches into lists and mappings (`pinned_by.0.type`).
    #[serde(default)]
    pub(crate) evidence: UniqueMap<Matcher>,
}

/// One observation. Only the fields written here are compared.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `class` and, if wanted, `where` and `evidence`")]
pub(crate) struct RawTold {
    /// `bounded`, `kept-by-design`, `collector-off`, `native-memory-climbs`, `native-memory-held`.
    pub(crate) class: String,
    #[serde(default, rename = "where", deserialize_with = "present")]
    #[schemars(with = "RawPlace")]
    pub(crate) place: Option<RawPlace>,
    /// Its figures by name: `length`, `limit`.
    #[serde(default)]
    pub(crate) evidence: UniqueMap<Matcher>,
}

/// Where the finding must point.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with `module`, `class`, `attribute`, `file`, `function`, `line_first`, `line_last`, `path` or `names`"
)]
pub(crate) struct RawPlace {
    pub(crate) module: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) attribute: Option<String>,
    /// The file's path, or the end of it from a slash on.
    pub(crate) file: Option<String>,
    pub(crate) function: Option<String>,
    #[serde(default)]
    pub(crate) line_first: Option<Matcher>,
    #[serde(default)]
    pub(crate) line_last: Option<Matcher>,
    /// Labels from the root down: `module model`, `DBModel`, `_field_cache`, `key`.
    pub(crate) path: Option<Vec<String>>,
    /// Words that a person needs to find the place in the source, in whichever field of it they stand: `render`, `cache`.
    pub(crate) names: Option<Vec<String>>,
}

fn default_seed() -> u64 {
    1
}

fn one() -> u64 {
    1
}

fn steady() -> Traffic {
    Traffic::Steady
}

/// Reads an optional section so that an empty one (`fixed:` and nothing after it) is an error
/// instead of being taken for an absent one.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bloathound_vocabulary::{Location, PlaceKind};

    use super::*;

    #[test]
    fn all_that_a_finding_says_of_its_place_may_be_expected() {
        let schema = serde_json::to_value(schemars::schema_for!(RawPlace)).unwrap();
        let taken: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let said = Location::FIELDS.iter().filter(|(_, kind)| *kind != PlaceKind::Words).map(|(name, _)| *name);
        let missing: Vec<&str> = said.filter(|name| !taken.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?} of {taken:?}");
    }
}
