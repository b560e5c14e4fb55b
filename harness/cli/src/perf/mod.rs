//! Performance, tracked: measuring by the benchmarks of a checkout, the file of the history, and what is told of both.
//! What figures are worth, `bloathound-perf` says.

mod arguments;
mod checkout;
mod machine;
mod measure;
mod pairs;
mod store;
mod told;
mod valgrind;

pub(crate) use arguments::{
    AcceptArguments, CompareArguments, GateArguments, HistoryArguments, PerfArguments, PerfCommand, RecordArguments,
};
pub(crate) use checkout::Checkout;
pub(crate) use machine::runner;
pub(crate) use measure::{Measured, Past, Wanted, measure};
pub(crate) use pairs::in_pairs;
pub(crate) use store::{append, read};
pub(crate) use told::{comparison, history, judgements, page};
