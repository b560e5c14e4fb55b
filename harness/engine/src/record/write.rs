//! Examined processes to recorded images.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bloathound_cpython::{Needed, Redaction};
use bloathound_memory::{
    Address, Base, Effort, Manifest, RecordError, Recording, Region, RegionKind, SymbolTable, WriteOptions,
    WrittenRecording, write_recording,
};

use crate::interrupt::Interrupt;
use crate::source::{Examined, memory_limit};

/// What a recording's manifest says beyond what the copy itself tells.
#[derive(Clone, Debug, Default)]
pub struct RecordOptions {
    /// Name and version of the tool.
    pub tool: String,
    /// The process.
    pub pid: u32,
    /// Replace the contents of strings and the folders of paths.
    pub redact: bool,
    /// How hard to compress.
    pub effort: Effort,
    /// An image of the same process in the same folder that this one may build on.
    pub base: Option<PathBuf>,
    /// When this comes the image is given up.
    pub interrupt: Interrupt,
}

/// Writes what was examined to `path`, whole or not at all, readable by its owner only. Words that no analysis reads are
/// zero in it ([`Needed`]).
///
/// # Errors
/// [`RecordError::Io`].
pub fn record(
    path: &Path,
    examined: &mut Examined,
    symbols: &SymbolTable,
    options: &RecordOptions,
) -> Result<WrittenRecording, RecordError> {
    let mut redaction =
        options.redact.then(|| Redaction::plan(&examined.image, &examined.interpreter, &examined.snapshot));
    let needed = needed(examined, &symbols.data_ranges);
    let manifest = Manifest {
        tool: options.tool.clone(),
        kernel: kernel_release(),
        // The folders are nobody's business, and nothing needs them.
        executable: base_name(&examined.executable).to_owned(),
        pid: options.pid,
        redacted: options.redact,
        interpreter: examined.interpreter.to_facts(),
        facts: BTreeMap::from([("needed_bytes".to_owned(), needed.bytes().to_string())]),
    };
    let symbols = SymbolTable {
        path: base_name(&symbols.path).to_owned(),
        build_id: examined.build_id.clone().or_else(|| symbols.build_id.clone()),
        version: symbols.version.clone(),
        load_bias: symbols.load_bias,
        has_local_symbols: symbols.has_local_symbols,
        data_ranges: symbols.data_ranges.clone(),
        // The facts say where everything is that was looked for by name.
        ..SymbolTable::default()
    };
    let mut image = std::mem::take(&mut examined.image);
    if options.redact {
        image.map_regions(without_folders);
    }
    let mut recording = Recording { manifest, symbols, page_runs: std::mem::take(&mut examined.page_runs), image };
    let mut scrub = |place: usize, bytes: &mut [u8]| {
        needed.clear_rest(place, bytes);
        if let Some(redaction) = &mut redaction {
            redaction.apply(place, bytes);
        }
    };
    // One that can't be read is not built on: the image then stands alone.
    let base = options.base.as_ref().and_then(|base| Base::read(base, memory_limit()).ok());
    let is_unwanted = || options.interrupt.came().is_some();
    let how = WriteOptions {
        transform: Some(&mut scrub),
        base: base.as_ref(),
        effort: options.effort,
        is_unwanted: Some(&is_unwanted),
    };
    let written = write_recording(path, &recording, how);
    examined.image = std::mem::take(&mut recording.image);
    examined.page_runs = recording.page_runs;
    written
}

fn needed(examined: &Examined, data_ranges: &[Range<Address>]) -> Needed {
    let Examined { image, interpreter, snapshot, .. } = examined;
    let layout = examined.pools.as_ref().map(|_| &examined.layout);
    Needed::of(image, interpreter, snapshot, layout, data_ranges)
}

/// Release of the kernel that runs here.
pub(crate) fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn without_folders(region: &mut Region) {
    if let RegionKind::File { path, .. } = &mut region.kind {
        *path = base_name(path).to_owned();
    }
}
