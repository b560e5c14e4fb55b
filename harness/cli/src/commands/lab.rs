//! `bloathound lab`.

use crate::error::CliError;
use crate::exit::Exit;
use crate::lab::arguments::LabCommand;
use crate::lab::desk::Desk;
use crate::lab::{answered, bundled, checked, explained, kept, listed, looked, proved, started};

/// `bloathound lab`: the workshop.
pub(crate) fn lab(command: &LabCommand) -> Result<u8, CliError> {
    match command {
        LabCommand::List(list) => listed::list(list),
        LabCommand::Start(start) => started::start(start),
        LabCommand::Look(which) => looked::look(&Desk::open(which)?),
        LabCommand::Hint(which) => answered::hint(&mut Desk::open(which)?),
        LabCommand::Answer(answer) => answered::answer(answer),
        LabCommand::Check(check) if check.all => proved::all(check),
        LabCommand::Check(check) => checked::check(check),
        LabCommand::Explain(which) => explained::again(&Desk::open(which)?),
        LabCommand::Reset(which) => kept::reset(&mut Desk::open(which)?),
        LabCommand::Solution(which) => kept::solution(&mut Desk::open(which)?),
        LabCommand::Report(report) => listed::report(report),
        LabCommand::Pages(pages) => listed::write_pages(pages).map(|()| Exit::AsExpected.number()),
        LabCommand::Bundle(bundle) => bundled::bundle(bundle),
    }
}
