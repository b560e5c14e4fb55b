//! Learners' folders in a zip archive: whatever `lab.txt` is in it, nothing unpacked to the disk.

use std::io::Read as _;
use std::path::Path;

use bloathound_bounds::open_regular;
use zip::ZipArchive;

use crate::error::LabError;
use crate::progress::Diary;

/// The most members of an archive that are looked at: a class of twenty with packages beside their labs has fewer.
const MEMBERS_MAX: usize = 200_000;

/// Whether a path is that of an archive, by its name.
pub(crate) fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) && path.is_file()
}

/// Every progress file in it, or why one can't be read.
///
/// # Errors
/// It is no archive, or can't be read.
pub(crate) fn diaries(path: &Path) -> Result<Vec<Result<Diary, LabError>>, LabError> {
    let file = open_regular(path).map_err(|error| LabError::file(path, error))?;
    let mut archive = ZipArchive::new(file).map_err(|error| LabError::file(path, error))?;
    let is_progress = |name: &str| name.rsplit(['/', '\\']).next() == Some(Diary::FILE);
    let of_labs: Vec<(usize, String)> = archive
        .file_names()
        .take(MEMBERS_MAX)
        .enumerate()
        .filter_map(|(at, name)| name.ok().filter(|name| is_progress(name)).map(|name| (at, name.into_owned())))
        .collect();
    Ok(of_labs.into_iter().map(|(at, name)| diary(&mut archive, path, (at, &name))).collect())
}

fn diary(archive: &mut ZipArchive<std::fs::File>, path: &Path, (at, name): (usize, &str)) -> Result<Diary, LabError> {
    let told = |cause: &dyn std::fmt::Display| LabError::data(format!("{}: {name}", path.display()), cause);
    let member = archive.by_index(at).map_err(|error| told(&error))?;
    let mut text = String::new();
    // What a member unpacks to is its own claim: it is read as far as a progress file may be long, and one byte more.
    member.take(Diary::BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| told(&error))?;
    if text.len() as u64 > Diary::BYTES_MAX {
        return Err(told(&format!("more than {} bytes", Diary::BYTES_MAX)));
    }
    Ok(Diary::of_text(&text))
}
