//! Heat maps as files.

use std::path::{Path, PathBuf};

use bloathound_report::heatmap;
use bloathound_vocabulary::HeatMap;

use crate::error::CliError;
use crate::output;

/// Whether a picture can be written so, before there is one.
pub(crate) fn check(path: Option<&PathBuf>) -> Result<(), CliError> {
    let known = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "png" || ending == "svg");
    path.filter(|path| !known(path)).map_or(Ok(()), |path| Err(unknown(path)))
}

fn unknown(path: &Path) -> CliError {
    CliError::Usage(format!("{}: meant a name that ends in .png or .svg", path.display()))
}

/// Writes the picture, as PNG or SVG by the name's ending.
pub(crate) fn write(path: &Path, map: &HeatMap) -> Result<(), CliError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => {
            let bytes = heatmap::to_png(map).map_err(|error| CliError::output(path, error))?;
            output::file(path, &bytes)
        }
        Some("svg") => output::file(path, heatmap::to_svg(map).as_bytes()),
        _ => Err(unknown(path)),
    }
}
