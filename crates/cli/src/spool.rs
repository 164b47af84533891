//! What would not fit into memory in a large estate: records in a temporary file that has no name.
//!
//! A megabyte is kept in memory, and only what goes beyond them is written. The file is this process's alone, and
//! is gone with it however it ends.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::SpooledTempFile;

/// So much stays in memory: a thousand records or two.
const IN_MEMORY: usize = 1024 * 1024;

/// Records, each found again by its slot.
pub(crate) struct Spool(Mutex<Written>);

struct Written {
    file: SpooledTempFile,
    end: u64,
}

/// Where a record is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    at: u64,
    length: u32,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").finish_non_exhaustive()
    }
}

impl Default for Spool {
    fn default() -> Self {
        Self::keeping(IN_MEMORY)
    }
}

impl Spool {
    fn keeping(in_memory: usize) -> Self {
        Self(Mutex::new(Written { file: SpooledTempFile::new(in_memory), end: 0 }))
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// The disk is full, or there is none to write to.
    pub(crate) fn put(&self, it: &impl Serialize) -> io::Result<Slot> {
        let bytes = postcard::to_stdvec(it).map_err(|it| broken(&it.to_string()))?;
        let length = u32::try_from(bytes.len()).map_err(|_| broken("a record is too long"))?;
        let mut written = self.written();
        let at = written.end;
        written.file.seek(SeekFrom::Start(at)).map_err(|it| unusable(&it))?;
        written.file.write_all(&bytes).map_err(|it| unusable(&it))?;
        written.end += u64::from(length);
        Ok(Slot { at, length })
    }

    /// Reads a record again.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub(crate) fn get<T: DeserializeOwned>(&self, slot: Slot) -> io::Result<T> {
        let mut bytes = vec![0; usize::try_from(slot.length).unwrap_or(usize::MAX)];
        let mut written = self.written();
        written.file.seek(SeekFrom::Start(slot.at)).map_err(|it| unusable(&it))?;
        written.file.read_exact(&mut bytes).map_err(|it| unusable(&it))?;
        drop(written);
        postcard::from_bytes(&bytes).map_err(|it| broken(&it.to_string()))
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a temporary file is of no use.
#[derive(Debug)]
pub(crate) struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = std::env::temp_dir();
        write!(f, "what was found cannot be kept in a temporary file in {}: {}", dir.display(), self.0)
    }
}

impl std::error::Error for Unusable {}

impl Unusable {
    /// What to do about it.
    pub(crate) const HINT: &'static str = "let `TMPDIR` name a directory with some space: about 1 KB for each resource that violates the policy";
}

fn unusable(error: &io::Error) -> io::Error {
    broken(&error.to_string())
}

fn broken(why: &str) -> io::Error {
    io::Error::other(Unusable(why.to_owned()))
}
