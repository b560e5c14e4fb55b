//! The `bloathound` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    bloathound_cli::main()
}
