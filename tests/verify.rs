//! What verify says of archives that were made from the specification and not by this crate.

use std::path::{Path, PathBuf};

use chatseal::keys::{AllowedSigners, Revocation};
use chatseal::progress::Progress;
use chatseal::verify::layer::{Layer, Outcome};
use chatseal::verify::{Ending, Report, TrustPolicy, check_chain, verify};

use crate::bag::{Key, Raw, Spec, line, sha};

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

#[test]
fn without_signers_nobody_vouches() {
    let (_folder, path) = written(&Spec::small().zip());
    let report = verify(&path, &TrustPolicy::default(), &Progress::silent()).unwrap();
    assert_eq!(report.ending(), Ending::Untrusted);
    assert!(report.verdict().starts_with("intact, signer not checked"), "{}", report.verdict());
}

#[test]
fn trust_is_what_the_verifier_brings_along() {
    let (_folder, path) = written(&Spec::small().zip());
    let key = Key::new(1);
    let purpose = r#"namespaces="seal@chatseal.v1""#;
    for (allowed, ending, code) in [
        (key.allowed("a@example.org", purpose), Ending::Intact, None),
        (key.allowed("a@example.org", r#"namespaces="git""#), Ending::Untrusted, Some("signer-purpose")),
        (key.allowed("a@example.org", r#"valid-before="20260101Z""#), Ending::Untrusted, Some("signer-expired")),
        (key.allowed("a@example.org", r#"valid-after="20270101Z""#), Ending::Untrusted, Some("signer-not-yet-valid")),
        (Key::new(2).allowed("a@example.org", ""), Ending::Untrusted, Some("signer-unknown")),
        (String::new(), Ending::Untrusted, Some("signer-unknown")),
    ] {
        let report = judged(&path, &allowed);
        assert_eq!((report.ending(), codes(&report)), (ending, Vec::from_iter(code)), "{allowed}");
    }
}

#[test]
fn one_signer_one_time_and_revocation_can_be_asked_for() {
    let (_folder, path) = written(&Spec::small().zip());
    let key = Key::new(1);
    let allowed = signers(&key.allowed("a@example.org", r#"valid-before="20270101Z""#));
    let policy = TrustPolicy { signers: Some(&allowed), ..TrustPolicy::default() };
    let with = |policy: TrustPolicy<'_>| {
        let report = verify(&path, &policy, &Progress::silent()).unwrap();
        (report.ending(), codes(&report))
    };
    let untrusted = |code| (Ending::Untrusted, vec![code]);
    assert_eq!(with(policy), (Ending::Intact, Vec::new()));
    assert_eq!(with(TrustPolicy { signer: Some("b@example.org"), ..policy }), untrusted("signer-other"));
    assert_eq!(with(TrustPolicy { at: Some(1_800_000_000_000), ..policy }), untrusted("signer-expired"));
    let revoked = Revocation::parse(format!("{}\n", key.fingerprint()).as_bytes()).unwrap();
    assert_eq!(with(TrustPolicy { revoked: Some(&revoked), ..policy }), untrusted("signer-revoked"));
}

/// Archives numbered and dated as given, each following the one before, for a test to leave some out.
fn series(numbers: &[u64]) -> Vec<Vec<u8>> {
    let mut previous = None;
    let mut zips = Vec::new();
    for number in numbers {
        let time = format!("2026-11-{:02}T08:55:00.000Z", number + 1);
        let spec = Spec { number: Some(*number), time, previous, name: format!("night-{number}"), ..Spec::small() };
        let bag = spec.bag().tagged().sealed();
        previous = Some(sha(bag.get("seal.txt")));
        zips.push(bag.zip());
    }
    zips
}

/// The endings, codes and chain layers of archives that are given together.
fn together(zips: &[Vec<u8>]) -> Vec<(Ending, Vec<&'static str>, bool)> {
    let mut reports: Vec<Report> = zips.iter().map(|zip| report(zip)).collect();
    check_chain(&mut reports.iter_mut().collect::<Vec<_>>());
    let chain = |report: &Report| report.layers().contains(&(Layer::Chain, Outcome::Pass));
    reports.iter().map(|report| (report.ending(), codes(report), chain(report))).collect()
}

#[test]
fn a_chain_is_whole_in_any_order_and_may_begin_anywhere() {
    let mut zips = series(&[1, 2, 3]);
    let whole = (Ending::Intact, Vec::new(), true);
    zips.reverse();
    assert_eq!(together(&zips), vec![whole.clone(); 3]);
    assert_eq!(together(&zips[..2]), vec![whole; 2]);
}

#[test]
fn archives_that_do_not_meet_are_not_called_a_chain() {
    let unchecked = (Ending::Intact, Vec::new(), false);
    let other = Spec { origin: "other.example.org".into(), ..Spec::small() }.zip();
    assert_eq!(together(&[Spec::small().zip(), other]), vec![unchecked.clone(); 2]);
    assert_eq!(together(&[Spec::small().zip()]), vec![unchecked.clone()]);
    let copies = together(&[Spec::small().zip(), Spec::small().zip()]);
    assert_eq!(copies, vec![unchecked; 2]);
}

#[test]
fn a_missing_archive_is_a_gap() {
    let zips = series(&[1, 2, 3]);
    let found = together(&[zips[0].clone(), zips[2].clone()]);
    assert_eq!(found[1], (Ending::Incomplete, vec!["chain-gap"], false));
}

#[test]
fn two_histories_are_a_fork() {
    let zips = series(&[1, 2]);
    let mut other = series(&[1, 3]);
    let found = together(&[zips[0].clone(), zips[1].clone(), other.remove(1)]);
    assert_eq!(found[2], (Ending::Incomplete, vec!["chain-fork"], false));
    let rewritten = Spec { time: "2026-11-30T08:55:00.000Z".into(), ..Spec::small() }.zip();
    assert_eq!(together(&[Spec::small().zip(), rewritten])[1].1, ["chain-fork"]);
}

#[test]
fn a_later_archive_with_a_lower_number_goes_backwards() {
    assert_eq!(together(&series(&[5, 4]))[1], (Ending::Incomplete, vec!["chain-backwards"], false));
}

#[test]
fn more_members_than_sixteen_bits_count() {
    let files: Vec<Vec<u8>> = (0..65_536_u32).map(|i| i.to_le_bytes().to_vec()).collect();
    let name = |file: &[u8]| format!("data/files/{}/{}", &sha(file)[..2], sha(file));
    let mut records = Vec::new();
    let mut lines = Vec::new();
    let mut bytes = 0;
    for (at, file) in (0..).zip(&files) {
        let line = line("file", &format!("f{at}"), at, &format!("{{\"content_member\":\"{}\"}}", name(file)));
        bytes += line.len() + 1;
        if bytes > 4_194_304 {
            records.push(("file".to_owned(), std::mem::take(&mut lines)));
            bytes = line.len() + 1;
        }
        lines.push(line);
    }
    records.push(("file".to_owned(), lines));
    let zip = Spec { files, segments: records, ..Spec::small() }.zip();
    let report = report(&zip);
    assert_eq!((report.ending(), codes(&report)), (Ending::Intact, Vec::new()), "{:#?}", report.findings().shown());
    assert_eq!(report.counted.files, 65_536);
}

#[test]
fn segments_that_meet_in_equal_keys_are_ordered_by_the_line_itself() {
    let long = |text: &str| line("post", "p", 7, &format!("{{\"message\":\"{}\"}}", text.repeat(1_500_000)));
    let segments = |first: &str, second: &str| {
        let segment = |text: &str| ("post".to_owned(), vec![long(text)]);
        Spec { segments: vec![segment(first), segment(second)], files: Vec::new(), ..Spec::small() }.zip()
    };
    assert_eq!(codes(&report(&segments("aaa", "bbb"))), Vec::<&str>::new());
    assert_eq!(codes(&report(&segments("bbb", "bbb"))), Vec::<&str>::new());
    assert_eq!(codes(&report(&segments("bbb", "aaa"))), ["record-order"]);
}

#[test]
fn no_change_of_a_byte_goes_unseen() {
    let zip = Spec::small().zip();
    let (_folder, path) = written(&zip);
    // A fixed sequence, so that a failure can be repeated.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..1500 {
        let mut changed = zip.clone();
        let at = next(changed.len());
        let what = next(6);
        match what {
            0 | 1 => changed[at] ^= 1 << next(8),
            2 => changed[at] = changed[at].wrapping_add(1),
            3 => drop(changed.remove(at)),
            4 => changed.insert(at, 0),
            _ => {
                let to = next(changed.len());
                if changed[at] == changed[to] {
                    continue;
                }
                changed.swap(at, to);
            }
        }
        std::fs::write(&path, &changed).unwrap();
        let report = judged(&path, &Key::new(1).allowed("auditor@example.org", ""));
        assert_ne!(report.ending(), Ending::Intact, "change {what} at {at} was not seen");
    }
}

#[test]
fn an_archive_that_was_cut_anywhere_is_not_intact() {
    let zip = Spec::small().zip();
    let (_folder, path) = written(&zip);
    for length in (0..zip.len()).step_by(61).chain(zip.len() - 30..zip.len()) {
        std::fs::write(&path, &zip[..length]).unwrap();
        let report = judged(&path, "");
        assert_eq!(report.ending(), Ending::FailedCheck, "cut at {length}");
    }
}

#[test]
fn members_that_share_bytes_are_not_read_again_and_again() {
    let mut members = Spec::small().bag().tagged().sealed().raw();
    let big = Raw::new("harbour/data/files/aa/", &vec![0; 300_000]);
    for digit in 0..4_u8 {
        let name = format!("harbour/data/files/{digit:02x}/{}", format!("{digit:02x}").repeat(32));
        let earlier = if digit == 0 { 0 } else { u32::try_from(big.stored.len()).unwrap() };
        let stored = if digit == 0 { big.stored.clone() } else { Vec::new() };
        members.insert(usize::from(digit), Raw { path: name.into_bytes(), earlier, stored, ..big.clone() });
    }
    let report = report(&crate::bag::zip(&members));
    assert!(codes(&report).contains(&"members-overlap"));
    assert!(report.layers().iter().all(|(layer, outcome)| *layer == Layer::Container || *outcome != Outcome::Pass));
}
