//! `lab start`: the service in the foreground, kept at work, until Ctrl-C; or a recording, where none can be started.

use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_driver::{Cache, Launch, Launcher, Service, Trigger, ask};
use bloathound_engine::{Interrupt, Stop};
use bloathound_lab::seed_of;
use bloathound_scenario::{Method, NUMBER, Request};

use super::arguments::StartArguments;
use super::desk::Desk;
use super::running::{Running, Told};
use super::{looked, recordings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, preparation};

/// How often it is looked whether the service, and who started us, is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The longest between two requests of the load, and the shortest.
const PACE_SECONDS: (f64, f64) = (0.01, 86_400.0);
/// How long an answer is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long the service runs before its fault is brought out, where that takes a request of its own.
const TRIGGER_AFTER: Duration = Duration::from_secs(3);
/// How long it may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// Begins a lab, or goes on with it.
pub(crate) fn start(arguments: &StartArguments) -> Result<u8, CliError> {
    let parent = parent_id();
    let home = crate::home::Home::find(arguments.which.place.home.as_deref())?;
    let (learner, seed) = who(arguments);
    let there = recordings::of(&home, &arguments.which.name);
    let launcher = if arguments.recorded { None } else { Some(preparation::launcher(&home)) };
    let launcher = match launcher {
        Some(Ok(launcher)) => launcher,
        Some(Err(error)) if there.is_empty() => return Err(error),
        without => {
            if let Some(Err(error)) = &without {
                output::message(&error.to_string());
            }
            return recorded(arguments, &there, &learner, seed);
        }
    };
    let desk = Desk::begin(&arguments.which, &learner, seed)?;
    if let Some(running) = super::running::of(&desk) {
        return Err(CliError::Usage(format!("{} runs already: process {}", desk.drawn.lab.name, running.pid)));
    }
    let interrupt = Interrupt::take()?;
    let service = match Service::start_unless(&launch(&desk, &launcher)?, &interrupt) {
        Ok(service) => service,
        Err(error) => {
            return interrupt
                .came()
                .map(ended)
                .ok_or_else(|| CliError::NotHere(format!("{error}\nyour service.py does not start")));
        }
    };
    let running = Running { pid: service.pid(), port: service.port() };
    let _told = Told::new(&desk.folder, running)?;
    output::result(&looked::first_screen(&desk, Some(running))?);
    keep_at_work(&desk, service, arguments.seconds, (&interrupt, parent))
}

/// Begins a lab with the recording that the learner's seed picks.
fn recorded(arguments: &StartArguments, there: &[(u64, PathBuf)], learner: &str, seed: u64) -> Result<u8, CliError> {
    let picked = usize::try_from(seed).unwrap_or(0).checked_rem(there.len()).and_then(|at| there.get(at));
    let Some((seed, run)) = picked else {
        let name = &arguments.which.name;
        let message = format!("no recordings of {name} are here; `bloathound lab bundle DIR` makes them");
        return Err(CliError::NotHere(message));
    };
    let mut desk = Desk::begin(&arguments.which, learner, *seed)?;
    if !recordings::is_recorded(&desk) {
        recordings::copy(&mut desk, run)?;
    }
    output::result(&looked::first_screen(&desk, None)?);
    Ok(Exit::AsExpected.number())
}

/// The learner's name, and the seed: of the name where one is given, else of this folder on this machine.
fn who(arguments: &StartArguments) -> (String, u64) {
    let user = std::env::var("USER").unwrap_or_else(|_| "learner".to_owned());
    let host = sysinfo::System::host_name().unwrap_or_default();
    let folder = std::path::absolute(&arguments.which.place.folder).unwrap_or_default().display().to_string();
    let learner = arguments.learner.clone().unwrap_or_else(|| user.clone());
    let lab = arguments.which.name.as_str();
    let drawn = match &arguments.learner {
        Some(name) => seed_of(&[name, lab]),
        None => seed_of(&[&user, &host, &folder, lab]),
    };
    (learner, arguments.seed.unwrap_or(drawn))
}

/// The learner's own copy, in the learner's own folder.
fn launch(desk: &Desk, launcher: &Launcher) -> Result<Launch, CliError> {
    let environment = match desk.lock()? {
        Some(lock) => Some(Cache::of_user()?.prepare_packages(&launcher.interpreter, &lock, &mut |_| ())?),
        None => launcher.environment.clone(),
    };
    let mut arguments = ["-u", "-B", "-s", "-m", "service", "--port", "0"].map(str::to_owned).to_vec();
    if desk.drawn.lab.kit {
        // Below the folder that the service runs in, which is its owner's only and gone at its end.
        arguments.extend(["--diagnostics", "diagnostics"].map(str::to_owned));
    }
    let environment = environment.map(|environment| environment.dir);
    let folders = environment.into_iter().chain([launcher.services_dir.join("common"), desk.folder.clone()]);
    Ok(Launch {
        name: desk.drawn.lab.name.clone(),
        program: launcher.interpreter.executable.clone(),
        arguments,
        python_path: folders
            .into_iter()
            .map(|path| std::path::absolute(&path).unwrap_or(path))
            .collect::<Vec<PathBuf>>(),
        seed: desk.drawn.seed,
        ready_within: READY_WITHIN,
    })
}

/// Makes requests until somebody wants it to end, or it ends.
fn keep_at_work(
    desk: &Desk,
    mut service: Service,
    seconds: Option<f64>,
    (interrupt, parent): (&Interrupt, u32),
) -> Result<u8, CliError> {
    let begun = Instant::now();
    let until = seconds.map(|seconds| begun + Duration::from_secs_f64(seconds));
    let path = desk.drawn.lab.same.first().cloned().unwrap_or_else(|| "/health".to_owned());
    let pace = Duration::from_secs_f64(desk.drawn.lab.pace.clamp(PACE_SECONDS.0, PACE_SECONDS.1));
    let (mut number, mut trigger, mut due) = (0u64, None, begun);
    loop {
        if let Some(stop) = interrupt.sleep(pace.min(LOOK_EVERY)) {
            service.stop(STOP_GRACE);
            return Ok(ended(stop));
        }
        let over = until.is_some_and(|until| Instant::now() >= until);
        if over || parent_id() != parent {
            service.stop(STOP_GRACE);
            output::message("the service is ended; what you have done is kept");
            return Ok(Exit::AsExpected.number());
        }
        service.check_alive().map_err(|error| CliError::NotHere(error.to_string()))?;
        if trigger.is_none() && Instant::now() >= due {
            number += 1;
            due = Instant::now() + pace;
            // One that gets no answer is what an operator would see, and no failure of ours.
            let _ = ask(service.port(), &path.replace(NUMBER, &number.to_string()), ANSWER_WITHIN);
        }
        if let Some(stuck) =
            desk.drawn.lab.trigger.as_ref().filter(|_| trigger.is_none() && begun.elapsed() >= TRIGGER_AFTER)
        {
            let request = Request::plain(Method::Get, stuck.clone());
            trigger = Trigger::fire(service.port(), &request, Duration::from_secs(3600)).ok();
        }
    }
}

fn ended(stop: Stop) -> u8 {
    Exit::of_stop(stop).number()
}
