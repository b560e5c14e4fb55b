//! Generated cases on disk: written to a private place, read back like any scenario, gone at the end unless they are kept.

use std::path::{Path, PathBuf};

use bloathound_generate::{Case, CaseClass, CaseId, GenerateError, Generator};
use bloathound_memory::output::{Readers, write_whole};
use bloathound_scenario::Scenario;
use tempfile::TempDir;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::home::Home;

/// Scenarios of a seed, and the folder they are in.
pub(crate) struct Generated {
    pub(crate) scenarios: Vec<Scenario>,
    /// Removed when dropped; none where it is kept.
    _folder: Option<TempDir>,
}

/// The cases that are asked for: by their names, or as many as wanted of one class or of all in turn. None at all where
/// neither is.
///
/// # Errors
/// They can't be written, or a case is not valid: a mistake of ours.
pub(crate) fn generate(arguments: &RunArguments, home: &Home) -> Result<Option<Generated>, CliError> {
    let wanted = wanted(arguments);
    if wanted.is_empty() {
        return Ok(None);
    }
    let generator = Generator::new().map_err(ours)?;
    let temporary = match &arguments.keep {
        Some(_) => None,
        None => Some(bloathound_memory::temporary_folder().map_err(CliError::unwritten)?),
    };
    let folder: PathBuf = match (&temporary, &arguments.keep) {
        (Some(temporary), _) => temporary.path().to_owned(),
        (None, kept) => kept.clone().unwrap_or_default(),
    };
    let mut scenarios = Vec::new();
    for id in wanted {
        let case = generator.case(id).map_err(ours)?;
        write(&case, &folder, temporary.is_none())?;
        let file = folder.join(format!("{}.yaml", case.name));
        scenarios.push(bloathound_scenario::load_file(&file, &home.services())?);
    }
    Ok(Some(Generated { scenarios, _folder: temporary }))
}

fn wanted(arguments: &RunArguments) -> Vec<CaseId> {
    let Some(count) = arguments.generated else {
        return arguments.names.iter().filter_map(|name| CaseId::of_name(name)).collect();
    };
    let seed = arguments.seed.unwrap_or(1);
    let classes = arguments.class.map_or_else(|| CaseClass::ALL.to_vec(), |class| vec![class.0]);
    let numbers = 0..count.div_ceil(u32::try_from(classes.len()).unwrap_or(1));
    let all = numbers.flat_map(|number| classes.iter().map(move |class| CaseId { class: *class, seed, number }));
    all.take(count as usize).collect()
}

fn ours(error: GenerateError) -> CliError {
    CliError::Usage(format!("{error}; this is a mistake in bloathound"))
}

/// What is kept is written like every output; what is gone in a moment has no need of that.
fn write(case: &Case, folder: &Path, kept: bool) -> Result<(), CliError> {
    for file in &case.files {
        let path = folder.join(&file.path);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| {
            if kept {
                write_whole(&path, file.text.as_bytes(), Readers::AsBefore)
            } else {
                std::fs::write(&path, &file.text)
            }
        })
        .map_err(|error| CliError::unwritten(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
