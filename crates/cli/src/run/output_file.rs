//! `--output-file`: results go beside the file, and take its place once the run is complete.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::term::problem::Problem;

/// A file that is being written, without colours.
#[derive(Debug)]
pub(crate) struct OutputFile {
    beside: NamedTempFile,
    text: anstream::StripStream<File>,
    path: PathBuf,
}

impl OutputFile {
    /// Begins to write.
    pub(crate) fn create(path: &Path) -> Result<Self, Problem> {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let opened = NamedTempFile::new_in(folder).and_then(|beside| Ok((beside.reopen()?, beside)));
        let (file, beside) = opened.map_err(|error| {
            // The error names the temporary file, which is of no use to anybody.
            let message = format!("--output-file: cannot write {}: {}", path.display(), error.kind());
            Problem::usage(message, "name a file in a folder that exists and can be written to")
        })?;
        Ok(Self { beside, text: anstream::StripStream::new(file), path: path.to_owned() })
    }

    /// Puts what was written in the place of the file.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.beside.persist(self.path).map(drop).map_err(|failed| failed.error)
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.text.flush()
    }
}
