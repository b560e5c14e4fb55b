//! What counts hang on besides the code, and the programs that count.

use std::path::PathBuf;

use bloathound_vocabulary::MachineKind;

use super::checkout::Checkout;

/// The version of gungraun's runner that fits the library in `Cargo.lock`.
const RUNNER: &str = "0.20.0";
/// Where `ci/perf-tools` puts it.
const RUNNER_PLACE: &str = "tools/bin/gungraun-runner";

/// The kind of machine: never its name.
pub(crate) fn kind(checkout: &Checkout) -> MachineKind {
    let processors = bloathound_bounds::read_regular_text("/proc/cpuinfo".as_ref(), 16 << 20).unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned());
    let version = |text: String| text.split_whitespace().nth(1).unwrap_or_default().to_owned();
    MachineKind {
        processor: format!("{} {model}", std::env::consts::ARCH),
        toolchain: checkout.said("rustc", &["--version"]).map(version).unwrap_or_default(),
        valgrind: valgrind(checkout),
        libc: checkout.said("getconf", &["GNU_LIBC_VERSION"]).unwrap_or_else(|| "unknown".into()),
    }
}

fn valgrind(checkout: &Checkout) -> Option<String> {
    checkout.said("valgrind", &["--version"]).map(|text| text.trim_start_matches("valgrind-").to_owned())
}

/// gungraun's runner of the right version, or what to type.
pub(crate) fn runner(checkout: &Checkout) -> Result<PathBuf, String> {
    if valgrind(checkout).is_none() {
        return Err("instructions are counted by valgrind, and there is none: apt-get install valgrind".into());
    }
    let places = [
        std::env::var_os("GUNGRAUN_RUNNER").map(PathBuf::from),
        Some(checkout.target().join(RUNNER_PLACE)),
        Some(PathBuf::from("gungraun-runner")),
    ];
    let is_it = |place: &PathBuf| {
        let said = checkout.said(&place.to_string_lossy(), &["--version"]);
        said.is_some_and(|said| said.split_whitespace().any(|word| word == RUNNER))
    };
    places.into_iter().flatten().find(is_it).ok_or_else(|| {
        format!("instructions are counted by gungraun-runner {RUNNER}, and there is none: ci/perf-tools installs it")
    })
}
