//! `watch --follow`: the watch as a screen that goes along with it, and keys. Only on a terminal; elsewhere it is a line a look.

use std::io::{IsTerminal, Write, stdin, stdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bloathound_engine::{Interrupt, Stop};
use bloathound_kit::spawn_deaf;
use bloathound_report::text::{FollowView, Page, follow, follow_rows};
use bloathound_vocabulary::WatchReport;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use crate::error::CliError;
use crate::{output, terminal};

/// How often it is drawn, and how long a key waits at most until the end is heard.
const DRAWN_EVERY: Duration = Duration::from_millis(250);

/// A screen; the terminal is as it was when this is dropped.
pub(crate) struct Screen {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    report: Option<WatchReport>,
    /// When the next look is due.
    next: Option<Instant>,
    view: FollowView,
    has_ended: bool,
}

/// Whether there is somebody to look at a screen and to press keys.
pub(crate) fn is_possible() -> bool {
    stdin().is_terminal() && stdout().is_terminal() && !terminal::is_dumb()
}

impl Screen {
    /// Takes the terminal; `q` and Ctrl-C end the watch as SIGINT does.
    ///
    /// # Errors
    /// The terminal can't be taken.
    pub(crate) fn begin(interrupt: &Interrupt) -> Result<Self, CliError> {
        enable_raw_mode().map_err(CliError::stdout)?;
        let view = FollowView { color: output::color(), ..FollowView::default() };
        let shared = Arc::new(Mutex::new(Shared { report: None, next: None, view, has_ended: false }));
        let mut screen = Self { shared: Arc::clone(&shared), thread: None };
        execute!(stdout(), EnterAlternateScreen, Hide).map_err(CliError::stdout)?;
        let interrupt = interrupt.clone();
        screen.thread = Some(spawn_deaf("follow", move || keep(&shared, &interrupt)).map_err(CliError::stdout)?);
        Ok(screen)
    }

    /// What there is by now, and when there is more.
    pub(crate) fn show(&self, report: &WatchReport, next: Instant) {
        let mut shared = lock(&self.shared);
        shared.report = Some(report.clone());
        shared.next = Some(next);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        lock(&self.shared).has_ended = true;
        if let Some(thread) = self.thread.take() {
            // A panic in it would lose a screen.
            let _ = thread.join();
        }
        // Whoever took the terminal away needs it no more.
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws and hears keys until it has ended, or the terminal is gone.
fn keep(shared: &Mutex<Shared>, interrupt: &Interrupt) {
    loop {
        let (text, lines) = {
            let shared = lock(shared);
            if shared.has_ended {
                return;
            }
            shared.text()
        };
        if draw(&text, lines).is_err() {
            return;
        }
        match poll(DRAWN_EVERY) {
            Ok(false) => {}
            Ok(true) => match read() {
                Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => lock(shared).press(key, interrupt),
                Ok(_) => {}
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

impl Shared {
    /// The screen as text, and its lines.
    fn text(&self) -> (String, usize) {
        let (columns, lines) = size().unwrap_or((80, 24));
        let next_seconds = self.next.map(|next| next.saturating_duration_since(Instant::now()).as_secs_f64());
        let next_seconds = next_seconds.filter(|seconds| *seconds > 0.0);
        let view = FollowView { lines: usize::from(lines), next_seconds, ..self.view };
        let text = self.report.as_ref().map_or_else(
            || "the first look\n".to_owned(),
            |report| Page::of_columns(usize::from(columns)).printing(|| follow(report, &view)),
        );
        (text, usize::from(lines))
    }

    fn press(&mut self, key: KeyEvent, interrupt: &Interrupt) {
        let last = self.report.as_ref().map_or(0, follow_rows).saturating_sub(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let view = &mut self.view;
        match key.code {
            KeyCode::Char('c') if control => interrupt.stop(Stop::Interrupt),
            KeyCode::Char('q') => interrupt.stop(Stop::Interrupt),
            KeyCode::Char('s') => view.order = view.order.next(),
            KeyCode::Up | KeyCode::Char('k') => view.selected = view.selected.min(last).saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => view.selected = (view.selected + 1).min(last),
            KeyCode::Enter => view.is_closer = !view.is_closer,
            KeyCode::Esc => view.is_closer = false,
            _ => {}
        }
    }
}

/// Puts text on the screen, over what was there.
fn draw(text: &str, lines: usize) -> std::io::Result<()> {
    let mut out = stdout().lock();
    queue!(out, MoveTo(0, 0))?;
    for (number, line) in text.lines().take(lines).enumerate() {
        if number > 0 {
            out.write_all(b"\r\n")?;
        }
        out.write_all(line.as_bytes())?;
        queue!(out, Clear(ClearType::UntilNewLine))?;
    }
    queue!(out, Clear(ClearType::FromCursorDown))?;
    out.flush()
}
