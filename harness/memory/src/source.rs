//! What answers "give me these bytes", and why it could not.

use crate::{Address, Region};

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing is mapped (or was copied) there.
    #[error("{len} bytes at {address} are not mapped")]
    Unmapped {
        /// Where the read began.
        address: Address,
        /// How many bytes were asked for.
        len: usize,
    },
    /// The operating system refused.
    #[error("reading {len} bytes at {address}: {cause}")]
    Io {
        /// Where the read began.
        address: Address,
        /// How many bytes were asked for.
        len: usize,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// Bytes that are asked for together with others.
#[derive(Debug)]
pub struct ReadPiece<'a> {
    /// Where they are.
    pub address: Address,
    /// Where they go, as many as it holds.
    pub buffer: &'a mut [u8],
}

/// Memory that can be read: a live process, a copied image, a recorded image, an ELF core.
pub trait MemorySource {
    /// The mappings, sorted by address, not overlapping.
    fn regions(&self) -> &[Region];

    /// Fills `buffer` from `address` on, wholly or not at all.
    ///
    /// # Errors
    /// [`ReadError`] when any byte is not there.
    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError>;

    /// Fills `pieces` in their order, as close together in time as the source can, and tells how many were filled: the
    /// first that is not there, wholly, ends it.
    fn read_together(&self, pieces: &mut [ReadPiece<'_>]) -> usize {
        let missing = |piece: &mut ReadPiece<'_>| self.read(piece.address, piece.buffer).is_err();
        pieces.iter_mut().position(missing).unwrap_or(pieces.len())
    }

    /// A little-endian word.
    ///
    /// # Errors
    /// As [`MemorySource::read`].
    fn read_u64(&self, address: Address) -> Result<u64, ReadError> {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A little-endian half word.
    ///
    /// # Errors
    /// As [`MemorySource::read`].
    fn read_u32(&self, address: Address) -> Result<u32, ReadError> {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// A pointer.
    ///
    /// # Errors
    /// As [`MemorySource::read`].
    fn read_address(&self, address: Address) -> Result<Address, ReadError> {
        self.read_u64(address).map(Address)
    }

    /// A NUL-terminated C string of at most `max` bytes; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// As [`MemorySource::read`], when not even the first byte can be read.
    fn read_c_string(&self, address: Address, max: usize) -> Result<String, ReadError> {
        let mut text = Vec::new();
        for index in 0..max as u64 {
            let mut byte = [0];
            match self.read(address.offset(index), &mut byte) {
                Ok(()) if byte[0] == 0 => break,
                Ok(()) => text.push(byte[0]),
                Err(error) if index == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
