//! A manhole opened under load: what it counts, what it says of the rest, and that it closes.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::Switch;
use super::subject::{ANSWER_WITHIN, Subject};
use crate::load::Progress;
use crate::run::phase::ToggleOutcome;
use bloathound_kit::{KitError, ManholeClient, Reply};
use bloathound_scenario::ToggleFact;

pub(super) const SOCKET: &str = "manhole.sock";

/// What is needed to get in.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) socket: PathBuf,
    pub(super) user: String,
    pub(super) password: String,
}

impl Credentials {
    /// From the answer to `manhole on`, the one place where they are told.
    pub(super) fn of(reply: &Reply, subject: &Subject) -> Result<Self, KitError> {
        let text = |name: &str| {
            let missing = || KitError::Manhole(format!("the answer to `manhole on` has no {name}"));
            reply.text(&[name]).map(str::to_owned).ok_or_else(missing)
        };
        Ok(Self { socket: subject.path(SOCKET), user: text("user")?, password: text("password")? })
    }
}

/// The manhole, with somebody logged in.
#[derive(Debug, Default)]
pub(super) struct Manhole {
    credentials: Option<Credentials>,
    inside: Option<ManholeClient>,
}

impl Switch for Manhole {
    fn on(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        told.require(!subject.has_socket(SOCKET), "there is a manhole before it was switched on");
        let reply = subject.control.request("manhole on")?;
        self.credentials = Some(Credentials::of(&reply, subject)?);
        Ok(())
    }

    fn meanwhile(&mut self, subject: &mut Subject, _: &Progress, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let Some(door) = &self.credentials else { return Ok(()) };
        let guess = ManholeClient::login(&door.socket, &door.user, "a guess", ANSWER_WITHIN);
        told.fact(ToggleFact::WrongPasswordRefused, guess.is_err());
        let mut client = ManholeClient::login(&door.socket, &door.user, &door.password, ANSWER_WITHIN)?;
        told.fact(ToggleFact::TypesCounted, client.census()?.len());
        self.inside = Some(client);
        let status = subject.status()?;
        told.require(status.value(&["manhole", "on"]) == Some(&true.into()), "the manhole is not on, by `status`");
        let logged_in = status.value(&["manhole", "logged_in"]).and_then(Value::as_u64);
        told.require(
            logged_in == Some(1),
            format!("{logged_in:?} are logged in to the manhole, by `status`, and not 1"),
        );
        Ok(())
    }

    fn off(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        subject.control.request("manhole off")?;
        if let Some(mut client) = self.inside.take() {
            told.require(
                client.census().is_err(),
                "who was logged in to the manhole still is after it was switched off",
            );
        }
        Ok(())
    }

    fn afterwards(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        told.require(!subject.has_socket(SOCKET), "a socket of the manhole is left");
        told.require(!subject.path(SOCKET).exists(), "the manhole's socket still has its name");
        let audit = subject.audit();
        let count = |event: &str| {
            let of_manhole = |entry: &&Value| entry.get("event").and_then(Value::as_str) == Some(event);
            audit.iter().filter(of_manhole).count()
        };
        told.fact(ToggleFact::LoginsAudited, count("login"));
        told.fact(ToggleFact::FailedLoginsAudited, count("login failed"));
        // What the control socket is told is a `command` too; those of the manhole have a user's name.
        told.fact(
            ToggleFact::CommandsAudited,
            audit.iter().filter(|entry| entry.get("user").is_some()).count() - count("login"),
        );
        let text = fs::read_to_string(subject.path("audit.log")).unwrap_or_default();
        let told_in_log = self.credentials.as_ref().is_some_and(|door| text.contains(&door.password));
        told.fact(ToggleFact::PasswordAudited, told_in_log);
        Ok(())
    }
}
