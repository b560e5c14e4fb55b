//! A process that a test started and that does not outlive it.

use std::ops::{Deref, DerefMut};
use std::process::Child;

/// Killed and buried when dropped: a test that fails leaves nobody behind.
#[derive(Debug)]
pub struct Owned(Child);

impl From<Child> for Owned {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Deref for Owned {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Owned {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::Owned;

    #[test]
    fn what_is_dropped_is_gone() {
        let child: Owned = Command::new("sleep").arg("600").spawn().unwrap().into();
        let folder = format!("/proc/{}", child.id());
        assert!(Path::new(&folder).exists());
        drop(child);
        assert!(!Path::new(&folder).exists());
    }
}
