//! `chatseal ledger request`, `cosign` and `attach`: a second host sees the ledger, over a stick.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde::Serialize;

use super::failures::{holder, of_ledger};
use super::memory::{self, read};
use super::{EXITS, Folder};
use crate::archive::seal::Origin;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Printer, harmless};
use crate::keys::{KeyFile, Note, Witness};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::request::{Refusal, Request};
use crate::ledger::witnesses::Witnesses;
use crate::ledger::{Ledger, Reading, unwatched, write_durably};

/// Write a request for a cosignature, to be carried to a witness
///
/// The request holds the newest checkpoint and the proof that what the witness saw before is its beginning. It shows
/// nothing of what the ledger holds.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_REQUEST.after_help())]
pub(in crate::cli) struct RequestArgs {
    #[command(flatten)]
    folder: Folder,
    /// Leaves that the witness saw before, as it says when it refuses; else those of the newest cosigned checkpoint
    #[arg(long, value_name = "SIZE")]
    since: Option<u64>,
    /// File to write
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,
}

/// Cosign a checkpoint as a witness, on another host
///
/// Compares the request with what this host remembers of the ledger. An older state or another history is refused, and
/// nothing is signed. Use a key of its own, held by somebody who does not hold the key of the ledger.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_COSIGN.after_help())]
pub(in crate::cli) struct CosignArgs {
    /// The request that was carried here
    #[arg(value_name = "REQUEST", value_hint = ValueHint::FilePath)]
    request: PathBuf,
    /// Public key that signs the ledger now
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    log: PathBuf,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
    /// Name of the witness, such as `w.example.org/registry`
    #[arg(long, value_name = "NAME")]
    name: String,
    /// File in which this witness remembers the newest checkpoint that it cosigned; made at the first
    #[arg(long, value_name = "SEEN", value_hint = ValueHint::FilePath)]
    state: PathBuf,
    /// File to write
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,
}

/// Add a cosignature that came back to the ledger
///
/// The cosignature must be by a witness of the policy. It is added to the checkpoint that it is of.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_ATTACH.after_help())]
pub(in crate::cli) struct AttachArgs {
    #[command(flatten)]
    folder: Folder,
    /// What the witness gave back
    #[arg(value_name = "COSIGNED", value_hint = ValueHint::FilePath)]
    cosigned: PathBuf,
    /// Policy that names witnesses, and how many must have cosigned; see chatseal-ledger(5)
    #[arg(long, value_name = "POLICY", value_hint = ValueHint::FilePath)]
    witnesses: PathBuf,
}

const EXAMPLES: &[(&str, &str)] = &[
    ("On the host that seals", "chatseal ledger request ledger --output request"),
    (
        "On the other host",
        "chatseal ledger cosign request --log seal.key.pub --key witness.key --name w.example.org/registry \\\n      --state seen.note --output cosigned",
    ),
    ("On the host that seals", "chatseal ledger attach ledger cosigned --witnesses witnesses.txt"),
];

pub(super) const MANUAL_REQUEST: Manual = Manual {
    exits: &[
        (Exit::Ok, "written"),
        (Exit::Usage, "the ledger has fewer leaves than the witness is said to have seen"),
        (Exit::Incomplete, "the ledger does not hold together"),
        (Exit::Unavailable, "the ledger could not be read, or the file not be written"),
    ],
    files: &[],
    examples: EXAMPLES,
    see_also: &["chatseal-ledger-cosign(1)", "chatseal-ledger-attach(1)", "chatseal-ledger(5)"],
};

pub(super) const MANUAL_COSIGN: Manual = Manual {
    exits: &[
        (Exit::Ok, "cosigned, and remembered"),
        (Exit::Untrusted, "the checkpoint is not signed by the key of the ledger"),
        (Exit::Incomplete, "refused: the ledger was rolled back or rewritten since it was seen here"),
        (Exit::Unavailable, "the request, a key or the memory could not be used"),
        (Exit::Refused, "the request does not begin where this witness left off"),
    ],
    files: &[("SEEN", "the newest checkpoint that this witness cosigned")],
    examples: EXAMPLES,
    see_also: &["chatseal-ledger-request(1)", "chatseal-ledger-attach(1)", "chatseal-ledger(5)"],
};

pub(super) const MANUAL_ATTACH: Manual = Manual {
    exits: EXITS,
    files: &[("POLICY", "the keys of witnesses; see chatseal-ledger(5)")],
    examples: EXAMPLES,
    see_also: &["chatseal-ledger-request(1)", "chatseal-ledger-cosign(1)", "chatseal-ledger(5)"],
};

/// Where a request or cosignature went.
#[derive(Serialize)]
struct Written {
    output: String,
    since: u64,
    head: String,
    head_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<String>,
}

impl Written {
    fn new(output: &Path, since: u64, checkpoint: &Checkpoint, witness: Option<String>) -> Self {
        let (head, head_sha256) = (checkpoint.head().to_string(), checkpoint.head().full());
        Self { output: output.display().to_string(), since, head, head_sha256, witness }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_durably(path, text.as_bytes(), &mut unwatched)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot write `{}`", path.display())))
}

fn load(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{}`", path.display())))
}

/// Reads the policy that names witnesses.
pub(in crate::cli) fn policy(path: &Path) -> Result<Witnesses, Failure> {
    let text = String::from_utf8_lossy(&load(path)?).into_owned();
    Witnesses::parse(&text)
        .map_err(|error| Failure::of(Exit::Usage, error).context(format!("cannot use `{}`", path.display())))
}

/// Runs `chatseal ledger request`.
pub(super) fn request(args: &RequestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let reading = read(&args.folder.ledger)?;
    let folder = args.folder.ledger.display();
    if !reading.defects.is_empty() {
        return Err(Failure::new(Exit::Incomplete, format!("`{folder}` does not hold together"))
            .hint(format!("chatseal ledger status {folder}")));
    }
    let since = args.since.unwrap_or_else(|| newest_cosigned(&reading));
    let request = Request::of(&reading, since).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`--since {since}`, but `{folder}` has {} leaves", reading.size()))
    })?;
    write(&args.output, &request.text())?;
    let written = Written::new(&args.output, since, &request.checkpoint, None);
    printer.answer("ledger-request", Exit::Ok, &written, || {
        format!("wrote `{}`, from {since} leaves on\nhead  {}\n", harmless(&written.output), written.head)
    });
    Ok(Exit::Ok)
}

/// Size of the newest checkpoint that has more than the ledger's own signature.
fn newest_cosigned(reading: &Reading) -> u64 {
    let own = |note: &Note| {
        note.signatures().iter().all(|line| Some(line.name.as_str()) == reading.origin().map(Origin::as_str))
    };
    reading.notes().iter().filter(|(_, note)| !own(note)).map(|(size, _)| *size).max().unwrap_or_default()
}

/// Runs `chatseal ledger cosign`.
pub(super) fn cosign(args: &CosignArgs, printer: &Printer) -> Result<Exit, Failure> {
    let shown = args.request.display();
    let request = Request::parse(&load(&args.request)?)
        .ok_or_else(|| Failure::new(Exit::Unavailable, format!("`{shown}` is not a request for a cosignature")))?;
    let log = KeyFile::read(&args.log).map_err(crate::cli::keys::unusable_file)?.public_key();
    let signer = super::signer(&args.key)?;
    let witness = Witness::new(&args.name, signer.public_key()).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{}` cannot name a witness: no white space, no `+`", args.name))
    })?;
    let known = memory::remembered(&args.state)?;
    request.judge(known.as_ref(), &log).map_err(|refusal| {
        let exit = match refusal {
            Refusal::Unsigned { .. } => Exit::Untrusted,
            Refusal::OtherLog { .. } | Refusal::OtherStart { .. } => Exit::Refused,
            Refusal::Rollback { .. } | Refusal::Fork { .. } => Exit::Incomplete,
        };
        let hint = match refusal {
            Refusal::OtherStart { known, .. } => format!("chatseal ledger request DIR --since {known}"),
            Refusal::Rollback { .. } | Refusal::Fork { .. } => {
                "keep this request: signed by the key of the ledger, it is evidence".to_owned()
            }
            Refusal::Unsigned { .. } | Refusal::OtherLog { .. } => "nothing was signed".to_owned(),
        };
        Failure::of(exit, refusal).context(format!("not cosigned: `{shown}`")).hint(hint)
    })?;
    let seconds = u64::try_from(clock::now() / 1000).unwrap_or_default();
    let cosigned = signer.cosign(&request.note, &args.name, seconds).map_err(crate::cli::keys::unusable_signer)?;
    // Remembered first: a cosignature that is given twice does no harm, one that is forgotten could.
    write(&args.state, &cosigned.encode())?;
    write(&args.output, &cosigned.encode())?;
    let written = Written::new(&args.output, request.old, &request.checkpoint, Some(witness.vkey()));
    printer.answer("ledger-cosign", Exit::Ok, &written, || {
        let first = if known.is_none() { ", seen here for the first time" } else { "" };
        format!(
            "cosigned {}{first}\nhead     {}\nwitness  {}\nwrote `{}`\n",
            request.checkpoint.origin.as_str(),
            written.head,
            witness.vkey(),
            harmless(&written.output)
        )
    });
    Ok(Exit::Ok)
}

/// Runs `chatseal ledger attach`.
pub(super) fn attach(args: &AttachArgs, printer: &Printer) -> Result<Exit, Failure> {
    let shown = args.cosigned.display();
    let policy = policy(&args.witnesses)?;
    let note = Note::parse(&load(&args.cosigned)?)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("`{shown}` is not a signed note")))?;
    let by: Vec<&str> =
        policy.witnesses().filter(|witness| witness.cosigned(&note).is_some()).map(Witness::name).collect();
    if by.is_empty() {
        return Err(Failure::new(Exit::Refused, format!("no witness of the policy cosigned `{shown}`"))
            .hint("the policy names witnesses by the key that `chatseal ledger cosign` prints"));
    }
    let mut ledger = Ledger::open(&args.folder.ledger, &holder(), &mut unwatched).map_err(of_ledger)?;
    if !ledger.attach(&note, &mut unwatched).map_err(of_ledger)? {
        let message = format!("`{shown}` is not of a checkpoint of `{}`", args.folder.ledger.display());
        return Err(Failure::new(Exit::Refused, message));
    }
    let checkpoint =
        Checkpoint::parse(note.text()).ok_or_else(|| Failure::new(Exit::Internal, "a note without text"))?;
    let written = Written::new(&args.folder.ledger, 0, &checkpoint, Some(by.join(", ")));
    printer.answer("ledger-attach", Exit::Ok, &written, || {
        format!("head {} is cosigned by {}\n", written.head, harmless(&by.join(", ")))
    });
    Ok(Exit::Ok)
}
