//! What was seen in the formats of other people's programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloathound_engine::TOOL;
use bloathound_heap::HeapSnapshot;
use bloathound_profile::Profile;
use bloathound_report::export;
use bloathound_vocabulary::RunResults;
use clap::Args;

use crate::error::CliError;
use crate::output::{self, Unwritten};

/// Samples for profilers' own viewers.
#[derive(Args, Debug)]
pub(crate) struct SampleExports {
    /// Write stacks for a flame graph to FILE
    #[arg(long, value_name = "FILE", visible_alias = "collapsed")]
    folded: Option<PathBuf>,
    /// Write the samples to FILE as speedscope reads them (https://www.speedscope.app, or its own page from npm)
    #[arg(long, value_name = "FILE")]
    speedscope: Option<PathBuf>,
    /// Write the samples to FILE as pprof reads them
    #[arg(long, value_name = "FILE")]
    pprof: Option<PathBuf>,
}

impl SampleExports {
    /// Files that will be written.
    pub(crate) fn files(&self) -> [Option<&PathBuf>; 3] {
        [self.folded.as_ref(), self.speedscope.as_ref(), self.pprof.as_ref()]
    }

    /// Writes what was asked for.
    pub(crate) fn write(&self, profile: &Profile, target: &str, unwritten: &mut Unwritten) {
        if let Some(path) = &self.folded {
            let threads = profile.threads.iter();
            let stacks: Vec<String> = threads.map(|thread| bloathound_profile::folded(profile, thread)).collect();
            unwritten.note(output::file(path, stacks.concat().as_bytes()));
        }
        if let Some(path) = &self.speedscope {
            let text = export::speedscope(profile, &format!("process {target}"), TOOL);
            unwritten.note(made(path, text.map(String::into_bytes)));
        }
        if let Some(path) = &self.pprof {
            unwritten.note(made(path, export::pprof(profile)));
        }
    }
}

/// A heap for other readers.
#[derive(Args, Debug)]
pub(crate) struct HeapExports {
    /// Write the heap to FILE as V8 writes its own (.heapsnapshot), for a browser's developer tools and memlab
    #[arg(long, value_name = "FILE")]
    heapsnapshot: Option<PathBuf>,
}

impl HeapExports {
    /// The file that will be written.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.heapsnapshot.as_ref()
    }

    /// Writes what was asked for; what some readers can't do with it is said.
    pub(crate) fn write(&self, snapshot: &HeapSnapshot, unwritten: &mut Unwritten) {
        let Some(path) = &self.heapsnapshot else { return };
        let file = export::heap_snapshot(snapshot);
        unwritten.note(output::file(path, file.text.as_bytes()));
        file.warning.iter().for_each(|warning| output::message(&format!("note: {warning}")));
    }
}

/// A page of what a command saw.
#[derive(Args, Debug, Clone)]
pub(crate) struct PageArguments {
    /// Write a page to read in a browser to FILE: one file with its pictures, which fetches nothing and runs nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

impl PageArguments {
    /// Where the page goes, where one is wanted.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.report.as_ref()
    }

    /// Writes the page that `make` makes, where one is wanted.
    pub(crate) fn write(&self, unwritten: &mut Unwritten, make: impl FnOnce() -> String) {
        if let Some(path) = &self.report {
            unwritten.note(output::file(path, make().as_bytes()));
        }
    }
}

/// Runs as SARIF, with each scenario's file.
pub(crate) fn sarif(path: &Path, results: &RunResults, files: &BTreeMap<String, String>) -> Result<(), CliError> {
    made(path, export::sarif(results, files).map(String::into_bytes))
}

fn made(path: &Path, bytes: Result<Vec<u8>, bloathound_report::ReportError>) -> Result<(), CliError> {
    output::file(path, &bytes.map_err(|error| CliError::output(path, error))?)
}
