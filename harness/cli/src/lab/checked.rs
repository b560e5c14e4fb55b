//! `lab check`: the diagnosis, then the cure.

use bloathound_engine::Interrupt;

use super::answered::diagnosis;
use super::arguments::{CheckArguments, Which};
use super::desk::Desk;
use super::looked::wrapped;
use super::{cured, explained, recordings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, preparation};

/// Checks what the learner has done, and explains it once it is passed.
pub(crate) fn check(arguments: &CheckArguments) -> Result<u8, CliError> {
    let which = Which { name: arguments.name.clone().unwrap_or_default(), place: arguments.place.clone() };
    let mut desk = Desk::open(&which)?;
    desk.progress.count("checks");
    let diagnosis = diagnosis(&desk)?;
    desk.progress.set("diagnosis", if diagnosis.right { "yes" } else { "no" });
    let mut text = diagnosis.text;
    let mut passed = diagnosis.right;
    text.push_str("\ncure\n");
    let mut ran = None;
    if recordings::is_recorded(&desk) {
        text.push_str("  left out: this lab is a recording, and the cure needs Python 2.7 on Linux\n");
    } else {
        output::progress("running your service under the same load as before");
        let interrupt = Interrupt::take()?;
        let launcher = preparation::launcher(&desk.home)?;
        let right = desk.drawn.lab.releases.last().map(|(_, lock)| desk.home.scenarios().join(lock));
        let lock = desk.lock()?;
        let service = desk.service()?;
        let cured = cured::judge((&desk.drawn, &launcher), &service, lock.as_deref(), right.as_deref(), &interrupt)?;
        desk.progress.set("cure", if cured.passed { "yes" } else { "no" });
        passed &= cured.passed;
        let mark = if cured.passed { "right" } else { "wrong" };
        for (number, line) in cured.says.iter().flat_map(|says| wrapped(says, 9)).enumerate() {
            text.push_str(&format!("  {}  {line}\n", if number == 0 { mark } else { "     " }));
        }
        ran = cured.ran;
    }
    text.push('\n');
    if passed {
        text.push_str(&explained::passed(&mut desk, ran.as_ref())?);
    } else {
        text.push_str(&format!("not yet. {} has one more to go on\n", desk.typed("hint")));
    }
    desk.save()?;
    output::result(&text);
    Ok(if passed { Exit::AsExpected } else { Exit::ExpectationFailed }.number())
}
