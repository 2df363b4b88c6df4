//! The papers that people sign: a custody form, a draft of a certificate, and how to check.
//!
//! They state what the program established and leave open what only people know: who, where, for which case. Nothing is
//! signed, and nothing is claimed about law; the words say what was done.

use super::page::Page;
use super::summary::Summary;
use super::{MANIFEST, NAMESPACE};

/// Rows for transfers.
const TRANSFERS: usize = 8;

/// The custody form: filled in as far as the archive says, with lines for the rest.
pub(super) fn custody_form(summary: &Summary) -> String {
    let open = String::new;
    let archive = &summary.archive;
    let mut page = Page::new("Chain of custody");
    page.facts([("Case no.", open()), ("Item no.", open()), ("Description", open())]);
    page.heading("What it is");
    page.facts(summary.facts());
    page.heading("Source and acquisition");
    let source = |name: &str| match summary.source.get(name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) if !value.is_null() => value.to_string(),
        _ => String::new(),
    };
    page.facts([
        ("Kind of source", source("kind")),
        ("Method and tool", format!("exported and sealed by chatseal; this production by {}", summary.program)),
        ("Acquired by (name, role, organisation)", open()),
        ("System and location", open()),
        ("Storage medium and serial no.", open()),
        ("Seal no. of the bag or envelope", open()),
    ]);
    for event in &summary.custody {
        page.paragraph(&format!("The archive says: {event}"));
    }
    page.heading("Digests at acquisition");
    page.facts([
        ("SHA-256 of seal.txt", archive.seal.clone()),
        ("Root over all records (RFC 6962, SHA-256)", archive.root.clone()),
        ("Key of the signer", archive.signer.clone()),
        ("Manifest of this production", format!("{MANIFEST}; its SHA-256 is written here by hand:")),
        ("", open()),
    ]);
    page.heading("Transfers");
    let columns =
        ["Date and time (UTC)", "Released by", "Received by", "Purpose", "Digests checked again (Y/N)", "Signature"];
    page.lines(&columns, TRANSFERS);
    page.end(&summary.footer())
}

/// The draft of a certificate.
pub(super) fn certificate(summary: &Summary) -> String {
    let archive = &summary.archive;
    let mut page = Page::new("Draft: certification of data copied from an electronic device, storage medium, or file");
    page.look(
        "This is a draft for counsel to review, under Federal Rule of Evidence 902(14) and 28 U.S.C. § 1746. It is not \
         signed, and it is not legal advice. It speaks of authenticity only, not of hearsay or relevance. Reasonable written \
         notice to the other side is a step of its own.",
    );
    page.heading("1. The person");
    page.paragraph("I am the person named below. I am qualified to make this certification because of the following.");
    page.facts([
        ("Name", String::new()),
        ("Position and organisation", String::new()),
        ("Training and experience", String::new()),
    ]);
    page.heading("2. The data");
    page.paragraph(&format!(
        "The data is the production described here. It was made on {} by the program {} from the archive {}, which was sealed \
         at {} (as its seal says) and holds {} records.",
        summary.produced_at, summary.program, archive.name, archive.sealed_at, archive.records
    ));
    page.facts(summary.facts());
    page.heading("3. The process of digital identification");
    page.paragraph(
        "A digest (hash value) by the algorithm SHA-256 was computed over every record and every file when the archive was \
         sealed. The digests are bound together by a signed text, seal.txt. If one bit of the data is changed, its digest is \
         another one.",
    );
    page.facts([
        ("Algorithm", "SHA-256 (FIPS 180-4); tree over records as in RFC 6962".to_owned()),
        ("SHA-256 of seal.txt", archive.seal.clone()),
        ("Root over all records", archive.root.clone()),
        ("Signed by the key", archive.signer.clone()),
        ("Outcome of the check before this production", summary.standing.clone()),
        ("Digests of the files of this production", format!("{MANIFEST}, computed while the files were written")),
    ]);
    if summary.standing.starts_with("not verified") {
        page.look(
            "The archive was not verified before this production. This section cannot be certified until that is done.",
        );
    }
    page.paragraph(
        "I compared the digests of the copy that is offered with those named above, on the date and with the program that I \
         state here, and they were the same.",
    );
    page.facts([("Date and time of my comparison", String::new()), ("Program and version", String::new())]);
    page.heading("4. What is not complete");
    let gaps = archive.exceptions;
    page.paragraph(&format!(
        "{gaps} things could not be collected when the archive was made. They are listed in papers/exceptions.csv, together \
         with what this form says in another way than the record.",
    ));
    page.heading("5. Declaration");
    page.paragraph(
        "I declare (or certify, verify, or state) under penalty of perjury under the laws of the United States of America \
         that the foregoing is true and correct.",
    );
    page.facts([("Executed on (date)", String::new()), ("Place", String::new()), ("Signature", String::new())]);
    page.end(&summary.footer())
}

/// How to check the production and what it rests on.
pub(super) fn instructions(summary: &Summary, is_signed: bool) -> String {
    let signed = if is_signed {
        format!(
            "The manifest is signed. With the file of allowed signers that you trust, and the signer's name in it:\n\n  \
             ssh-keygen -Y verify -f allowed_signers -I SIGNER -n {NAMESPACE} \\\n    -s {MANIFEST}.sig < {MANIFEST}\n\n\
             It says `Good \"{NAMESPACE}\" signature`. The signer's line in that file must admit the namespace {NAMESPACE}.\n"
        )
    } else {
        "The manifest is not signed. Its digest can be written onto the custody form, by hand.\n".to_owned()
    };
    let archive = &summary.archive;
    format!(
        "How to check this production\n\n\
         1. Every file is as it was made. In this folder:\n\n  sha256sum -c {MANIFEST}\n\n\
         Every line ends with `OK`, and the folder holds nothing that the list does not name, but for the list itself{}.\n\n\
         2. {signed}\n\
         3. The archive that it was made from is as it was sealed, by whom you expect:\n\n  \
         chatseal verify {}.zip --signers allowed_signers\n\n\
         The report names the seal\n\n  {}\n\n\
         and the key\n\n  {}\n\n\
         4. The production holds what the archive holds: make it again, with the same program, scope and time, and compare\n\
         the manifests. The bytes are the same.\n\n  \
         chatseal {} {}.zip {} --as-of {} --output again …\n\n\
         Without chatseal: unpack the archive with `unzip`. `data/README.txt` in it says how the records, the files and the\n\
         signature are checked with sha256sum, ssh-keygen and openssl, and how the root over all records is computed.\n",
        if is_signed { " and its signature" } else { "" },
        archive.name,
        archive.seal,
        archive.signer,
        summary.command[0],
        archive.name,
        summary.command[1],
        summary.produced_at,
    )
}
