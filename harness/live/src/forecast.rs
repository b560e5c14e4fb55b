//! What a look will cost its target, told before anybody is stopped.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use bloathound_memory::Region;

use crate::copy::{Piece, copy_pieces};
use crate::error::LiveError;
use crate::plan::{FilePages, Layout};
use crate::process::Process;
use crate::quiet::Quiet;
use crate::survey::Survey;

/// Bytes that are copied to learn how fast copying is here and now: no cache holds them.
const SAMPLE_BYTES: usize = 32 << 20;
/// Taken at once for the sample, so that it comes from all over.
const SAMPLE_PIECE_BYTES: usize = 256 << 10;
/// Timed by itself: whoever takes the processor from us for a moment spoils one share, and not the whole.
const SHARE_BYTES: usize = 1 << 20;
/// What stopping and letting go take beside looking and copying.
const BESIDE_COPY: Duration = Duration::from_millis(1);

/// What a look will cost.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Forecast {
    /// Bytes to be copied at one moment.
    pub copied_bytes: u64,
    /// Bytes of constants, which are copied before that.
    pub constant_bytes: u64,
    /// Bytes a second, measured by copying some of the target as it runs.
    pub bytes_per_second: f64,
    /// How long the target would stand still, where it has to be stopped.
    pub pause: Duration,
    /// All its threads sleep at this moment: it could be copied without being stopped.
    pub is_asleep: bool,
}

impl Process {
    /// Foretells a look. Nothing is stopped; some of the target's memory is read.
    ///
    /// # Errors
    /// When the process is gone, or may not be read.
    pub fn forecast(&self) -> Result<Forecast, LiveError> {
        let survey = Survey::take(self)?;
        let regions: Vec<Region> = survey.mappings.iter().map(|mapping| mapping.region.clone()).collect();
        let files = FilePages::read(self, &regions, true)?;
        let layout = Layout::new(&survey.page_runs, &files, true, &survey.unbacked);
        foretell(self, &survey, &layout)
    }
}

/// The same of what has been planned by now.
pub(crate) fn foretell(process: &Process, survey: &Survey, layout: &Layout) -> Result<Forecast, LiveError> {
    let (sample, bytes) = sample(&layout.live);
    // Ones, so that our memory is there: what is asked for as zeroes comes when it is written.
    let mut buffer = vec![1; bytes];
    let mut rates = Vec::new();
    for share in shares(&sample) {
        let started = Instant::now();
        let copied = copy_pieces(process.nix_pid(), share, &mut buffer, &mut |_| ControlFlow::Continue(()))
            .map_err(|errno| process.refused("mem", errno.into()))?;
        rates.push(copied.bytes as f64 / started.elapsed().as_secs_f64().max(1e-9));
    }
    let bytes_per_second = middle(rates);
    // Looking anew what is where is a part of the pause.
    let started = Instant::now();
    survey.update(process)?;
    let looked = started.elapsed();
    let copy =
        Duration::try_from_secs_f64(layout.live_bytes as f64 / bytes_per_second.max(1.0)).unwrap_or(Duration::MAX);
    Ok(Forecast {
        copied_bytes: layout.live_bytes,
        constant_bytes: (layout.bytes as u64).saturating_sub(layout.live_bytes),
        bytes_per_second,
        pause: copy.saturating_add(looked).saturating_add(BESIDE_COPY),
        is_asleep: Quiet::observe(process)?.is_some(),
    })
}

/// Pieces from all over what is to be copied, and their bytes.
fn sample(live: &[Piece]) -> (Vec<Piece>, usize) {
    let all: usize = live.iter().map(|piece| piece.bytes).sum();
    // Every so many pieces of that size one.
    let step = SAMPLE_PIECE_BYTES.saturating_mul(all.div_ceil(SAMPLE_BYTES).max(1));
    let (mut taken, mut flat) = (Vec::new(), 0);
    for piece in live {
        for at in (0..piece.bytes).step_by(step) {
            let bytes = SAMPLE_PIECE_BYTES.min(piece.bytes - at);
            if flat + bytes > SAMPLE_BYTES {
                return (taken, flat);
            }
            taken.push(Piece { address: piece.address.offset(at as u64), flat, bytes });
            flat += bytes;
        }
    }
    (taken, flat)
}

/// The sample in shares of so many bytes, or somewhat more.
fn shares(sample: &[Piece]) -> impl Iterator<Item = &[Piece]> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let is_enough = |piece: &Piece| {
            bytes += piece.bytes;
            bytes >= SHARE_BYTES
        };
        let end = rest.iter().position(is_enough).map_or(rest.len(), |last| last + 1);
        let share;
        (share, rest) = rest.split_at(end);
        (!share.is_empty()).then_some(share)
    })
}

/// The rate that half of them are not faster than; none is no rate.
fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bloathound_memory::Address;

    use super::*;

    #[test]
    fn a_sample_is_from_all_over_and_no_larger_than_allowed() {
        let piece = |address: u64, bytes: usize| Piece { address: Address(address), flat: 0, bytes };
        let small = [piece(0x1000, 8192), piece(0x9000, 4096)];
        let (taken, bytes) = sample(&small);
        assert_eq!((taken.len(), bytes, taken[1].flat), (2, 12288, 8192));
        let (taken, bytes) = sample(&[piece(0, 10 * SAMPLE_BYTES)]);
        assert!(bytes > SAMPLE_BYTES / 2 && bytes <= SAMPLE_BYTES, "{bytes}");
        assert!(taken.last().unwrap().address.0 > 8 * SAMPLE_BYTES as u64);
        assert_eq!(sample(&[]), (Vec::new(), 0));
    }

    #[test]
    fn one_share_that_was_kept_waiting_changes_nothing() {
        let piece = |bytes: usize| Piece { address: Address(0x1000), flat: 0, bytes };
        let sample: Vec<Piece> = [SHARE_BYTES, SHARE_BYTES / 2, SHARE_BYTES, 8].map(piece).to_vec();
        let sizes: Vec<usize> = shares(&sample).map(<[Piece]>::len).collect();
        assert_eq!(sizes, [1, 2, 1]);
        assert_eq!(shares(&[]).count(), 0);
        assert_eq!(middle(vec![5e9, 1e6, 4e9]), 4e9);
        assert_eq!(middle(Vec::new()), 0.0);
    }
}
