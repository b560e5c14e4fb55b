//! `bloathound perf`.

use crate::error::CliError;
use crate::perf::{self, PerfArguments};

/// `bloathound perf`: measures, compares, shows, gates, accepts.
pub(crate) fn perf(arguments: &PerfArguments) -> Result<u8, CliError> {
    perf::perf(arguments)
}
