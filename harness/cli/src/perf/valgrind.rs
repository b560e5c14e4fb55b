//! The whole command under valgrind: instructions of all its threads together by callgrind, the bytes of its process at the
//! peak by DHAT. Any commit's program is counted the same way.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::CliError;

/// Instructions and peak bytes of `PROGRAM inspect IMAGE`; both tools at the same time.
///
/// # Errors
/// valgrind can't be run, or the program fails.
pub(crate) fn counted(program: &Path, image: &Path) -> Result<(f64, f64), CliError> {
    std::thread::scope(|scope| {
        let bytes = scope.spawn(|| figure("dhat", "--dhat-out-file=/dev/null", "At t-gmax:", program, image));
        let instructions = figure("callgrind", "--callgrind-out-file=/dev/null", "Collected :", program, image);
        let bytes = bytes.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((instructions?, bytes?))
    })
}

/// The first number behind `label` in what a tool says at its end.
fn figure(tool: &str, no_file: &str, label: &str, program: &Path, image: &Path) -> Result<f64, CliError> {
    let mut command = Command::new("valgrind");
    // Without an environment: nothing of this machine's is counted. One worker: who of several waits for whom is.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("BLOATHOUND_WORKERS", "1");
    command.args([&format!("--tool={tool}"), no_file]).arg(program).arg("inspect").arg(image);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output();
    let output = output.map_err(|error| {
        CliError::NotHere(format!("instructions are counted by valgrind: {error}\n  apt-get install valgrind"))
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let found = said.lines().find_map(|line| number(line.split_once(label)?.1));
    found.filter(|_| output.status.success()).ok_or_else(|| {
        let last = said.lines().last().unwrap_or_default();
        CliError::NotHere(format!("{} does not inspect {} under valgrind: {last}", program.display(), image.display()))
    })
}

fn number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_as_valgrind_writes_them() {
        assert_eq!(number(" 1,234,567 bytes in 12 blocks"), Some(1_234_567.0));
        assert_eq!(number(" 2070123"), Some(2_070_123.0));
        assert_eq!(number(" none"), None);
    }
}
