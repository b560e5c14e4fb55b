//! `lab bundle`: a folder for a USB stick, from which every lab's diagnosis works without a network and without Python.

use std::fs;
use std::path::Path;

use bloathound_bounds::read_regular;
use bloathound_driver::Launcher;
use bloathound_engine::Interrupt;
use bloathound_lab::{Drawn, Lab, Shelf, Version, pages};
use bloathound_memory::output::{Readers, write_whole};

use super::arguments::BundleArguments;
use super::bench::{Bench, Ran};
use super::desk::write;
use super::proved::truth;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{output, preparation, prepared};

/// The largest file that is copied: this program.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Folders of a checkout that services and labs need.
const COPIED: [&str; 4] =
    ["scenarios/labs", "scenarios/field", "reference-services/common", "reference-services/diagnostics"];

/// The most runs until one shows what is to be found.
const RUNS_MAX: usize = 4;

/// Makes it.
pub(crate) fn bundle(arguments: &BundleArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let shelf = Shelf::open(&home.labs())?;
    if fs::read_dir(&arguments.dir).is_ok_and(|mut listed| listed.next().is_some()) {
        return Err(CliError::Usage(format!("{} is there and not empty", arguments.dir.display())));
    }
    output::check_folder(Some(&arguments.dir))?;
    let interrupt = Interrupt::take()?;
    let launcher = preparation::launcher(&home)?;
    let labs: Vec<&Lab> = match arguments.only.as_slice() {
        [] => shelf.labs().iter().collect(),
        names => names.iter().map(|name| shelf.lab(name)).collect::<Result<_, _>>()?,
    };
    for lab in &labs {
        for seed in 1..=arguments.seeds {
            record((&home, &shelf), lab, (&launcher, &interrupt), (seed, &arguments.dir))?;
        }
        output::progress(&format!("{}: {} recordings", lab.name, arguments.seeds));
    }
    copies(&home, &arguments.dir)?;
    for page in pages(&shelf, 1)? {
        write(&arguments.dir.join(page.name), &page.html)?;
    }
    write(&arguments.dir.join("READ-ME-FIRST.txt"), FIRST)?;
    if !arguments.without_packages {
        let found = bloathound_driver::Search::from_env().find()?;
        prepared::download(&arguments.dir.join("packages"), &home, &found)?;
    }
    output::result(&format!(
        "{} labs, {} recordings of each: {}\n",
        labs.len(),
        arguments.seeds,
        arguments.dir.display()
    ));
    Ok(Exit::AsExpected.number())
}

/// One lab drawn by one seed, run unsolved and kept. What a learner is to find has to be in it, so a run in which it isn't to
/// be seen (samples taken on a busy machine) is made anew.
fn record(
    (home, shelf): (&Home, &Shelf),
    lab: &Lab,
    (launcher, interrupt): (&Launcher, &Interrupt),
    (seed, folder): (u64, &Path),
) -> Result<(), CliError> {
    let drawn = Drawn::new(shelf, &lab.name, seed)?;
    let lock = drawn.lab.releases.first().map(|(_, lock)| home.scenarios().join(lock));
    let service = drawn.service(Version::Unsolved)?;
    let to = folder.join("recordings").join(&lab.name).join(seed.to_string());
    let mut lacks = String::new();
    for _ in 0..RUNS_MAX {
        if to.exists() {
            fs::remove_dir_all(&to).map_err(|error| CliError::output(&to, error))?;
        }
        let bench = Bench::new((&drawn, launcher), &service, lock.as_deref(), interrupt)?;
        match lacking(&drawn, &bench.run(Some(&to))?)? {
            Some(what) => lacks = what,
            None => return Ok(()),
        }
    }
    Err(CliError::NotMeasured(format!("{}, drawn by seed {seed}: {lacks}, in {RUNS_MAX} runs", lab.name)))
}

/// What a recording of the unsolved service does not show.
fn lacking(drawn: &Drawn, ran: &Ran) -> Result<Option<String>, CliError> {
    if ran.kept.is_none() {
        return Ok(Some(ran.undone.first().cloned().unwrap_or_else(|| "the run was not kept".into())));
    }
    if ran.has_abstained {
        return Ok(Some("the machine was too busy to judge it".into()));
    }
    if drawn.lab.told.is_some() {
        return Ok(truth(drawn, ran)?.into_iter().next());
    }
    let finding = ran.record.findings.first();
    Ok(finding
        .map(|finding| format!("nothing is wrong in it, and the tool tells {}", finding.summary.replace('\n', " "))))
}

/// What labs and services need of the checkout, and this program.
fn copies(home: &Home, folder: &Path) -> Result<(), CliError> {
    let root = home.scenarios().parent().map(Path::to_owned).unwrap_or_default();
    for name in COPIED {
        copy(&root.join(name), &folder.join(name))?;
    }
    copy(&home.lock_file(), &folder.join("reference-services/requirements.lock"))?;
    let program = std::env::current_exe().map_err(CliError::unwritten)?;
    let to = folder.join("bloathound");
    copy(&program, &to)?;
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&to, runs).map_err(|error| CliError::output(&to, error))
}

fn copy(from: &Path, to: &Path) -> Result<(), CliError> {
    if from.is_dir() {
        let listed = fs::read_dir(from).map_err(|error| CliError::file(from, error))?;
        for entry in listed.flatten().filter(|entry| entry.file_name() != "__pycache__") {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    let bytes = read_regular(from, FILE_BYTES_MAX).map_err(|error| CliError::file(from, error))?;
    write_whole(to, &bytes, Readers::AsBefore).map_err(|error| CliError::output(to, error))
}

const FIRST: &str = "\
The workshop, to be used from this folder. Nothing is installed and no network is needed.

  ./bloathound lab list
  ./bloathound lab start attendees
  ./bloathound lab answer attendees

Where Python 2.7 and Linux are, services are started; `./bloathound prepare --from packages` installs what they import.
Elsewhere `lab start` takes a recording: the diagnosis is the same, the cure is left out.

handout.html and slides.html are for everybody, guide.html and key.html for the teacher.
";
