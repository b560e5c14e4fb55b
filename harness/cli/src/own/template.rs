//! The text of a scenario that `bloathound init` writes.

use std::path::Path;

use bloathound_driver::{FoundService, PORT};

/// What a service is called: its script, or its program.
pub(super) fn name(words: &[String]) -> String {
    let file = |word: &String| Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned());
    let script = words.iter().skip(1).find(|word| word.ends_with(".py") || word.ends_with(".tac"));
    let named = script.or(words.first()).and_then(file).unwrap_or_default();
    let stem = named.trim_end_matches(".py").trim_end_matches(".tac");
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "service".to_owned() } else { plain.to_owned() }
}

/// A text as YAML has it, whatever is in it: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The whole file. `folder` is the one that it will be in.
pub(super) fn scenario(name: &str, found: &FoundService, folder: &Path) -> String {
    let mut out = format!(
        "# A scenario of bloathound for a service of your own. `bloathound run {name}.yaml` runs it, from any folder: exit code 0\n\
         # where nothing was found, 1 where something was. All keys: scenarios/README.md of bloathound.\n\
         name: {}\ntitle: {}\n",
        quoted(name),
        quoted(&format!("{name}, under load"))
    );
    starts(&mut out, found, folder);
    load(&mut out, found);
    out.push_str(
        "\n# Findings that are known and let be: told in every run, and no failure until their day or past their bound.\n\
         # ignore:\n\
         #   - where: {class: Audit, attribute: entries}\n\
         #     reason: mended by the next release\n\
         #     until: 2027-01-31\n\
         #     bound: {retained_bytes: 5000000}\n\
         \n# Nothing may be found: that makes a gate of it.\n\
         expect: []\n",
    );
    out
}

/// How it is started, and when it is ready.
fn starts(out: &mut String, found: &FoundService, folder: &Path) {
    let words: Vec<String> = found.words.iter().map(|word| quoted(word)).collect();
    out.push_str("\n# What starts it; it is ended afterwards with all that it started.");
    if found.words.iter().any(|word| word.contains(PORT)) {
        out.push_str(" {port} becomes a port that is free.");
    }
    out.push_str(&format!("\ncommand: [{}]\n", words.join(", ")));
    let same = found.folder.canonicalize().is_ok_and(|there| there == folder);
    if !same {
        out.push_str("# Where it runs, from this file on.\n");
        out.push_str(&format!("cwd: {}\n", quoted(&found.folder.display().to_string())));
    }
    if !found.variables.is_empty() {
        let variables = found.variables.iter().map(|(name, value)| format!("  {name}: {}\n", quoted(value)));
        out.push_str(&format!("# Variables beside those that there are.\nenv:\n{}", variables.collect::<String>()));
    }
    if let Some(port) = found.port {
        out.push_str(&format!(
            "# Where it serves, by its own configuration; nothing else may be there.\nport: {port}\n"
        ));
    }
    if found.interpreters > 1 {
        out.push_str("# It has more than one process: each is looked at.\nchildren: true\n");
    }
    out.push_str(
        "# When it is ready: port: true, http: /PATH, log: 'a regular expression', handshake: true or now: true.\n",
    );
    let ready = match (&found.told_by, found.listens) {
        (Some(pattern), _) => format!("log: {}", quoted(pattern)),
        (None, true) => "port: true".to_owned(),
        (None, false) => "now: true".to_owned(),
    };
    out.push_str(&format!("ready: {{{ready}, within_seconds: 30}}\n"));
}

/// What keeps it at work, and how often it is looked at.
fn load(out: &mut String, found: &FoundService) {
    let Some(path) = &found.path else {
        out.push_str(
            "\n# Without load, looks follow time. Where it answers requests, say which:\n\
             # load: {path: /orders, requests: 20}\n\
             # In another protocol, a command of yours makes them: load: {command: 'ab -n 20 http://127.0.0.1:{port}/', requests: 20}\n\
             observe: {growth: {rounds: 6, every_seconds: 2}, hot: {seconds: 2}}\n",
        );
        return;
    };
    out.push_str(&format!(
        "\n# The requests of a round. {{n}} in a path is the request's number.\n\
         load:\n\
         \x20 path: {}\n\
         \x20 # method: POST\n\
         \x20 # headers: {{Accept: text/html}}\n\
         \x20 # body: '{{\"kind\": \"book\"}}'\n\
         \x20 # In place of path, several in turn: mix: [{{path: /orders, weight: 3}}, {{path: /books?n={{n}}}}]\n\
         \x20 requests: 20\n\
         \x20 concurrency: 1\n\
         \x20 # Uneven rounds, as many requests in all: bursts, lulls, ramp or mixed.\n\
         \x20 traffic: steady\n\
         # A look after each round; then samples for loops.\n\
         observe: {{growth: {{rounds: 6}}, hot: {{seconds: 2}}}}\n",
        quoted(path)
    ));
}
