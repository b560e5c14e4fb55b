//! The bytes of a dump on their way through a manhole.

use std::io::{self, BufRead, Read, Write};

use crate::error::KitError;

/// What a dump comes over.
pub(super) trait Wire {
    /// Reads what there is, at least one byte.
    fn read_bytes(&mut self, bytes: &mut Vec<u8>) -> Result<(), KitError>;
    /// Takes bytes as the terminal's text.
    fn take_text(&mut self, bytes: &[u8]);
}

/// The bytes that the collector writes to the connection itself, past Twisted's buffers: what stands between the marker
/// and the dump's last line.
pub(super) struct Stream<'a, 'b, W> {
    client: &'a mut W,
    /// What was read and not yet taken.
    bytes: Vec<u8>,
    at: usize,
    copy: Option<&'b mut dyn Write>,
    /// Why reading failed, where an [`io::Error`] says too little.
    pub(super) failure: Option<KitError>,
}

impl<'a, 'b, W: Wire> Stream<'a, 'b, W> {
    pub(super) fn new(client: &'a mut W, first: Vec<u8>, copy: Option<&'b mut dyn Write>) -> Self {
        Self { client, bytes: first, at: 0, copy, failure: None }
    }

    /// Ends the stream; what came behind it is the manhole's text again.
    pub(super) fn finish(self) -> Option<KitError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.client.take_text(rest);
        self.failure
    }
}

impl<W: Wire> Read for Stream<'_, '_, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<W: Wire> BufRead for Stream<'_, '_, W> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
            if let Err(error) = self.client.read_bytes(&mut self.bytes) {
                let short = io::Error::other(error.to_string());
                self.failure = Some(error);
                return Err(short);
            }
        }
        Ok(&self.bytes[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        let end = (self.at + amount).min(self.bytes.len());
        if let Some(copy) = &mut self.copy
            && let Err(source) = copy.write_all(&self.bytes[self.at..end])
        {
            self.failure.get_or_insert(KitError::io("writing the dump", source));
        }
        self.at = end;
    }
}
