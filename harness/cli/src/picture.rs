//! Heat maps as files.

use std::path::Path;

use bloathound_report::heatmap;
use bloathound_vocabulary::HeatMap;

use crate::error::CliError;
use crate::output;

/// Writes the picture, as PNG or SVG by the name's ending.
pub(crate) fn write(path: &Path, map: &HeatMap) -> Result<(), CliError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => {
            let bytes = heatmap::to_png(map).map_err(|error| CliError::output(path, error))?;
            output::file(path, &bytes)
        }
        Some("svg") => output::file(path, heatmap::to_svg(map).as_bytes()),
        _ => Err(CliError::Usage(format!("{}: meant a name that ends in .png or .svg", path.display()))),
    }
}
