//! Which scenarios the names on a command line mean.

use std::collections::BTreeMap;

use bloathound_generate::CaseId;
use bloathound_scenario::{Scenario, load_dir, select};

use crate::error::CliError;
use crate::generated::Generated;
use crate::home::Home;

/// The scenarios that are generated and those of the other names. Where any is generated, no other name means none.
///
/// # Errors
/// As [`scenarios`].
pub(crate) fn all(home: &Home, names: &[String], generated: Option<&Generated>) -> Result<Vec<Scenario>, CliError> {
    let others: Vec<String> = names.iter().filter(|name| CaseId::of_name(name).is_none()).cloned().collect();
    let none = generated.is_some() && others.is_empty();
    let mut chosen = if none { Vec::new() } else { scenarios(home, &others)? };
    chosen.extend(generated.iter().flat_map(|generated| generated.scenarios.clone()));
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
        if !loaded.contains_key(&folder) {
            let dir = if folder.is_empty() { home.scenarios() } else { home.scenarios().join(&folder) };
            loaded.insert(folder.clone(), load_dir(&dir, &home.services())?);
        }
        let there = loaded.get(&folder).map(Vec::as_slice).unwrap_or_default();
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
