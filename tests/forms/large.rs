//! Files of RSMF that are larger than platforms take, with a limit that is low enough to be passed.

use chatseal::archive::reader::Opening;
use chatseal::produce::Zone;
use chatseal::produce::{
    Directory, Folder, Form, Integrity, Replaced, Scope, Sealed, Settings, Signed, Standing, Work, make,
};
use chatseal::progress::Progress;

use super::Desk;
use crate::search::harbour;

/// Produces the harbour with this limit: what was counted, and how many files were too large.
fn produced(largest: u64) -> (Vec<(&'static str, u64)>, u64) {
    let desk = Desk::new(harbour());
    let progress = Progress::silent();
    let archive = Opening::read(&desk.path("a.zip")).unwrap().archive.unwrap();
    let standing = Standing { integrity: Integrity::Verified, signed: Signed::NotChecked };
    let sealed = Sealed::read(&archive, standing).unwrap();
    let directory = Directory::read(&archive, &progress).unwrap();
    let scope = Scope::default();
    let work = Work { sealed: &sealed, directory: &directory, scope: &scope, time: 0, progress: &progress };
    let folder = Folder::begin(&desk.path("out")).unwrap();
    let mut replaced = Replaced::new(folder.temporary()).unwrap();
    let zone = Zone::named("UTC").unwrap();
    let settings = Settings { batch_size: 1, is_checked: true, zone, largest_rsmf: largest };
    let made = make(Form::Rsmf, &settings, &work, &folder, &mut replaced).unwrap();
    let too_large = replaced.counts().get("too-large").copied().unwrap_or_default();
    folder.finish().unwrap();
    (made.counts, too_large)
}

#[test]
fn a_file_that_no_platform_takes_is_listed_and_not_held_against_the_rules() {
    let count = |counts: &[(&str, u64)], name| counts.iter().find(|(known, _)| *known == name).unwrap().1;
    let (counts, too_large) = produced(u64::MAX);
    let files = count(&counts, "files");
    assert!(files > 1);
    assert_eq!((count(&counts, "files checked"), too_large), (files, 0));
    let (counts, too_large) = produced(1);
    assert_eq!((count(&counts, "files"), count(&counts, "files checked"), too_large), (files, 0, files));
}
