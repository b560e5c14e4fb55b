//! The YAML reader's errors in our words: what was found, what was meant, and where.

use crate::error::ScenarioProblem;
use crate::locate::{NodePath, Part, Place, Step, locate};
use crate::vocabulary::nearest;

/// What a first reading failed on.
pub(crate) struct Refusal {
    pub(crate) place: Option<Place>,
    pub(crate) node: String,
    pub(crate) problem: ScenarioProblem,
}

/// Turns the reader's error into a refusal.
///
/// Serde knows the kinds apart only by the wording of its messages, which its documentation fixes
/// (`serde::de::Error`'s provided methods); a wording that isn't known here is passed on as it is.
pub(crate) fn explain(yaml: &str, error: &serde_yaml::Error) -> Refusal {
    let place = error.location().map(|location| Place { line: location.line(), column: location.column() });
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(&*text, |(head, _)| head);
    let (node, message) = split_node(message);
    let problem = classify(message);
    let place = match &problem {
        // The reader gives the mapping's place; the second of the two keys is the better one.
        ScenarioProblem::RepeatedKey(key) => locate(yaml, &parse_path(node).key(key), Part::Key(1)).or(place),
        _ => place,
    };
    Refusal { place, node: node.to_owned(), problem }
}

const KNOWN_STARTS: [&str; 7] = [
    "unknown field ",
    "unknown variant ",
    "missing field ",
    "duplicate field ",
    "invalid type: ",
    "invalid value: ",
    "invalid length ",
];

/// Takes the leading `load.requests: ` off a message.
fn split_node(message: &str) -> (&str, &str) {
    KNOWN_STARTS
        .iter()
        .filter_map(|start| message.find(start))
        .min()
        .and_then(|start| {
            let node = message.get(..start)?.strip_suffix(": ")?;
            Some((node, message.get(start..)?))
        })
        .unwrap_or(("", message))
}

fn classify(message: &str) -> ScenarioProblem {
    let quoted = backticked(message);
    let starts = |start: &str| message.starts_with(start);
    match quoted.split_first() {
        Some((found, allowed)) if starts("unknown field ") || starts("unknown variant ") => {
            let found = (*found).to_owned();
            let suggestion = nearest(&found, allowed.iter().copied()).map(str::to_owned);
            let allowed = allowed.iter().map(|word| (*word).to_owned()).collect();
            if starts("unknown field ") {
                ScenarioProblem::UnknownKey { found, suggestion, allowed }
            } else {
                ScenarioProblem::UnknownWord { found, suggestion, allowed }
            }
        }
        Some((key, _)) if starts("missing field ") => ScenarioProblem::MissingKey((*key).to_owned()),
        Some((key, _)) if starts("duplicate field ") => ScenarioProblem::RepeatedKey((*key).to_owned()),
        _ if message.contains("more than one document") => ScenarioProblem::Wrong {
            found: "a second document".to_owned(),
            wanted: "one scenario in a file".to_owned(),
        },
        _ => wrong_or_syntax(message),
    }
}

fn wrong_or_syntax(message: &str) -> ScenarioProblem {
    for start in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(start)
            && let Some((found, expected)) = rest.rsplit_once(", expected ")
        {
            return ScenarioProblem::Wrong { found: plain_found(found), wanted: plain_type(expected).to_owned() };
        }
    }
    ScenarioProblem::Syntax(message.to_owned())
}

fn plain_found(found: &str) -> String {
    match found {
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit value" => "nothing".to_owned(),
        other => other
            .replace("string \"", "the text \"")
            .replace("integer `", "the number `")
            .replace("floating point `", "the number `")
            .replace("boolean `", "the truth value `"),
    }
}

fn plain_type(expected: &str) -> &str {
    match expected {
        "u64" | "usize" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" => "a text",
        "a sequence" => "a list",
        other => other,
    }
}

/// The words between backticks, in order.
fn backticked(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// The reader's own path notation back into steps.
fn parse_path(node: &str) -> NodePath {
    let mut path = NodePath::default();
    for part in node.split('.').filter(|part| !part.is_empty()) {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        path.0.push(Step::Key(key.to_owned()));
        for index in indices.split(['[', ']']) {
            if let Ok(index) = index.parse() {
                path.0.push(Step::Index(index));
            }
        }
    }
    path
}
