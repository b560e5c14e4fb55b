//! Which scenarios the names on a command line mean.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bloathound_generate::CaseId;
use bloathound_scenario::{Scenario, load_dir, select};

use crate::error::CliError;
use crate::files;
use crate::generated::Generated;
use crate::home::Home;

/// The scenarios that are generated, those of files, and those of the other names. Where any is one of the former, no other
/// name means none. A seed
/// is their own from here on, for whatever varies by it.
///
/// # Errors
/// As [`scenarios`].
pub(crate) fn all(
    home: &Home,
    names: &[String],
    seed: Option<u64>,
    generated: Option<&Generated>,
) -> Result<Vec<Scenario>, CliError> {
    let (of_files, names): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| files::is_file(name));
    let others: Vec<String> = names.into_iter().filter(|name| CaseId::of_name(name).is_none()).cloned().collect();
    let none = (generated.is_some() || !of_files.is_empty()) && others.is_empty();
    let mut chosen = if none { Vec::new() } else { scenarios(home, &others)? };
    if !of_files.is_empty() {
        chosen.extend(files::load(&of_files, home)?);
    }
    chosen.extend(generated.iter().flat_map(|generated| generated.scenarios.clone()));
    if let Some(seed) = seed {
        chosen.iter_mut().for_each(|scenario| scenario.seed = seed);
    }
    Ok(chosen)
}

/// The scenarios of these names, in the order given, each once. A name or a pattern is one of `scenarios/` itself; those
/// of a folder in it are asked for by the folder's name, all (`field`) or some (`field/torn*`). No names: all of
/// `scenarios/` itself, and of no folder.
///
/// # Errors
/// A file is refused, or a name that no scenario has.
fn scenarios(home: &Home, names: &[String]) -> Result<Vec<Scenario>, CliError> {
    if names.is_empty() {
        return Ok(load_dir(&home.scenarios(), &home.services())?);
    }
    let mut loaded: BTreeMap<String, Vec<Scenario>> = BTreeMap::new();
    let mut chosen: Vec<Scenario> = Vec::new();
    for name in names {
        let (folder, pattern) = match name.split_once('/') {
            Some((folder, pattern)) if is_folder(home, folder) => (folder.to_owned(), pattern),
            None if is_folder(home, name) => (name.clone(), ""),
            _ => (folder_of(home, name).unwrap_or_default(), name.as_str()),
        };
        let there = match loaded.entry(folder) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let dir = if place.key().is_empty() { home.scenarios() } else { home.scenarios().join(place.key()) };
                place.insert(load_dir(&dir, &home.services())?)
            }
        };
        let pattern: Vec<String> = (!pattern.is_empty()).then(|| pattern.to_owned()).into_iter().collect();
        for scenario in select(there, &pattern)? {
            if !chosen.iter().any(|other| other.file == scenario.file) {
                chosen.push(scenario.clone());
            }
        }
    }
    Ok(chosen)
}

/// The folder of a whole name that `scenarios/` itself does not have: what a run is called in its results may be typed.
fn folder_of(home: &Home, name: &str) -> Option<String> {
    let file = format!("{name}.yaml");
    let plain = !name.contains(['/', '*', '?']);
    if !plain || home.scenarios().join(&file).is_file() {
        return None;
    }
    let entries = std::fs::read_dir(home.scenarios()).ok()?;
    let with_it = entries.flatten().filter(|entry| entry.path().join(&file).is_file());
    with_it.filter_map(|entry| entry.file_name().into_string().ok()).min()
}

/// Whether `scenarios/` has a folder of that name.
fn is_folder(home: &Home, name: &str) -> bool {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    plain && home.scenarios().join(name).is_dir()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(names: &[&str]) -> Result<Vec<String>, CliError> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let chosen = scenarios(&Home::find(Some(&root))?, &names)?;
        Ok(chosen.into_iter().map(|scenario| scenario.name).collect())
    }

    #[test]
    fn a_folder_is_run_when_it_is_asked_for_and_not_otherwise() {
        let (plain, field) = (of(&[]).unwrap_or_default(), of(&["field"]).unwrap_or_default());
        assert!(plain.contains(&"leak".to_owned()) && field.len() >= 30);
        assert!(field.iter().all(|name| !plain.contains(name)));
        let some = of(&["leak", "field/torn_head*", "torn_headers"]).unwrap_or_default();
        assert_eq!(some, ["leak", "torn_headers"]);
        for unknown in ["torn_head*", "field/leak", "felt/torn_headers", "torn_header"] {
            assert!(of(&[unknown]).is_err(), "{unknown}");
        }
    }
}
