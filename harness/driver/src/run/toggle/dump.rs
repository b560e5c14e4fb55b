//! A memory dump written under load.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Switch;
use super::subject::Subject;
use crate::load::Progress;
use crate::run::phase::ToggleOutcome;
use bloathound_kit::{Dump, KitError};
use bloathound_scenario::ToggleFact;

/// Memory for reading it; those of the reference services take a few per cent of that.
const READING_BYTES_MAX: u64 = 1 << 30;

/// One memory dump in the middle of the load. It ends by itself.
#[derive(Debug, Default)]
pub(super) struct MemoryDump {
    file: Option<PathBuf>,
}

impl Switch for MemoryDump {
    fn on(&mut self, _: &mut Subject, _: &mut ToggleOutcome) -> Result<(), KitError> {
        Ok(())
    }

    fn meanwhile(
        &mut self,
        subject: &mut Subject,
        progress: &Progress,
        told: &mut ToggleOutcome,
    ) -> Result<(), KitError> {
        told.require(!progress.is_over(), "the load was over before the dump began: it shows nothing");
        let reply = subject.control.request("dump")?;
        let missing = || KitError::BadAnswer { command: "dump".into(), reason: "it names no file".into() };
        let named = PathBuf::from(reply.text(&["dump", "file"]).ok_or_else(missing)?);
        let file = subject.path(&named.file_name().unwrap_or_default().to_string_lossy());
        let state = fs::symlink_metadata(&file).map_err(|source| KitError::io("looking at the dump", source))?;
        let dump = Dump::open(&file, READING_BYTES_MAX)?;
        told.fact(ToggleFact::Objects, dump.len());
        told.fact(ToggleFact::Bytes, state.len());
        told.fact(ToggleFact::Whole, !dump.torn);
        told.fact(ToggleFact::Mode, format!("{:04o}", state.permissions().mode() & 0o7777));
        let said = reply.value(&["dump", "objects"]).and_then(Value::as_u64);
        told.require(
            said == Some(dump.len() as u64),
            format!("the dump holds {} objects, said were {said:?}", dump.len()),
        );
        self.file = Some(file);
        Ok(())
    }

    fn off(&mut self, _: &mut Subject, _: &mut ToggleOutcome) -> Result<(), KitError> {
        Ok(())
    }

    fn afterwards(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let made = subject.status()?.value(&["dumps"]).cloned();
        told.require(made == Some(json!(1)), format!("dumps made, by `status`: {made:?}, and not 1"));
        let entries = fs::read_dir(&subject.directory).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("dump-")).count();
        told.require(files == 1, format!("there are {files} dump files, and not 1"));
        let open = self
            .file
            .as_ref()
            .and_then(|file| file.file_name())
            .is_some_and(|name| subject.holds_open(&name.to_string_lossy()));
        told.require(!open, "the dump's file is still open");
        Ok(())
    }
}
