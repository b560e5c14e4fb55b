//! `bloathound serve`: a reference service to try everything on, in the foreground.

use std::os::unix::process::parent_id;
use std::time::Duration;

use bloathound_driver::{Limits, RunError, Service, ServiceError};
use bloathound_engine::{Interrupt, Stop};

use crate::args::ServeArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::progress::Packages;
use crate::served::{the_one, told, variant};
use crate::{chosen, output, preparation};

/// How often it is looked whether the service, and who started us, is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// `bloathound serve`: starts one twin of one scenario, tells where it is, and ends with Ctrl-C, with it or with whoever
/// started us.
pub(crate) fn serve(arguments: &ServeArguments) -> Result<u8, CliError> {
    let parent = parent_id();
    let home = Home::find(arguments.home.as_deref())?;
    let scenario = the_one(chosen::all(&home, std::slice::from_ref(&arguments.name), None, None)?)?;
    if scenario.own.is_some() {
        return Err(CliError::Usage(format!("{}: a service of your own is started by its command", scenario.name)));
    }
    let variant = variant(&scenario, arguments.variant)?;
    let launcher = preparation::launcher_of(&home, &scenario, arguments.python.as_ref())?;
    let failed = |error: RunError| CliError::Run {
        scenario: scenario.name.clone(),
        variant: variant.as_str().into(),
        source: Box::new(error),
    };
    let mut packages = Packages::default();
    let environment = launcher.environment_of(&scenario, variant, &mut |event| packages.tell(&event))?;
    drop(packages);
    let limits = Limits { interrupt: Interrupt::take()?, ..Limits::default() };
    let launch = launcher.launch_on(environment.as_ref(), &scenario, variant, &limits);
    let mut service = match Service::start_unless(&launch, &limits.interrupt) {
        Ok(service) => service,
        Err(error) => return limits.interrupt.came().map(ended).ok_or_else(|| failed(error.into())),
    };
    output::result(&told(&scenario, variant, &service));
    loop {
        if let Some(stop) = limits.interrupt.sleep(LOOK_EVERY) {
            service.stop(limits.stop_grace);
            return Ok(ended(stop));
        }
        match service.check_alive() {
            // A service may be asked to end by whoever has its token, or by a signal.
            Err(error @ ServiceError::Died { .. }) => return Err(failed(error.into())),
            other => other.map_err(|error| failed(error.into()))?,
        }
        if parent_id() != parent {
            service.stop(limits.stop_grace);
            output::message("ended with the process that had started it");
            return Ok(ended(Stop::Terminate));
        }
    }
}

fn ended(stop: Stop) -> u8 {
    Exit::of_stop(stop).number()
}
