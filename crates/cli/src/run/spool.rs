//! What would not fit into memory in a large estate: records in a temporary file that has no name.
//!
//! A megabyte is kept in memory, and only what goes beyond them is written. The file is this process's alone, and
//! is gone with it however it ends.

pub(crate) mod values;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::SpooledTempFile;

use crate::term::problem::{Problem, Stop};

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
    pub(crate) fn put(&self, it: &impl Serialize) -> Result<Slot> {
        let bytes = postcard::to_stdvec(it).map_err(SpoolError::new)?;
        let length = u32::try_from(bytes.len()).map_err(SpoolError::new)?;
        let mut written = self.written();
        let at = written.end;
        written.file.seek(SeekFrom::Start(at)).map_err(SpoolError::new)?;
        written.file.write_all(&bytes).map_err(SpoolError::new)?;
        written.end += u64::from(length);
        Ok(Slot { at, length })
    }

    /// Reads a record again.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub(crate) fn get<T: DeserializeOwned>(&self, slot: Slot) -> Result<T> {
        let mut bytes = vec![0; usize::try_from(slot.length).unwrap_or(usize::MAX)];
        let mut written = self.written();
        written.file.seek(SeekFrom::Start(slot.at)).map_err(SpoolError::new)?;
        written.file.read_exact(&mut bytes).map_err(SpoolError::new)?;
        drop(written);
        postcard::from_bytes(&bytes).map_err(SpoolError::new)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why what was found cannot be kept, or read again.
#[derive(Debug)]
pub(crate) struct SpoolError(String);

/// What a spool answers.
pub(crate) type Result<T> = std::result::Result<T, SpoolError>;

impl SpoolError {
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = std::env::temp_dir();
        write!(f, "what was found cannot be kept in a temporary file in {}: {}", dir.display(), self.0)
    }
}

impl std::error::Error for SpoolError {}

impl From<SpoolError> for Stop {
    fn from(error: SpoolError) -> Self {
        let hint = "let `TMPDIR` name a directory with some space: about 1 KB for each resource that violates the policy";
        Self::Problem(Problem { hint: Some(hint.to_owned()), ..Problem::internal(error.to_string()) })
    }
}
