//! Seals, signatures and tag files.

use super::{Condition, broken, changed, sealed};
use crate::bag::{Key, Spec, sha};

fn untrusted(name: &'static str, spec: Spec, codes: &'static [&'static str]) -> Condition {
    Condition { name, zip: spec.zip(), ending: "untrusted", codes }
}

/// The small archive under another seal text, signed by its key.
fn under(from: &str, to: &str) -> Vec<u8> {
    let bag = Spec::small().bag().tagged();
    let text = bag.seal_text();
    assert!(text.contains(from), "{from}");
    bag.sealed_as(&text.replacen(from, to, 1)).zip()
}

/// The small archive with tag files changed, and everything above them made again.
fn tags(path: &str, from: &str, to: &str) -> Vec<u8> {
    let bag = Spec::small().bag().tagged().without("tagmanifest-sha256.txt");
    bag.replace(path, from, to).listed().sealed().zip()
}

pub(super) fn conditions() -> Vec<Condition> {
    let small = Spec::small;
    let other = || Key::new(2);
    let mut all = vec![
        untrusted("signed-by-a-stranger", Spec { key: other(), ..small() }, &["signer-unknown"]),
        untrusted(
            "signed-for-another-purpose",
            Spec { namespace: "statement@chatseal.v1".into(), ..small() },
            &["signature-namespace"],
        ),
        broken(
            "signed-by-another-key-than-named",
            Spec { key: other(), named: Some(Key::new(1)), ..small() }.zip(),
            &["signer-differs", "signer-unknown"],
        ),
        broken(
            "seal-time-edited",
            changed(|bag| bag.replace("seal.txt", "08:55", "08:56")),
            &["note-differs", "signature-invalid"],
        ),
        broken("seal-with-windows-line-ends", under("\nledger", "\r\nledger"), &["seal-malformed"]),
        broken("seal-of-a-future-version", under("chatseal/v1", "chatseal/v2"), &["version-unsupported"]),
        broken("derived-archive", under("chatseal/v1", "chatseal-derived/v1"), &["version-unsupported"]),
        broken("seal-missing", changed(|bag| bag.without("seal.txt")), &["member-missing"]),
        broken("signature-missing", changed(|bag| bag.without("seal.txt.sig")), &["member-missing"]),
        broken("note-missing", changed(|bag| bag.without("seal.note")), &["member-missing"]),
        broken(
            "signature-damaged",
            changed(|bag| bag.replace("seal.txt.sig", "SIGNATURE-----\n", "SIGNATURE-----\n\n")),
            &["signature-malformed"],
        ),
        broken("signature-of-another-seal", signature_of_another_seal(), &["signature-invalid"]),
        broken("note-of-another-seal", note_of_another_seal(), &["note-differs", "note-invalid"]),
        broken("note-line-missing", note_line_missing(), &["note-differs", "note-invalid"]),
        broken("note-by-another-key", note_by_another_key(), &["note-invalid"]),
    ];
    all.extend(tag_files());
    all
}

fn signature_of_another_seal() -> Vec<u8> {
    let other = Spec { time: "2026-11-22T08:55:00.000Z".into(), ..Spec::small() }.bag().tagged().sealed();
    let mut bag = sealed();
    let at = bag.members.iter().position(|(path, _)| path == "seal.txt.sig").unwrap();
    bag.members[at].1 = other.get("seal.txt.sig").to_vec();
    bag.zip()
}

fn note_of_another_seal() -> Vec<u8> {
    let other = Spec { number: Some(43), ..Spec::small() }.bag().tagged().sealed();
    let mut bag = sealed();
    bag.members.last_mut().unwrap().1 = other.get("seal.note").to_vec();
    bag.zip()
}

fn note_line_missing() -> Vec<u8> {
    let mut bag = sealed();
    let note = String::from_utf8(bag.members.last().unwrap().1.clone()).unwrap();
    let lines: Vec<&str> = note.split_inclusive('\n').collect();
    bag.members.last_mut().unwrap().1 = lines[..lines.len() - 1].concat().into_bytes();
    bag.zip()
}

fn note_by_another_key() -> Vec<u8> {
    let mut bag = sealed();
    let text = String::from_utf8(bag.get("seal.txt").to_vec()).unwrap();
    let names = ["chat.example.org/audit/00000042".to_owned(), "chat.example.org/audit".to_owned()];
    bag.members.last_mut().unwrap().1 = Key::new(2).note(&text, &names).into_bytes();
    bag.zip()
}

fn tag_files() -> Vec<Condition> {
    let salt = crate::bag::hex(&[0x5a; 32]);
    let other = crate::bag::hex(&[0x5b; 32]);
    let payload = "data/source.json";
    vec![
        broken(
            "salt-changed",
            changed(|bag| bag.replace("salt.txt", &salt, &other)),
            &["root-differs", "tag-file-differs"],
        ),
        broken("salt-in-upper-case", tags("salt.txt", &salt, &salt.to_uppercase()), &["salt-malformed"]),
        broken(
            "bag-info-edited",
            changed(|bag| bag.replace("bag-info.txt", "2026-11-21", "2026-11-20")),
            &["bag-info-differs", "tag-file-differs"],
        ),
        broken("bag-info-of-another-bag", tags("bag-info.txt", "harbour", "island"), &["bag-info-differs"]),
        broken(
            "bag-info-with-another-line",
            tags("bag-info.txt", "Payload-Oxum", "Contact-Name: x\nPayload-Oxum"),
            &["bag-info-malformed"],
        ),
        broken("oxum-wrong", tags("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1"), &["oxum-differs"]),
        broken("bagit-of-another-version", tags("bagit.txt", "1.0", "0.97"), &["bagit-differs"]),
        broken(
            "tag-manifest-edited",
            changed(|bag| bag.replace("tagmanifest-sha256.txt", "  bagit.txt", "  bagit.tx")),
            &["tag-manifest-differs", "tag-manifest-malformed"],
        ),
        broken("tag-manifest-names-another-member", tag_manifest_names_another_member(), &["tag-manifest-malformed"]),
        broken(
            "manifest-edited",
            changed(|bag| bag.replace("manifest-sha256.txt", &sha(b"{\"kind\":\"test\"}\n"), &sha(b""))),
            &["digest-differs", "tag-file-differs"],
        ),
        broken(
            "manifest-in-upper-case",
            tags("manifest-sha256.txt", "data/source.json", "data/Source.json"),
            &["manifest-malformed", "payload-unlisted"],
        ),
        broken("manifest-in-another-order", manifest_in_another_order(), &["manifest-order"]),
        broken("manifest-lists-twice", manifest_lists_twice(), &["manifest-repeats"]),
        broken("manifest-lists-what-is-not-there", manifest_lists_what_is_not_there(), &["payload-missing"]),
        broken(
            "manifests-rebuilt-around-a-changed-member",
            rebuilt(payload),
            &["source-differs", "tag-manifest-differs"],
        ),
    ]
}

fn tag_manifest_names_another_member() -> Vec<u8> {
    let bag = Spec::small().bag().tagged();
    bag.replace("tagmanifest-sha256.txt", "salt.txt", "seal.txt").sealed().zip()
}

fn manifest(change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let mut bag = Spec::small().bag().tagged().without("tagmanifest-sha256.txt");
    let (_, bytes) = bag.members.iter_mut().find(|(path, _)| path == "manifest-sha256.txt").unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    *bytes = lines.concat().into_bytes();
    bag.listed().sealed().zip()
}

fn manifest_in_another_order() -> Vec<u8> {
    manifest(|lines| lines.swap(0, 1))
}

fn manifest_lists_twice() -> Vec<u8> {
    manifest(|lines| lines.insert(1, lines[0].clone()))
}

fn manifest_lists_what_is_not_there() -> Vec<u8> {
    manifest(|lines| lines.push(format!("{}  data/withheld.jsonl\n", sha(b""))))
}

/// Somebody without the key changes a member and makes all manifests again: `bagit.py` is content with that.
fn rebuilt(path: &str) -> Vec<u8> {
    let seal = sealed();
    let mut bag = Spec::small().bag().replace(path, "test", "fake").tagged();
    for path in ["seal.txt", "seal.txt.sig", "seal.note"] {
        bag.members.push((path.to_owned(), seal.get(path).to_vec()));
    }
    bag.zip()
}
