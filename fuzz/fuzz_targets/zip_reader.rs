//! Whole archives: the strict zip reader, and everything that verify asks.
//!
//! Nobody can sign by mutating bytes, so whatever is not one of the seeds, byte for byte, has to be found out.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use chatseal::archive::reader::{Body, Opening};
use chatseal::keys::AllowedSigners;
use chatseal::progress::Progress;
use chatseal::verify::{Ending, TrustPolicy, verify};
use libfuzzer_sys::fuzz_target;

static SIGNERS: LazyLock<AllowedSigners> = LazyLock::new(chatseal_fuzz::fixture_signers);

/// Files that the seeding script put there; the fuzzer names its own after their digest.
static SEEDS: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/zip_reader");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let seeds = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("seed-"));
    seeds.filter_map(|entry| std::fs::read(entry.path()).ok()).collect()
});

fuzz_target!(|bytes: &[u8]| {
    chatseal_fuzz::with_file("fuzz.zip", &[bytes], |path| {
        let opening = Opening::read(path).expect("a file that can be read");
        if let Some(archive) = opening.archive {
            let mut body = Body::default();
            for entry in archive.entries() {
                let _ = archive.load(entry, &mut body).expect("a file that can be read");
            }
        }
        let policy = TrustPolicy { signers: Some(&SIGNERS), ..TrustPolicy::default() };
        let report = verify(path, &policy, &Progress::silent()).expect("a file that can be read");
        let _ = report.verdict();
        if matches!(report.ending(), Ending::Intact | Ending::Untrusted | Ending::Incomplete) {
            assert!(SEEDS.contains(bytes), "a changed archive counts as whole: {}", report.verdict());
        }
    });
});
