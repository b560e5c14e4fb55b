//! What looking costs the target: the pauses themselves, and what its clients notice of them.

use std::time::Duration;

use bloathound_engine::Moment;
use bloathound_scenario::Load;

use super::error::RunError;
use super::running::Running;
use crate::load::{self, LoadError, LoadReport, Progress};
use crate::service::POLL_EVERY;

/// What the looks cost. Latencies and throughput are of the clients' side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disturbance {
    /// Each pause of the target, in the order of the looks; milliseconds.
    pub pauses_ms: Vec<f64>,
    /// The longest of them.
    pub longest_pause_ms: Option<f64>,
    /// p99 of rounds without a look in them.
    pub baseline_latency_p99_ms: Option<f64>,
    /// p99 of a round with a look in it.
    pub latency_p99_ms: Option<f64>,
    /// Requests answered a second in rounds without a look.
    pub baseline_throughput_per_second: Option<f64>,
    /// Requests answered a second in a round with a look.
    pub throughput_per_second: Option<f64>,
}

impl Disturbance {
    pub(crate) fn of_pauses(pauses: &[Duration], baseline: Option<&LoadReport>) -> Self {
        let mut disturbance = Self {
            baseline_latency_p99_ms: baseline.map(|report| report.latency_ms(0.99)),
            baseline_throughput_per_second: baseline.map(LoadReport::throughput_per_second),
            ..Self::default()
        };
        disturbance.add_pauses(pauses);
        disturbance
    }

    fn add_pauses(&mut self, pauses: &[Duration]) {
        let pauses = pauses.iter().map(|pause| pause.as_secs_f64() * 1e3);
        self.pauses_ms.extend(pauses);
        self.longest_pause_ms = self.pauses_ms.iter().copied().reduce(f64::max);
    }
}

/// One more round, with a look in the middle of it. After everything else: its requests are not among
/// those that the ledger's conditions count.
pub(crate) fn measure(running: &mut Running<'_>, load: &Load, disturbance: &mut Disturbance) -> Result<(), RunError> {
    let (pauses, report) = look_during(running, load, Moment::UnderLoad, false)?;
    disturbance.add_pauses(&pauses);
    disturbance.latency_p99_ms = Some(report.latency_ms(0.99));
    disturbance.throughput_per_second = Some(report.throughput_per_second());
    Ok(())
}

/// A look while rounds of load are being made by other threads: one round, or as many as it takes until
/// the look is over. The look begins once a request was answered, so that the service is at work.
pub(crate) fn look_during(
    running: &mut Running<'_>,
    load: &Load,
    moment: Moment,
    until_over: bool,
) -> Result<(Vec<Duration>, LoadReport), RunError> {
    let port = running.service.port();
    let within = running.limits.answer_within;
    let (progress, looked) = (Progress::default(), Progress::default());
    let (pauses, report) = std::thread::scope(|scope| {
        let rounds = || -> Result<LoadReport, LoadError> {
            let _over = FinishOnDrop(&progress);
            let round = || load::run_counted(port, load, load.requests, within, &progress);
            let mut sum = round()?;
            while until_over && !looked.is_over() {
                sum.add(&round()?);
            }
            Ok(sum)
        };
        let thread = std::thread::Builder::new().spawn_scoped(scope, rounds).map_err(LoadError::Thread)?;
        // Also when the observer panics: the scope would wait for the rounds for ever.
        let over = FinishOnDrop(&looked);
        // Bounded by the deadline that every request has.
        while progress.answered() == 0 && !progress.is_over() {
            std::thread::sleep(POLL_EVERY);
        }
        let pauses = running.observe(moment);
        drop(over);
        let report = load::joined(thread)?;
        Ok::<_, LoadError>((pauses, report))
    })?;
    Ok((pauses?, report?))
}

/// Ends a progress on every way out.
pub(crate) struct FinishOnDrop<'p>(pub(crate) &'p Progress);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}
