//! The index on disk: volumes that grow with the series, thrown away when they do not belong to it.
//!
//! A new archive becomes a volume of its own. While the volume before it is less than four times as large the two are
//! merged, so that a series of any length has few volumes and each entry is written again only a few times.
//!
//! Invariant: a volume is on disk before it gets its name. One that is spoiled all the same has another digest, and is made
//! anew.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::collect::{CollectError, Collecting};
use super::groups::Groups;
use super::volume::{Draft, Entry, Span, Volume, VolumeError};
use crate::merkle::Hash;
use crate::progress::{Interrupted, Progress};
use crate::record::time::Millis;

/// How names of volumes end.
const SUFFIX: &str = ".index";

/// What a scheduled run calls the folder of its index, which lies beside the archives.
pub const FOLDER: &str = "index";

/// How much larger a volume is than the one behind it.
const STEP: u64 = 4;

/// Which field of a kind is its change clock, if it has one.
pub type Clocks = dyn Fn(&str) -> Option<&'static str> + Sync;

/// Records of each kind in each bucket of time.
pub type Counts = BTreeMap<String, BTreeMap<i64, u64>>;

/// An archive in its place in the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// SHA-256 of its `seal.txt`.
    pub seal: Hash,
    /// Where it stands.
    pub archive: PathBuf,
}

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// An archive cannot be read.
    #[error("cannot read the archive `{archive}`")]
    Archive {
        /// Which one.
        archive: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An archive is not what it should be; `chatseal verify` says more.
    #[error("the archive `{archive}` is not intact: {place}: {detail}")]
    Unsound {
        /// Which one.
        archive: PathBuf,
        /// Member and line.
        place: String,
        /// What is wrong there.
        detail: String,
    },
    /// A file of the index cannot be written or read.
    #[error("cannot keep the index in `{folder}`")]
    Folder {
        /// The folder of the index.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A volume that was right when it was opened is not so any more.
    #[error("the index changed while it was read: {0}")]
    Changed(&'static str),
    /// A file of the index cannot be read.
    #[error("cannot read the index")]
    Read(#[source] io::Error),
    /// More archives than a series can have.
    #[error("more than 4,294,967,295 archives")]
    TooMany,
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl From<VolumeError> for IndexError {
    fn from(error: VolumeError) -> Self {
        match error {
            VolumeError::Io(source) => Self::Read(source),
            VolumeError::Damaged(what) => Self::Changed(what),
        }
    }
}

/// What opening an index took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Archives that were read.
    pub archives_read: u32,
    /// Volumes that were thrown away, and why.
    pub dropped: Vec<String>,
}

/// The index of a series of archives.
#[derive(Debug)]
pub struct Index {
    folder: PathBuf,
    volumes: Vec<Named>,
}

#[derive(Debug)]
struct Named {
    name: String,
    span: Span,
    volume: Volume,
}

impl Index {
    /// Opens the index in `folder` (made if it is not there) of the series `links`, oldest first. What the folder has of
    /// it is used, what it has of anything else is removed, and archives that are not in it are read.
    ///
    /// One process at a time may do so in one folder.
    pub fn open(
        folder: &Path,
        links: &[Link],
        clocks: &Clocks,
        progress: &Progress,
    ) -> Result<(Self, Account), IndexError> {
        let unusable = |source| IndexError::Folder { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unusable)?;
        let mut account = Account::default();
        let volumes = kept(folder, links, &mut account).map_err(unusable)?;
        let mut index = Self { folder: folder.to_owned(), volumes };
        let done = index.volumes.last().map_or(0, |last| last.span.end());
        for link in links.iter().skip(done) {
            index.follow(link, clocks, progress)?;
            account.archives_read += 1;
        }
        Ok((index, account))
    }

    /// Puts the archive that follows the others behind them.
    pub fn follow(&mut self, link: &Link, clocks: &Clocks, progress: &Progress) -> Result<(), IndexError> {
        let position = self.volumes.last().map_or(0, |last| last.span.end());
        let position = u32::try_from(position).map_err(|_| IndexError::TooMany)?;
        self.add(link, position, clocks, progress)
    }

    /// A cursor over all records; any number of them may be used at once.
    pub fn groups(&self) -> Result<Groups, IndexError> {
        Ok(Groups::new(self.volumes.iter().map(|named| &named.volume))?)
    }

    /// How many lines are sealed and not stated to have vanished, for each kind and each bucket of origin times:
    /// `at.div_euclid(bucket)`.
    pub fn counts(&self, bucket: Millis) -> Result<Counts, IndexError> {
        let (mut counts, mut groups) = (Counts::new(), self.groups()?);
        let bucket = bucket.max(1);
        while let Some(group) = groups.peek() {
            let sealed = group.versions().count() as u64;
            if sealed > 0 {
                if !counts.contains_key(group.kind) {
                    counts.insert(group.kind.to_owned(), BTreeMap::new());
                }
                if let Some(of_kind) = counts.get_mut(group.kind) {
                    *of_kind.entry(group.at.div_euclid(bucket)).or_default() += sealed;
                }
            }
            groups.advance()?;
        }
        Ok(counts)
    }

    /// Reads an archive and puts it behind the others.
    fn add(&mut self, link: &Link, position: u32, clocks: &Clocks, progress: &Progress) -> Result<(), IndexError> {
        let collecting = Collecting::open(link, position, clocks, progress)?;
        let span = Span { first: position, seals: vec![link.seal] };
        let mut aside = Vec::new();
        let mut named = self.write(span.clone(), |draft, folder| {
            aside = collecting.run(draft, folder)?.spilled;
            Ok(())
        })?;
        if !aside.is_empty() {
            // Where a line of the record is in the same archive, the line has the word.
            aside.push(named.volume);
            named = self.write(span, |draft, _| merge(&aside, draft, progress))?;
        }
        self.volumes.push(named);
        while let [.., before, last] = self.volumes.as_slice()
            && before.volume.length() < last.volume.length().saturating_mul(STEP)
        {
            let seals = before.span.seals.iter().chain(&last.span.seals).copied().collect();
            let span = Span { first: before.span.first, seals };
            let both = [before.volume.clone(), last.volume.clone()];
            let merged = self.write(span, |draft, _| merge(&both, draft, progress))?;
            for old in self.volumes.drain(self.volumes.len() - 2..) {
                // What stays is found to be superseded the next time.
                let _ = fs::remove_file(self.folder.join(old.name));
            }
            self.volumes.push(merged);
        }
        Ok(())
    }

    /// Writes a volume under another name and gives it its own when it is complete.
    fn write(
        &self,
        span: Span,
        content: impl FnOnce(&mut Draft, &Path) -> Result<(), CollectError>,
    ) -> Result<Named, IndexError> {
        let name = span.name();
        let partial = self.folder.join(format!("{name}.partial"));
        let written = || -> Result<Volume, CollectError> {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&partial)?;
            let mut draft = Draft::new(file, &span);
            content(&mut draft, &self.folder)?;
            let volume = draft.finish()?;
            fs::rename(&partial, self.folder.join(&name))?;
            File::open(&self.folder)?.sync_all()?;
            Ok(volume)
        };
        let volume = written().map_err(|error| {
            let _ = fs::remove_file(&partial);
            match error {
                CollectError::Index(error) => error,
                CollectError::Volume(error) => error.into(),
                CollectError::Io(source) => IndexError::Folder { folder: self.folder.clone(), source },
            }
        })?;
        Ok(Named { name, span, volume })
    }
}

impl Span {
    /// Position behind the last archive.
    fn end(&self) -> usize {
        self.first as usize + self.seals.len()
    }

    fn name(&self) -> String {
        format!("{:08}-{:08}{SUFFIX}", self.first, self.end().saturating_sub(1))
    }
}

/// Writes what the volumes, oldest first, say together.
fn merge(volumes: &[Volume], draft: &mut Draft, progress: &Progress) -> Result<(), CollectError> {
    let mut groups = Groups::new(volumes)?;
    let mut count = 0_u64;
    while let Some(group) = groups.peek() {
        for known in group.known {
            draft.push(group.kind, &Entry { at: group.at, id: group.id, known: *known })?;
        }
        groups.step()?;
        count += 1;
        if count.is_multiple_of(4096) {
            progress.check().map_err(IndexError::from)?;
        }
    }
    Ok(())
}

/// The volumes in `folder` that are of this series, from its beginning without a gap; removes what else calls itself one.
fn kept(folder: &Path, links: &[Link], account: &mut Account) -> io::Result<Vec<Named>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(ends) = ends(name.strip_suffix(".partial").unwrap_or(&name)) {
            names.push((ends, name));
        }
    }
    // Of volumes that begin alike the widest comes first: those within it were merged into it.
    names.sort_by_key(|((first, last), name)| (*first, u32::MAX - last, name.clone()));
    let mut kept: Vec<Named> = Vec::new();
    for (_, name) in names {
        let path = folder.join(&name);
        let next = kept.last().map_or(0, |named| named.span.end());
        match belongs(&path, &name, next, links)? {
            Ok(found) => kept.push(found),
            Err(why) => {
                account.dropped.extend(why.map(|why| format!("{name}: {why}")));
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(kept)
}

/// A volume that continues the series at `next`; otherwise why it does not, if that is worth telling.
fn belongs(path: &Path, name: &str, next: usize, links: &[Link]) -> io::Result<Result<Named, Option<&'static str>>> {
    if !path.symlink_metadata()?.is_file() || !name.ends_with(SUFFIX) {
        // Left by a run that was killed.
        return Ok(Err(None));
    }
    let (volume, span) = match Volume::open(File::open(path)?) {
        Ok(opened) => opened,
        Err(VolumeError::Io(error)) => return Err(error),
        Err(VolumeError::Damaged(what)) => return Ok(Err(Some(what))),
    };
    if span.name() != name {
        return Ok(Err(Some("it is of other archives than its name says")));
    }
    if (span.first as usize) < next {
        // Merged already, before a run was killed.
        return Ok(Err(None));
    }
    let expected = links.get(span.first as usize..span.end()).unwrap_or_default();
    if span.first as usize != next || !expected.iter().map(|link| &link.seal).eq(&span.seals) {
        return Ok(Err(Some("it is of another series of archives")));
    }
    Ok(Ok(Named { name: name.to_owned(), span, volume }))
}

/// The first and last archive in the name of a volume; `None` if it is no such name.
fn ends(name: &str) -> Option<(u32, u32)> {
    let (first, last) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (format!("{first:08}-{last:08}{SUFFIX}") == name).then_some((first, last))
}
