//! The load: which requests, how many, how they spread over the rounds.

use bloathound_vocabulary::Traffic;

use crate::checker::{Checker, bounded, check_request_path};
use crate::error::ScenarioProblem;
use crate::locate::{NodePath, Part};
use crate::model::{Load, Method, Mixed, NUMBER, Observe, Request};
use crate::raw::{RawLoad, RawMixed};
use crate::unique_map::UniqueMap;
use crate::vocabulary::{CONCURRENCY_MAX, REQUESTS_MAX};

/// Most that a request may come for one of another; more is a slip of the finger.
const WEIGHT_MAX: u64 = 1_000;

/// The load's requests and, in their place, the command line that makes them.
pub(super) fn check_load(raw: RawLoad, is_own: bool, checker: &mut Checker<'_>) -> (Load, Option<String>) {
    let node = NodePath::default().key("load");
    bounded(checker, &node.key("requests"), raw.requests, 1, REQUESTS_MAX);
    let in_bounds = bounded(checker, &node.key("concurrency"), raw.concurrency, 1, CONCURRENCY_MAX);
    if in_bounds && raw.requests > 0 && raw.concurrency > raw.requests {
        checker.wrong(
            &node.key("concurrency"),
            format!("{} requests at once of {} in a round", raw.concurrency, raw.requests),
            format!("1 to {}", raw.requests),
        );
    }
    let given = [raw.path.is_some(), raw.mix.is_some(), raw.command.is_some()];
    match given.iter().filter(|is| **is).count() {
        0 => checker.refuse(&node, Part::Value, ScenarioProblem::MissingKey("path".to_owned())),
        1 => {}
        _ => checker.wrong(&node, "several of `path`, `mix` and `command`", "one of them"),
    }
    let of_one = raw.method.is_some() || raw.body.is_some() || !raw.headers.0.is_empty();
    if raw.path.is_none() && of_one {
        let wanted = "`path`, or these for each request of `mix`";
        checker.wrong(&node, "`method`, `headers` or `body` and no `path` that they are of", wanted);
    }
    if raw.command.is_some() && !is_own {
        let wanted = "requests, by `path` or `mix`: a service of ours counts them";
        checker.wrong(&node.key("command"), "a command that makes the load of a `service`", wanted);
    }
    let concurrency = usize::try_from(raw.concurrency).unwrap_or(1);
    let mut mixed: Vec<Mixed> = match (raw.mix, raw.path) {
        (Some(mix), _) => {
            let node = node.key("mix");
            if mix.is_empty() {
                checker.wrong(&node, "no request", "one request at least");
            }
            mix.into_iter().enumerate().map(|(at, raw)| check_mixed(raw, &node.index(at), checker)).collect()
        }
        (None, path) => {
            let path = path.inspect(|path| check_request_path(checker, &node.key("path"), path));
            let request = request(raw.method, path.unwrap_or_default(), raw.headers, raw.body, &node, checker);
            vec![Mixed { request, weight: 1 }]
        }
    };
    let first = if mixed.is_empty() { Mixed { request: Request::default(), weight: 1 } } else { mixed.remove(0) };
    let one = Load::of(first.request, raw.requests, concurrency);
    (Load { weight: first.weight, others: mixed, ..one }, raw.command)
}

fn check_mixed(raw: RawMixed, node: &NodePath, checker: &mut Checker<'_>) -> Mixed {
    check_request_path(checker, &node.key("path"), &raw.path);
    bounded(checker, &node.key("weight"), raw.weight, 1, WEIGHT_MAX);
    Mixed { request: request(raw.method, raw.path, raw.headers, raw.body, node, checker), weight: raw.weight }
}

fn request(
    method: Option<Method>,
    path: String,
    headers: UniqueMap<String>,
    body: Option<String>,
    node: &NodePath,
    checker: &mut Checker<'_>,
) -> Request {
    for (name, value) in &headers.0 {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name || value.contains(['\r', '\n']) {
            let found = format!("the header {name:?} with {value:?}");
            checker.wrong(&node.key("headers").key(name.clone()), found, "a header, such as `Accept: text/html`");
        }
    }
    let by_body = if body.is_some() { Method::Post } else { Method::Get };
    Request {
        method: method.unwrap_or(by_body),
        path,
        headers: headers.0.into_iter().collect(),
        body: body.unwrap_or_default(),
    }
}

/// Uneven traffic needs rounds to be uneven in, and numbered requests are kept as a list.
pub(super) fn check_spread(
    load: Option<&Load>,
    traffic: Traffic,
    warm_up: u64,
    observe: &Observe,
    checker: &mut Checker<'_>,
) {
    let node = NodePath::default().key("load");
    if traffic != Traffic::Steady && (observe.rounds() == 0 || observe.toggle.is_some()) {
        checker.wrong(
            &node.key("traffic"),
            format!("traffic in {traffic} and no rounds that it could spread over"),
            "`observe.growth` or `observe.inspect`, or steady traffic",
        );
    }
    let Some(load) = load else { return };
    let made = load.requests.saturating_mul(observe.rounds()).saturating_add(warm_up);
    if load.is_numbered() && made > REQUESTS_MAX {
        let found = format!("{made} numbered requests");
        checker.wrong(&node.key("path"), found, format!("{REQUESTS_MAX} in all, or a path without `{NUMBER}`"));
    }
}
