//! How commands look at a process: how still it has to stand, and who may be told what.

use std::time::Duration;

use bloathound_engine::source::ExamineOptions;
use bloathound_kit::PeerTrust;
use bloathound_live::CaptureMode;
use clap::Args;

use crate::choices::whole;
use crate::output;

/// This very program, also where its file was replaced or deleted: it holds pauses as `bloathound __hold`.
pub(crate) const OURSELVES: &str = "/proc/self/exe";
/// Longest pause where none is named, milliseconds.
const PAUSE_MAX_MS: u64 = 2000;

/// How to look at a process.
#[derive(Args, Debug, Clone)]
pub(crate) struct LookArguments {
    /// Never stop the target; torn reads are counted
    #[arg(long)]
    pub(crate) no_pause: bool,
    /// Always stop the target, even if it sleeps and could be read without
    #[arg(long, conflicts_with = "no_pause")]
    pub(crate) always_pause: bool,
    /// Longest pause; past it the target is let go, even while bloathound itself is stopped. Naming it also allows a
    /// pause made long by our own low priority (`nice`), up to this [default: 2000]
    #[arg(long, value_name = "MILLISECONDS", value_parser = whole::<u64>(1, 86_400_000))]
    pub(crate) max_pause: Option<u64>,
    /// Stop the target even if a thread of it waits in a call that fails with EINTR then, and nothing shows that the
    /// program expects that (a bare `epoll.poll()`): it can die of it
    #[arg(long, conflicts_with = "no_pause")]
    pub(crate) even_if_interrupting: bool,
    /// Use exported symbols only, as with a stripped interpreter
    #[arg(long, hide = true)]
    pub(crate) exported_symbols_only: bool,
}

impl LookArguments {
    /// The same for the engine.
    pub(crate) fn options(&self) -> ExamineOptions {
        let mode = match (self.no_pause, self.always_pause) {
            (true, _) => CaptureMode::NoPause,
            (_, true) => CaptureMode::Paused,
            _ => CaptureMode::PreferQuiet,
        };
        ExamineOptions {
            mode,
            pause_budget: Duration::from_millis(self.max_pause.unwrap_or(PAUSE_MAX_MS)),
            budget_is_asked_for: self.max_pause.is_some(),
            holder: Some(OURSELVES.into()),
            even_if_interrupting: self.even_if_interrupting,
            notice: Some(output::message),
            counted: None,
            exported_symbols_only: self.exported_symbols_only,
            peer_trust: PeerTrust::Checked,
        }
    }
}

/// Who may be told a manhole's password.
#[derive(Args, Debug, Clone)]
pub(crate) struct PeerArguments {
    /// Send a manhole's password to whoever listens at manhole:ADDRESS. Without it the kernel has to say that it is the
    /// process that is meant, or one of your own
    #[arg(long)]
    pub(crate) trust_peer: bool,
}

impl PeerArguments {
    /// The same for the engine.
    pub(crate) fn trust(&self) -> PeerTrust {
        if self.trust_peer { PeerTrust::Anyone } else { PeerTrust::Checked }
    }

    /// These options of a look, with what is said here.
    pub(crate) fn added_to(&self, look: &LookArguments) -> ExamineOptions {
        ExamineOptions { peer_trust: self.trust(), ..look.options() }
    }
}
