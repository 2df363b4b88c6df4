//! The cache of an index: whatever lies in its folder, reading it ends.
//!
//! The digest at the end is made to fit, so that the fuzzer gets past it; the series is the one that the bytes claim.
#![no_main]

use std::path::PathBuf;

use chatseal::chain::{Index, Link};
use chatseal::progress::Progress;
use libfuzzer_sys::fuzz_target;
use ring::digest::{SHA256, digest};

/// Where the number of archives stands, behind the first line and the position of the first archive.
const COUNT: usize = 21;

fuzz_target!(|bytes: &[u8]| {
    let Some(count) = bytes.get(COUNT..COUNT + 4).and_then(|count| count.try_into().ok()).map(u32::from_le_bytes) else {
        return;
    };
    let seals = bytes[COUNT + 4..].chunks_exact(32).take(count.min(64) as usize);
    let link = |seal: &[u8]| Link { seal: seal.try_into().expect("32 bytes"), archive: PathBuf::from("/nowhere.zip") };
    let links: Vec<Link> = seals.map(link).collect();
    let name = format!("00000000-{:08}.index", count.saturating_sub(1));
    let digest = digest(&SHA256, bytes);
    let whole = [bytes, digest.as_ref()];
    chatseal_fuzz::with_file(&name, &whole, |path| {
        let folder = path.parent().expect("a file lies in a folder");
        // What is not believed is removed, and then the archives are missing.
        let Ok((index, account)) = Index::open(folder, &links, &|_| None, &Progress::silent()) else { return };
        assert_eq!(account.archives_read, 0);
        let Ok(mut groups) = index.groups() else { return };
        let mut last: Option<(String, i64, String)> = None;
        while let Some(group) = groups.peek() {
            let key = (group.kind.to_owned(), group.at, group.id.to_owned());
            assert!(!group.known.is_empty() && last.as_ref() != Some(&key), "each record once");
            last = Some(key);
            if groups.advance().is_err() {
                return;
            }
        }
    });
});
