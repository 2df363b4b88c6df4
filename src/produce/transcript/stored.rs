//! Attachments as files of the transcript: copied once, under names that no browser runs.
//!
//! A picture is what its first bytes say, never what its name says. What a browser would run when it is opened from disk
//! (HTML, SVG, scripts) ends in `.txt`, what is of no known harmless type in `.bin`; the reader sees the name as it was
//! sent, and the digest tells the bytes.

use std::collections::HashSet;
use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};

use crate::archive::names::Member;
use crate::archive::reader::Archive;
use crate::merkle::Hash;
use crate::produce::files::copy_content;
use crate::produce::{Folder, ProduceError};
use crate::progress::Progress;
use crate::record::id::hex;

/// Extensions that are kept: opened by viewers that run nothing, or by programs outside of the browser.
const KEPT: [&str; 45] = [
    "7z", "aac", "bz2", "cap", "csv", "doc", "docx", "eml", "epub", "flac", "gz", "ics", "json", "key", "log", "m4a",
    "md", "mkv", "mov", "mp3", "mp4", "msg", "numbers", "odp", "ods", "odt", "ogg", "pages", "pcap", "pcapng", "pdf",
    "ppt", "pptx", "rtf", "tar", "tgz", "tsv", "txt", "vcf", "wav", "webm", "xls", "xlsx", "zip", "zst",
];

/// Extensions of texts that a browser or a shell would run.
const TEXTS: [&str; 22] = [
    "bat", "cmd", "conf", "css", "hta", "htm", "html", "ini", "js", "mht", "mhtml", "mjs", "php", "ps1", "py", "sh",
    "shtml", "svg", "vbs", "xht", "xhtml", "xml",
];

/// Where the bytes of an attachment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    /// Path from the top of the transcript.
    pub(super) path: String,
    /// Whether it is a picture that a page may show.
    pub(super) is_picture: bool,
}

/// Copies attachments into the folder, each once, from any thread.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    archive: &'a Archive,
    folder: &'a Folder,
    progress: &'a Progress,
    copied: Mutex<HashSet<String>>,
}

impl<'a> Stored<'a> {
    /// Nothing copied so far.
    pub(super) fn new(archive: &'a Archive, folder: &'a Folder, progress: &'a Progress) -> Self {
        Self { archive, folder, progress, copied: Mutex::default() }
    }

    /// The file that holds the content of this digest, for an attachment of this name.
    pub(super) fn file(&self, digest: &Hash, name: &str) -> Result<Copied, ProduceError> {
        let picture = self.picture(digest)?;
        let extension = picture.map_or_else(|| harmless(name), str::to_owned);
        let hex = hex(digest);
        let path = format!("files/{}/{hex}.{extension}", hex.get(..2).unwrap_or_default());
        let is_new = self.copied.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        if is_new {
            let mut output = self.folder.create(&path)?;
            let mut to = Remembering { to: &mut output, error: None };
            let failed = |source| self.folder.temporary_failed(source).into();
            let copied = copy_content(self.archive, digest, self.progress, &mut to, failed);
            match to.error.take() {
                Some(error) => return Err(output.failed(error).into()),
                None => copied?,
            };
            output.finish()?;
        }
        Ok(Copied { path, is_picture: picture.is_some() })
    }

    /// The extension of a picture that pages may show, by its first bytes.
    fn picture(&self, digest: &Hash) -> Result<Option<&'static str>, ProduceError> {
        let Some(entry) = self.archive.find(&Member::Content(*digest)) else { return Ok(None) };
        let (mut head, mut length) = ([0; 16], 0);
        let mut from = self.archive.stream(entry);
        while let Some(rest) = head.get_mut(length..).filter(|rest| !rest.is_empty()) {
            let read = from.read(rest).map_err(|cause| crate::archive::walk::WalkError::Unreadable {
                member: Member::Content(*digest).to_string(),
                cause,
            })?;
            if read == 0 {
                break;
            }
            length += read;
        }
        Ok(raster(head.get(..length).unwrap_or_default()))
    }
}

/// Keeps the error of the folder apart from those of the archive.
struct Remembering<'o, W> {
    to: &'o mut W,
    error: Option<io::Error>,
}

impl<W: io::Write> io::Write for Remembering<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).inspect_err(|error| self.error = Some(io::Error::new(error.kind(), error.to_string())))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The raster format that bytes begin as; browsers decode these and run nothing.
fn raster(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("png")
    } else if head.starts_with(b"\xff\xd8\xff") {
        Some("jpg")
    } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        Some("gif")
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("webp")
    } else if head.starts_with(b"BM") && head.len() == 16 {
        Some("bmp")
    } else {
        None
    }
}

/// The extension under which bytes of a name are kept.
fn harmless(name: &str) -> String {
    let own = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    if KEPT.contains(&own.as_str()) {
        own
    } else if TEXTS.contains(&own.as_str()) {
        "txt".to_owned()
    } else {
        "bin".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_bytes() {
        assert_eq!(raster(b"\x89PNG\r\n\x1a\n12345678"), Some("png"));
        assert_eq!(raster(b"<svg xmlns='http"), None);
        assert_eq!(raster(b"RIFF1234WAVE    "), None);
        assert_eq!(raster(b""), None);
    }

    #[test]
    fn nothing_keeps_a_name_that_runs() {
        for (name, expected) in [
            ("a.PDF", "pdf"),
            ("a.svg", "txt"),
            ("a.html", "txt"),
            ("x.pdf.exe", "bin"),
            ("noextension", "bin"),
            ("a.png", "bin"),
            ("a.pdf ", "bin"),
            ("a.js", "txt"),
        ] {
            assert_eq!(harmless(name), expected, "{name}");
        }
        assert!(KEPT.iter().all(|kept| !TEXTS.contains(kept)));
    }
}
