//! Policies and holds for a command that is to apply them: all of them good, or none.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::policy::document::{Content, Kinds, Parsed, limits, parse, together};
use crate::policy::set::Set;
use crate::source::catalogue::TABLES;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Findings that a failure tells; `policy check` tells more.
const TOLD: usize = 5;

/// Files that were read and have no finding.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What they say.
    pub set: Set,
    /// The bytes of the policies, in the order given.
    pub policies: Vec<Vec<u8>>,
    /// The bytes of the holds files, in the order given.
    pub holds: Vec<Vec<u8>>,
}

/// Reads policies (`--policy`) and holds files (`--holds`) and composes them. Anything wrong with any of them ends the
/// command as a usage error; a file that cannot be read ends it as unavailable.
pub fn load(policies: &[PathBuf], holds: &[PathBuf]) -> Result<Loaded, Failure> {
    load_with(policies, holds, None)
}

/// The same, with a holds file that does not stand on its own: what it is called, and its bytes.
pub fn load_with(
    policies: &[PathBuf],
    holds: &[PathBuf],
    stated: Option<(String, Vec<u8>)>,
) -> Result<Loaded, Failure> {
    let mut loaded = Loaded::default();
    if policies.len() + holds.len() > limits::FILES {
        let message = format!("more than {} policies and holds files", limits::FILES);
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    for path in policies.iter().chain(holds) {
        let name = path.display().to_string();
        let bytes = read(path)
            .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{name}`")))?;
        texts.push((name, bytes));
    }
    texts.extend(stated);
    let names: Vec<String> = texts.iter().map(|(name, _)| name.clone()).collect();
    let mut files: Vec<(&str, Parsed)> = Vec::new();
    for ((_, bytes), name) in texts.into_iter().zip(&names) {
        files.push((name, parse(&bytes, kinds())));
        let kept = if files.len() <= policies.len() { &mut loaded.policies } else { &mut loaded.holds };
        kept.push(bytes);
    }
    together(&mut files, kinds());
    if let Some(failure) = refusal(&files) {
        return Err(failure);
    }
    for (index, (name, parsed)) in files.into_iter().enumerate() {
        match (parsed.into_content(), index < policies.len()) {
            (Some(Content::Policy(policy)), true) => loaded.set.policies.push(policy),
            (Some(Content::Holds(file)), false) => loaded.set.holds.extend(file.holds),
            (_, is_policy) => {
                let (is, flag) = if is_policy { ("a holds file", "--holds") } else { ("a policy", "--policy") };
                return Err(Failure::new(Exit::Usage, format!("`{name}` is {is}; give it with `{flag}`")));
            }
        }
    }
    Ok(loaded)
}

/// The failure that the findings of the files make; `None` if there are none.
fn refusal(files: &[(&str, Parsed)]) -> Option<Failure> {
    let total = files.iter().fold(0_u64, |sum, (_, parsed)| sum.saturating_add(parsed.findings().total()));
    let wrong: Vec<&str> =
        files.iter().filter(|(_, parsed)| !parsed.findings().is_empty()).map(|(name, _)| *name).collect();
    let first = wrong.first()?;
    let mut told: Vec<String> = Vec::new();
    for (name, parsed) in files {
        let findings = parsed.findings().listed().iter();
        told.extend(findings.map(|found| {
            format!("{name}:{}:{}: {}: {}", found.place.line, found.place.column, found.code.code(), found.detail)
        }));
    }
    told.truncate(TOLD);
    let plural = if total == 1 { "" } else { "s" };
    let whose = if wrong.len() == 1 { format!("`{first}`") } else { format!("{} files", wrong.len()) };
    // Causes are told from the outside in.
    let mut failure = Failure::new(Exit::Usage, told.pop()?);
    while let Some(cause) = told.pop() {
        failure = failure.context(cause);
    }
    let together = if files.len() > 1 { " --together" } else { "" };
    Some(
        failure
            .context(format!("cannot apply {whose}: {total} finding{plural}"))
            .hint(format!("`chatseal policy check{together}` tells all of them, and what to do")),
    )
}

/// The bytes of a file, or of its beginning if it is larger than the language allows: reading on would be of no use.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limits::FILE_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The kinds of the catalogue.
pub(super) fn kinds() -> Kinds<'static> {
    static KINDS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.iter().map(|table| table.kind).collect());
    Kinds(&KINDS)
}
