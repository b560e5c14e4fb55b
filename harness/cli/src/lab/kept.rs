//! `lab reset` and `lab solution`.

use bloathound_lab::Version;

use super::desk::{Desk, SERVICE};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output;

/// The lab as it was begun: the same names and figures, nothing answered.
pub(crate) fn reset(desk: &mut Desk) -> Result<u8, CliError> {
    let (lab, learner) = (desk.drawn.lab.name.clone(), desk.progress.get("learner").to_owned());
    let begun = desk.progress.get("begun").to_owned();
    let recorded = desk.progress.get("recorded").to_owned();
    desk.progress = bloathound_lab::Diary::begin(&lab, &learner, desk.drawn.seed, &begun);
    if !recorded.is_empty() {
        desk.progress.set("recorded", recorded);
    }
    desk.restore()?;
    desk.save()?;
    for name in ["explained.txt", "explained.html", "solution.py"] {
        let path = desk.folder.join(name);
        if path.is_file() {
            std::fs::remove_file(&path).map_err(|error| CliError::output(&path, error))?;
        }
    }
    output::result(&format!("{lab} is as it was; {SERVICE} too\n"));
    Ok(Exit::AsExpected.number())
}

/// A service that works, beside the learner's own; that it was looked at is noted.
pub(crate) fn solution(desk: &mut Desk) -> Result<u8, CliError> {
    let solved = desk.drawn.service(Version::Solved)?;
    desk.write("solution.py", &solved)?;
    if desk.progress.get("passed").is_empty() {
        desk.progress.set("saw solution", "yes");
        desk.save()?;
    }
    let cure = desk.drawn.told(&desk.drawn.lab.cure, &[])?;
    let mut text = format!("{}\n", cure.trim());
    if let Some((release, _)) = desk.drawn.lab.releases.last() {
        text.push_str(&format!("write {release} into {}\n", desk.folder.join(super::desk::RELEASE).display()));
    }
    let (own, other) = (desk.folder.join(SERVICE), desk.folder.join("solution.py"));
    text.push_str(&format!(
        "a service that works: {}\n  diff -u {} {}\n",
        other.display(),
        own.display(),
        other.display()
    ));
    output::result(&text);
    Ok(Exit::AsExpected.number())
}
