use std::io::{self, BufRead, Read, Write};

use super::{KitError, ManholeClient};

/// The bytes that the collector writes to the connection itself, past Twisted's buffers: what stands between the marker
/// and the dump's last line.
pub(super) struct Stream<'a, 'b> {
    client: &'a mut ManholeClient,
    /// What was read and not yet taken.
    bytes: Vec<u8>,
    at: usize,
    copy: Option<&'b mut dyn Write>,
    /// Why reading failed, where an [`io::Error`] says too little.
    pub(super) failure: Option<KitError>,
}

impl<'a, 'b> Stream<'a, 'b> {
    pub(super) fn new(client: &'a mut ManholeClient, first: Vec<u8>, copy: Option<&'b mut dyn Write>) -> Self {
        Self { client, bytes: first, at: 0, copy, failure: None }
    }

    /// Ends the stream; what came behind it is the manhole's text again.
    pub(super) fn finish(self) -> Option<KitError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.client.take_text(rest);
        self.failure
    }
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Stream<'_, '_> {
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
