//! Whatever bytes a file has: no panic, places that exist, and never a policy with a finding.

use super::kinds;
use chatseal::policy::document::{limits, parse, together};
use proptest::prelude::*;

/// What any reading of any bytes must keep.
fn holds_its_promises(bytes: &[u8]) {
    let parsed = parse(bytes, kinds());
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for finding in parsed.findings().listed() {
        assert!((1..=lines).contains(&finding.place.line) && finding.place.column >= 1, "{finding:?}");
        assert!(!finding.detail.is_empty() && !finding.next_step().is_empty(), "{finding:?}");
        assert!(finding.detail.len() < 2_000, "{finding:?}");
    }
    let is_good = parsed.findings().is_empty();
    let mut twice = [("a.toml", parsed.clone()), ("b.toml", parsed.clone())];
    together(&mut twice, kinds());
    let [_, (_, second)] = twice;
    // What is good alone is one file too many when it is given twice.
    assert!(!is_good || !second.findings().is_empty());
    assert_eq!(parsed.into_content().is_some(), is_good);
}

fn samples() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Pieces that mean something somewhere in a file.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "schema = \"chatseal-policy/v1\"\n",
        "schema = \"chatseal-holds/v1\"\n",
        "id = \"a\"\n",
        "title = \"\"\n",
        "[[rule]]\n",
        "[[hold]]\n",
        "[rule.scope]\n",
        "[hold.issued]\n",
        "keep_for = \"1y\"\n",
        "dispose_after = \"99999999999y\"\n",
        "scope.kinds = [\"*\"]\n",
        "scope.teams = [\"a\", \"a\", 1, \"*\"]\n",
        "except = {}\n",
        "files = { keep_for = \"1d\" }\n",
        "precedence = \"mattermost\"\n",
        "rule = 1\n",
        "hold = [[]]\n",
        "everything = true\n",
        "matter = \"m\"\n",
        "issued = { by = \"a\", at = 2026-01-01, why = \"w\" }\n",
        "approvals = -1\n",
        "from = 1979-05-27T07:32:00\n",
        "until = 9999-12-31T23:59:60Z\n",
        "reviewed_on = 07:32:00\n",
        "\u{feff}",
        "\"\"\"",
        "'",
        "[",
        "]]",
        "{",
        "\\u{d800}",
        "\0",
        "ü",
        "#",
        ".",
        "\r\n",
        "= ",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        holds_its_promises(&bytes);
    }

    #[test]
    fn any_pieces(text in pieces()) {
        holds_its_promises(text.as_bytes());
    }

    #[test]
    fn a_sample_with_a_change(
        sample in prop::sample::select(samples()),
        at in any::<prop::sample::Index>(),
        gone in 0_usize..40,
        new in pieces(),
    ) {
        let mut bytes = sample;
        let from = at.index(bytes.len());
        let until = (from + gone).min(bytes.len());
        bytes.splice(from..until, new.into_bytes());
        holds_its_promises(&bytes);
    }

    #[test]
    fn a_sample_that_breaks_off(sample in prop::sample::select(samples()), at in any::<prop::sample::Index>()) {
        holds_its_promises(&sample[..at.index(sample.len())]);
    }
}

#[test]
fn the_largest_files_are_read_in_time() {
    let fill = |unit: &str| unit.repeat(limits::FILE_BYTES / unit.len());
    let head = "schema = \"chatseal-policy/v1\"\nid = \"a\"\ntitle = \"b\"\n";
    let begun = std::time::Instant::now();
    for text in [
        fill("a.b = 1\n"),
        fill("[["),
        fill("a = ["),
        fill("[a.b.c.d.e.f.g]\n"),
        fill("\"\"\""),
        fill("a.") + "a = 1",
        fill("[[rule]]\n"),
        fill("{a="),
        fill("\u{feff}"),
        fill("\\"),
        fill("\n"),
        format!(
            "{head}[[rule]]\nid = \"r\"\nkeep_for = \"1y\"\nscope.users = [{}]",
            fill("\"u\",\n").split_at(900_000).0
        ),
    ] {
        holds_its_promises(text.as_bytes());
    }
    // Pairs of rules whose scopes have to be compared pattern by pattern.
    let values: Vec<String> = (0..limits::VALUES / limits::RULES).map(|n| format!("\"*{n}*\"")).collect();
    let rules = (0..limits::RULES).map(|n| {
        let period = if n % 2 == 0 { "keep_for = \"2y\"" } else { "dispose_after = \"1y\"" };
        format!("[[rule]]\nid = \"r{n}\"\n{period}\nscope.users = [{}]\n", values.join(","))
    });
    holds_its_promises(format!("{head}{}", rules.collect::<String>()).as_bytes());
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}
