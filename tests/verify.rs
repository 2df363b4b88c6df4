//! What verify says of archives that were made from the specification and not by this crate.

use std::path::{Path, PathBuf};

use chatseal::keys::AllowedSigners;
use chatseal::progress::Progress;
use chatseal::verify::layer::{Layer, Outcome};
use chatseal::verify::{Ending, Report, TrustPolicy, check_chain, verify};

use crate::bag::{Key, Spec, hex, sha};

fn signers(text: &str) -> AllowedSigners {
    AllowedSigners::parse(text.as_bytes())
}

fn judged(path: &Path, text: &str) -> Report {
    let signers = signers(text);
    verify(path, &TrustPolicy { signers: Some(&signers), ..TrustPolicy::default() }, &Progress::silent()).unwrap()
}

/// Verifies `bytes` with key 1 allowed.
pub(crate) fn report(bytes: &[u8]) -> Report {
    let (_folder, path) = written(bytes);
    judged(&path, &Key::new(1).allowed("auditor@example.org", ""))
}

fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.findings().counts().keys().map(|code| code.code()).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn an_archive_made_from_the_specification_is_intact() {
    for spec in [Spec::small(), Spec::empty()] {
        let report = report(&spec.zip());
        assert_eq!(codes(&report), Vec::<&str>::new(), "{:#?}", report.findings().shown());
        assert_eq!(report.ending(), Ending::Intact, "{:#?}", report.layers());
        for (layer, outcome) in report.layers() {
            assert!(outcome == Outcome::Pass || layer == Layer::Chain, "{layer:?} {outcome:?}");
        }
    }
}
