//! Measuring a checkout: its own benchmarks are built and run by `cargo bench`, and what they write is read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bloathound_bounds::{read_regular, read_regular_text};
use bloathound_perf::WHOLE;
use bloathound_vocabulary::{MachineKind, Measurement};
use serde_json::Value;

use super::checkout::Checkout;
use super::{machine, valgrind};
use crate::error::CliError;
use crate::output;

/// Longest file that a benchmark writes.
const WRITTEN_BYTES_MAX: u64 = 64 << 20;
/// Longest image.
const IMAGE_BYTES_MAX: u64 = 4 << 30;
/// What is gated: a generated heap, and a recorded image of the repository. gungraun's functions have their names.
const INPUTS: [(&str, &str); 2] = [("generated", "generated 100k"), ("recorded", "cycles-buggy/inspect.bhi")];

/// Too large to count by stage on every change: the whole command only.
const LARGE: &str = "generated 1m";

/// What to measure.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The whole command on a large heap too: minutes.
    pub(crate) large: bool,
    /// This stage on the generated heap and nothing else; `*` for all stages.
    pub(crate) only: Option<String>,
    /// By the benchmarks with planted work.
    pub(crate) planted: bool,
    /// Neither bytes nor allocations.
    pub(crate) instructions_only: bool,
    /// What the rows' commit is called; else that of the checkout.
    pub(crate) commit: Option<String>,
    /// Wall time too.
    pub(crate) wall: bool,
    /// Generated heaps of these sizes, by wall time.
    pub(crate) sizes: Vec<String>,
    /// Nothing but the whole command as this program has it, of that commit, on that image.
    pub(crate) past: Option<Past>,
}

/// A program of an earlier commit.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) program: PathBuf,
    /// Name of the series, and the file.
    pub(crate) image: (String, PathBuf),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rows: Vec<Measurement>,
    /// What could not be measured, and what to type.
    pub(crate) missing: Option<String>,
}

/// Figures by input and stage.
type Rows = BTreeMap<(String, String), Measurement>;

/// Measures.
///
/// # Errors
/// A benchmark can't be built or run: [`CliError::NotMeasured`] with what it said.
pub(crate) fn measure(checkout: &Checkout, wanted: &Wanted) -> Result<Measured, CliError> {
    let runner = machine::runner(checkout);
    let commit = wanted.commit.as_ref().map_or_else(|| checkout.commit(), |commit| Ok(commit.clone()))?;
    let date = checkout.date(&commit);
    let measuring = Measuring { checkout, machine: machine::kind(checkout), commit, date, planted: wanted.planted };
    if let Some(past) = &wanted.past {
        return Ok(Measured { rows: vec![measuring.past(past)?], missing: None });
    }
    let mut rows = Rows::new();
    let images = measuring.bytes(wanted, &mut rows)?;
    if let Ok(runner) = &runner {
        output::progress("instructions of each stage…");
        measuring.instructions(runner, wanted, &mut rows)?;
        if wanted.only.is_none() {
            output::progress("instructions of the whole command…");
            measuring.whole(&images, &mut rows)?;
        }
    }
    if let Some(only) = &wanted.only {
        rows.retain(|(input, stage), row| {
            (stage == only || only == "*") && *input == INPUTS[0].1 && row.instructions.is_some()
        });
        return Ok(Measured { rows: rows.into_values().collect(), missing: runner.err() });
    }
    if wanted.wall || runner.is_err() {
        measuring.wall(&wanted.sizes, &mut rows)?;
    }
    Ok(Measured { rows: rows.into_values().collect(), missing: runner.err() })
}

struct Measuring<'c> {
    checkout: &'c Checkout,
    machine: MachineKind,
    commit: String,
    date: String,
    planted: bool,
}

impl Measuring<'_> {
    fn row(&self, input: &str, stage: &str) -> Measurement {
        Measurement {
            commit: self.commit.clone(),
            date: self.date.clone(),
            input: input.to_owned(),
            input_hash: String::new(),
            stage: stage.to_owned(),
            objects: 0,
            instructions: None,
            bytes: None,
            allocations: None,
            wall_ratio: None,
            machine: self.machine.clone(),
        }
    }

    fn bench(&self, name: &str) -> Command {
        let mut command = self.checkout.run("cargo");
        command.args(["bench", "--quiet", "--package", "bloathound-perf", "--bench", name]);
        if self.planted {
            command.args(["--features", "planted"]);
        }
        command
    }

    fn counted(&self, name: &str, runner: &Path) -> Command {
        let mut command = self.bench(name);
        command
            .env("GUNGRAUN_RUNNER", runner)
            .env("GUNGRAUN_HOME", self.summaries())
            .env("GUNGRAUN_SAVE_SUMMARY", "json")
            .env("GUNGRAUN_PARALLEL", "auto");
        command
    }

    fn summaries(&self) -> PathBuf {
        self.checkout.target().join("perf/gungraun")
    }

    /// Peak bytes and allocations of each stage; objects of each input with them.
    fn bytes(&self, wanted: &Wanted, rows: &mut Rows) -> Result<BTreeMap<String, PathBuf>, CliError> {
        let mut command = self.bench("bytes");
        let inputs = if wanted.only.is_some() { &INPUTS[..1] } else { &INPUTS[..] };
        let counted = if wanted.instructions_only { "objects:" } else { "" };
        command.arg("--").args(inputs.iter().map(|(_, input)| format!("{counted}{input}")));
        if wanted.large {
            command.arg(format!("objects:{}", LARGE));
        }
        let text = run(command)?;
        let (mut hashes, mut images) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let found: Value = serde_json::from_str(line).map_err(|error| unread("bytes", &error))?;
            let word = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
            let (input, stage) = (word("input"), word("stage"));
            let hash = match hashes.get(&input) {
                Some(hash) => String::clone(hash),
                None => {
                    let hash = hash(Path::new(&word("file")))?;
                    hashes.insert(input.clone(), hash.clone());
                    hash
                }
            };
            let objects = found["objects"].as_u64().unwrap_or_default();
            let mut row = Measurement { input_hash: hash, objects, ..self.row(&input, &stage) };
            row.bytes = found["peak"].as_f64().map(|peak| an_object(peak, objects));
            row.allocations = found["blocks"].as_u64();
            images.insert(input.clone(), PathBuf::from(word("file")));
            if wanted.instructions_only {
                for stage in bloathound_perf::STAGES {
                    let of_stage = Measurement { stage: stage.to_owned(), ..row.clone() };
                    rows.insert((input.clone(), stage.to_owned()), of_stage);
                }
            }
            rows.insert((input, stage), row);
        }
        Ok(images)
    }

    /// Instructions of each stage and of the whole command, and the peak of the latter.
    fn instructions(&self, runner: &Path, wanted: &Wanted, rows: &mut Rows) -> Result<(), CliError> {
        self.forget_summaries()?;
        let mut stages = self.counted("instructions", runner);
        if let Some(only) = &wanted.only {
            stages.args(["--", &format!("*::generated::{only}")]);
        }
        run(stages)?;
        for summary in self.read_summaries()? {
            let Some((_, input)) = INPUTS.iter().find(|(name, _)| *name == summary.function) else { continue };
            let Some(row) = summary.id.and_then(|id| rows.get_mut(&((*input).to_owned(), id))) else { continue };
            row.instructions = summary.instructions.map(|count| an_object(count, row.objects));
        }
        Ok(())
    }

    /// The whole command of this checkout, on each input.
    fn whole(&self, images: &BTreeMap<String, PathBuf>, rows: &mut Rows) -> Result<(), CliError> {
        let mut build = self.checkout.run("cargo");
        build.args(["build", "--quiet", "--release", "--package", "bloathound-cli"]);
        run(build)?;
        let program = self.checkout.target().join("release/bloathound");
        for (input, image) in images {
            if let Some(row) = rows.get_mut(&(input.clone(), WHOLE.to_owned())) {
                let (instructions, bytes) = valgrind::counted(&program, image)?;
                row.instructions = Some(an_object(instructions, row.objects));
                row.bytes = Some(an_object(bytes, row.objects));
            }
        }
        Ok(())
    }

    /// The whole command of an earlier commit.
    fn past(&self, past: &Past) -> Result<Measurement, CliError> {
        let (name, file) = &past.image;
        let mut inspect = Command::new(&past.program);
        inspect.args(["inspect", "--json", "-"]).arg(file);
        let report: Value = serde_json::from_str(&run(inspect)?).map_err(|error| unread("inspect", &error))?;
        let objects = report["heap"]["objects"].as_u64().unwrap_or_default();
        let (instructions, bytes) = valgrind::counted(&past.program, file)?;
        Ok(Measurement {
            input_hash: hash(file)?,
            objects,
            instructions: Some(an_object(instructions, objects)),
            bytes: Some(an_object(bytes, objects)),
            ..self.row(name, WHOLE)
        })
    }

    /// Wall time of each stage as a multiple of the calibration's, both by criterion.
    fn wall(&self, sizes: &[String], rows: &mut Rows) -> Result<(), CliError> {
        output::progress("wall time of each stage…");
        let mut inputs: Vec<String> = INPUTS.map(|(_, input)| input.to_owned()).into();
        inputs.extend(sizes.iter().map(|size| format!("generated {size}")));
        let mut command = self.bench("wall");
        command.env("BLOATHOUND_PERF_INPUTS", inputs.join(",")).stderr(Stdio::null());
        run(command)?;
        let estimates = self.checkout.target().join("criterion/perf");
        let calibration = median_of(&estimates.join("calibration"))?;
        for input in &inputs {
            for stage in bloathound_perf::STAGES {
                let found = median_of(&estimates.join(stage).join(input.replace('/', "-")))?;
                let row = rows.entry((input.clone(), stage.to_owned())).or_insert_with(|| self.row(input, stage));
                row.wall_ratio = Some(rounded(found / calibration));
            }
        }
        Ok(())
    }

    fn forget_summaries(&self) -> Result<(), CliError> {
        let folder = self.summaries();
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CliError::output(&folder, error)),
            _ => Ok(()),
        }
    }

    fn read_summaries(&self) -> Result<Vec<Summary>, CliError> {
        let mut found = Vec::new();
        let mut folders = vec![self.summaries()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|error| CliError::file(&folder, error))?;
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name == "summary.json") {
                    found.push(Summary::of(&read_json(&path)?));
                }
            }
        }
        Ok(found)
    }
}

/// What gungraun says of one benchmark.
struct Summary {
    function: String,
    id: Option<String>,
    instructions: Option<f64>,
}

impl Summary {
    fn of(summary: &Value) -> Self {
        let word = |name: &str| summary[name].as_str().map(str::to_owned);
        let counted = || {
            let profiles = summary["profiles"].as_array()?;
            let profile = profiles.iter().find(|profile| profile["tool"] == "Callgrind")?;
            let value = &profile["data"]["total"]["metrics"]["Ir"]["values"]["new"];
            value.as_f64().or_else(|| value.as_object()?.values().next()?.as_f64())
        };
        Self { function: word("function_name").unwrap_or_default(), id: word("id"), instructions: counted() }
    }
}

fn an_object(count: f64, objects: u64) -> f64 {
    rounded(count / objects.max(1) as f64)
}

/// To a ten thousandth: below it counts differ from run to run.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// criterion's median, nanoseconds.
fn median_of(folder: &Path) -> Result<f64, CliError> {
    let estimates = read_json(&folder.join("new/estimates.json"))?;
    estimates["median"]["point_estimate"].as_f64().ok_or_else(|| unread("wall", &"no median in its estimates"))
}

fn read_json(path: &Path) -> Result<Value, CliError> {
    let text = read_regular_text(path, WRITTEN_BYTES_MAX).map_err(|error| CliError::file(path, error))?;
    serde_json::from_str(&text).map_err(|error| CliError::file(path, error))
}

fn hash(path: &Path) -> Result<String, CliError> {
    let bytes = read_regular(path, IMAGE_BYTES_MAX).map_err(|error| CliError::file(path, error))?;
    Ok(format!("{:08x}", crc32fast::hash(&bytes)))
}

fn unread(bench: &str, why: &dyn std::fmt::Display) -> CliError {
    CliError::NotMeasured(format!("what the benchmark {bench} wrote can't be read: {why}"))
}

/// Runs to the end; gives what it printed.
fn run(mut command: Command) -> Result<String, CliError> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| CliError::NotHere(format!("{command:?}: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(12).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(CliError::NotMeasured(format!("{command:?} failed, {}:\n{}", output.status, last.join("\n"))))
}
