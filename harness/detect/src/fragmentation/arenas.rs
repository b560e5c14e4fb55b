//! What one look tells of a process's arenas.

/// What one look tells of a process's arenas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArenaFacts {
    /// Bytes of one arena, by the interpreter that was read.
    pub bytes_each: u64,
    /// Arenas held.
    pub arenas: u64,
    /// Of these, arenas with at least one block that stays after a full collection.
    pub pinned_arenas: u64,
    /// Arenas that what stays would need if it was packed.
    pub packed_arenas: u64,
    /// Bytes of what stays: live objects, the interpreter's free lists, C code's blocks.
    pub held_bytes: u64,
    /// Bytes of objects that nothing reaches, not collected yet.
    pub garbage_bytes: u64,
    /// Bytes in wholly free pools, handed out before or never.
    pub free_pool_bytes: u64,
    /// glibc's heap: free bytes below its highest held chunk, which it can't return by lowering its end.
    pub malloc_stranded_bytes: u64,
    /// glibc's heap: held bytes.
    pub malloc_held_bytes: u64,
    /// Free places in the blocks of `int` and `float` objects, which are never given back.
    pub number_free_bytes: u64,
}

impl ArenaFacts {
    /// Bytes of all arenas.
    #[must_use]
    pub fn arena_bytes(&self) -> u64 {
        self.arenas.saturating_mul(self.bytes_each)
    }

    /// Bytes that would return to the system if what stays was packed; without those that a collection returns anyway.
    #[must_use]
    pub fn stranded_bytes(&self) -> u64 {
        self.pinned_arenas.saturating_sub(self.packed_arenas).saturating_mul(self.bytes_each)
    }

    /// Share of the pinned arenas that what stays really uses; 1 where there are none.
    #[must_use]
    pub fn pinned_utilisation(&self) -> f64 {
        match self.pinned_arenas {
            0 => 1.0,
            arenas => self.held_bytes as f64 / (arenas.saturating_mul(self.bytes_each)) as f64,
        }
    }

    /// Share of all arenas that what stays really uses; 1 where there are none.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        match self.arenas {
            0 => 1.0,
            _ => self.held_bytes as f64 / self.arena_bytes() as f64,
        }
    }
}
