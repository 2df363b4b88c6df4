//! One appends at a time: an advisory lock on the file `lock`, in which the holder stands written.
//!
//! The lock is the operating system's and ends with its process, however that ends; what is written in the file only
//! tells a person whom to look for. An empty file is held by nobody.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes that are read of what a holder wrote.
const MAX_HOLDER: u64 = 400;

/// A lock, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Takes the lock, or says who has it.
pub(super) fn take(path: &Path, holder: &str) -> io::Result<Result<Lock, String>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = Vec::new();
            (&file).take(MAX_HOLDER).read_to_end(&mut text)?;
            return Ok(Err(crate::archive::names::printable(String::from_utf8_lossy(&text).trim())));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{holder}")?;
    Ok(Ok(Lock { file }))
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}
