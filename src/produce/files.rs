//! The attachments of an archive, by the post that they belong to, and their bytes.
//!
//! Held in memory like the directory: a file is a row of its own, and a form meets it only with its post.

use std::collections::HashMap;
use std::io::{Read as _, Write};

use ring::digest::{Context, SHA256};

use super::ProduceError;
use crate::archive::defect::Flaw;
use crate::archive::names::Member;
use crate::archive::reader::Archive;
use crate::archive::walk::{Walk, WalkError};
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::fields::{Head, characters, integer, plain};
use crate::record::id::unhex;
use crate::record::time::Millis;

/// Bytes copied at once.
const BLOCK: usize = 256 << 10;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: Box<str>,
    /// Who uploaded it.
    pub user_id: Box<str>,
    /// When it was uploaded; 0 where the source does not say.
    pub create_at: Millis,
    /// When its row was last touched.
    pub update_at: Millis,
    /// When it was deleted; 0 if it was not.
    pub delete_at: Millis,
    /// Where the server kept it. Data, never a path of ours.
    pub path: Box<str>,
    /// Its name as people see it.
    pub name: Box<str>,
    /// Its type as the server guessed it; empty where the source does not say.
    pub mime_type: Box<str>,
    /// Its bytes as the server counted them, or as they were sealed.
    pub size: u64,
    /// Width and height of an image; 0 of what is none.
    pub pixels: (u32, u32),
    /// SHA-256 of its bytes, which name the member of the archive; `None` if they were not collected.
    pub content: Option<Hash>,
    /// Why they were not.
    pub missing: Box<str>,
}

/// All files of an archive.
#[derive(Debug, Default)]
pub struct Files {
    by_post: HashMap<Box<str>, Vec<Attachment>>,
    /// Files that name no post: uploads that were never sent, and what plugins keep.
    without_post: u64,
}

impl Files {
    /// Reads the file records of an archive.
    pub fn read(archive: &Archive, progress: &Progress) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        Walk::new(archive, progress)?.kinds(|kind| kind == "file").for_each_segment(
            |segment| segment.lines().map(|(_, line)| attachment(line)).collect::<Vec<_>>(),
            |found| {
                for file in found {
                    this.add(file);
                }
                Ok::<_, WalkError>(())
            },
        )?;
        for files in this.by_post.values_mut() {
            files.sort_by(|a, b| (a.create_at, &a.id).cmp(&(b.create_at, &b.id)));
        }
        Ok(this)
    }

    fn add(&mut self, file: Option<(Box<str>, Attachment)>) {
        match file {
            Some((post, file)) => self.by_post.entry(post).or_default().push(file),
            None => self.without_post = self.without_post.saturating_add(1),
        }
    }

    /// What a reader of a form that shows files with their posts has to know; `shown` is how many it shows, if it was
    /// asked for everything.
    pub fn remark(&self, shown: Option<u64>) -> Option<String> {
        let orphans = shown.map_or(0, |shown| (self.len() as u64).saturating_sub(shown));
        let left = self.without_post.saturating_add(orphans);
        let words = match left {
            0 => return None,
            1 => "1 file belongs to no post of the archive, and stands".to_owned(),
            _ => format!("{left} files belong to no post of the archive, and stand"),
        };
        Some(format!("{words} in record forms (`jsonl`, `csv-records`, `parquet`) only"))
    }

    /// The files of a post, oldest first.
    pub fn of(&self, post: &str) -> &[Attachment] {
        self.by_post.get(post).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many belong to a post.
    pub fn len(&self) -> usize {
        self.by_post.values().map(Vec::len).sum()
    }

    /// Whether none belongs to a post.
    pub fn is_empty(&self) -> bool {
        self.by_post.is_empty()
    }
}

/// Reads a line of kind `file`: the post that it belongs to, and the file; `None` if it belongs to none.
pub fn attachment(line: &[u8]) -> Option<(Box<str>, Attachment)> {
    let head = Head::of(line, "file");
    let [user, post, create, update, delete, path, name, size, mime, width, height, sha256, bytes, member, missing] =
        head.pick([
            "user_id",
            "post_id",
            "create_at",
            "update_at",
            "delete_at",
            "path",
            "name",
            "size",
            "mime_type",
            "width",
            "height",
            "content_sha256",
            "content_bytes",
            "content_member",
            "content_missing",
        ]);
    let text = |value: Option<&[u8]>| value.map(|value| Box::from(characters(value))).unwrap_or_default();
    let number = |value| integer(value).and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let post = plain(post);
    let content = member.and(sha256).and_then(|digest| unhex(plain(Some(digest))));
    let file = Attachment {
        id: head.id.into(),
        user_id: plain(user).into(),
        create_at: integer(create).unwrap_or_default(),
        update_at: integer(update).unwrap_or_default(),
        delete_at: integer(delete).unwrap_or_default(),
        path: text(path),
        name: text(name),
        mime_type: text(mime),
        size: integer(bytes).or(integer(size)).and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        pixels: (number(width), number(height)),
        content,
        missing: text(missing),
    };
    (!post.is_empty()).then(|| (post.into(), file))
}

/// Copies the bytes of the member that this digest names. `write` fails as the caller says.
pub fn copy_content(
    archive: &Archive,
    digest: &Hash,
    progress: &Progress,
    to: &mut impl Write,
    failed: impl Fn(std::io::Error) -> ProduceError,
) -> Result<u64, ProduceError> {
    let member = Member::Content(*digest);
    let damaged = |flaw| WalkError::Damaged { member: member.to_string(), flaw };
    let entry = archive.find(&member).ok_or_else(|| damaged(Flaw::MemberMissing))?;
    let (mut from, mut block) = (archive.stream(entry), vec![0; BLOCK]);
    let (mut found, mut copied) = (Context::new(&SHA256), 0_u64);
    loop {
        progress.check()?;
        let read = from.read(&mut block);
        let read = read.map_err(|cause| WalkError::Unreadable { member: member.to_string(), cause })?;
        let bytes = block.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        found.update(bytes);
        to.write_all(bytes).map_err(&failed)?;
        copied = copied.saturating_add(read as u64);
    }
    if found.finish().as_ref() == digest { Ok(copied) } else { Err(damaged(Flaw::CrcMismatch).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, data: &str) -> String {
        format!(r#"{{"kind":"file","id":"{id}","at":5,"data":{{{data}}}}}"#)
    }

    #[test]
    fn files_stand_with_their_post_and_others_are_counted() {
        let mut files = Files::default();
        assert_eq!(files.remark(Some(0)), None);
        for (id, data) in [("f2", r#""post_id":"p","create_at":9"#), ("f1", r#""post_id":"""#), ("f3", r#""name":"x""#)]
        {
            files.add(attachment(line(id, data).as_bytes()));
        }
        assert_eq!((files.len(), files.of("p").len(), files.of("").len()), (1, 1, 0));
        assert!(files.remark(None).unwrap().starts_with("2 files belong to no post of the archive, and stand in"));
        assert!(files.remark(Some(0)).unwrap().starts_with("3 files belong"));
        assert!(files.remark(Some(1)).unwrap().starts_with("2 files belong"));
    }

    #[test]
    fn a_file_is_read_as_it_was_sealed() {
        let digest = "ab".repeat(32);
        let whole = format!(
            r#""user_id":"u","post_id":"p","create_at":5,"update_at":6,"delete_at":7,"path":"a/b","name":"x\n.png","size":9,"mime_type":"image/png","width":3,"height":-4,"content_sha256":"{digest}","content_bytes":8,"content_member":"data/files/ab""#
        );
        let (post, file) = attachment(line("f", &whole).as_bytes()).unwrap();
        assert_eq!((&*post, &*file.id, &*file.user_id, &*file.name, &*file.path), ("p", "f", "u", "x\n.png", "a/b"));
        assert_eq!((file.create_at, file.update_at, file.delete_at, file.size), (5, 6, 7, 8));
        assert_eq!((file.pixels, file.content), ((3, 0), Some([0xab; 32])));
        // Bytes that are in no member are not there, whatever digest the row names.
        let gone = whole.replace(r#","content_member":"data/files/ab""#, r#","content_missing":"file-missing""#);
        let (_, file) = attachment(line("f", &gone).as_bytes()).unwrap();
        assert_eq!((file.content, &*file.missing), (None, "file-missing"));
    }
}
