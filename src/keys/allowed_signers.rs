//! The `allowed_signers` file (ALLOWED SIGNERS in `ssh-keygen(1)`): who may sign what, and when.
//!
//! One line each: principals, options, key. The file is the verifier's own word, so it is read with patience: a line
//! that cannot be used is reported with its number and the others still count, as in `ssh-keygen`.
//! Nothing is ever admitted because of a line that was not understood in full.

use super::{
    instant::{self, Zone},
    pattern,
    public::{ED25519_NAME, PublicKey, split_openssh},
    sshsig::SshSignature,
    trust::{Trust, judge},
};

/// The key types that OpenSSH knows; lines with the other ones are well-formed but admit no one here.
const KEY_TYPES: [&str; 8] = [
    ED25519_NAME,
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// A parsed `allowed_signers` file.
#[derive(Clone, Debug)]
pub struct AllowedSigners {
    lines: Vec<SignerLine>,
    problems: Vec<LineNote>,
    remarks: Vec<LineNote>,
}

/// Something to be said about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineNote {
    /// Counted from 1.
    pub line: usize,
    /// What to say, in one sentence without period.
    pub text: String,
}

/// One usable line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignerLine {
    pub(super) number: usize,
    /// A pattern list.
    pub(super) principals: String,
    /// The SSH encoding of the key.
    pub(super) key: Vec<u8>,
    pub(super) options: Options,
}

/// The options of a line; an absent one restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// The key admits the holders of its certificates, not itself.
    pub(super) authority: bool,
    /// A pattern list.
    pub(super) namespaces: Option<String>,
    /// The first valid second.
    pub(super) valid_after: Option<u64>,
    /// The last valid second.
    pub(super) valid_before: Option<u64>,
    /// Options that were written without a time zone.
    zoneless: Vec<&'static str>,
}

impl AllowedSigners {
    /// Parses; a line that cannot be used becomes a problem, never an error and never a silent pass.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut signers = Self { lines: Vec::new(), problems: Vec::new(), remarks: Vec::new() };
        for (index, bytes) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let number = index + 1;
            let note = |text: String| LineNote { line: number, text };
            match std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()).and_then(parse_line) {
                Ok(None) => {}
                Ok(Some((principals, options, key))) => {
                    for option in &options.zoneless {
                        signers.remarks.push(note(format!(
                            "the time of `{option}` has no `Z`: read as UTC, where ssh-keygen takes the zone of its host"
                        )));
                    }
                    if PublicKey::from_blob(&key).is_err() {
                        signers.remarks.push(note("its key is not Ed25519, so it admits no one here".to_owned()));
                    }
                    signers.lines.push(SignerLine { number, principals, key, options });
                }
                Err(reason) => signers.problems.push(note(reason)),
            }
        }
        signers
    }

    /// The lines that are not used, and why.
    pub fn problems(&self) -> &[LineNote] {
        &self.problems
    }

    /// Lines that are used, but not as `ssh-keygen` may use them: times without `Z`, keys that are not Ed25519.
    pub fn remarks(&self) -> &[LineNote] {
        &self.remarks
    }

    /// Whether no line is usable.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Judges the signer of `signature`, for `namespace`, at `at` (epoch milliseconds), as `principal` if given.
    ///
    /// Judges who signed, not whether the signature is good: [`SshSignature::verify`] does that.
    pub fn judge(&self, signature: &SshSignature, namespace: &str, at: i64, principal: Option<&str>) -> Trust {
        judge(&self.lines, signature, namespace, at, principal)
    }
}

/// Whether `name` is read as one plain name: no white space, commas, quotes or signs of a pattern or comment.
pub fn is_principal(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "\",*?!#".contains(c))
}

/// A line that admits `key` as `principal` for `namespaces`, without line feed; `None` where [`is_principal`] is not.
pub fn allowed_signers_line(principal: &str, namespaces: &[&str], key: &PublicKey) -> Option<String> {
    line_for(principal, "", namespaces, key)
}

/// The same for the holders of certificates that `authority` issued to `principal`.
pub fn allowed_authority_line(principal: &str, namespaces: &[&str], authority: &PublicKey) -> Option<String> {
    line_for(principal, "cert-authority,", namespaces, authority)
}

fn line_for(principal: &str, option: &str, namespaces: &[&str], key: &PublicKey) -> Option<String> {
    let line = || format!("{principal} {option}namespaces=\"{}\" {}", namespaces.join(","), key.openssh_line(""));
    is_principal(principal).then(line)
}

type Parsed = (String, Options, Vec<u8>);

/// Parses one line; blank lines and comments are `None`, the error says why the line is not used.
fn parse_line(line: &str) -> Result<Option<Parsed>, String> {
    let line = line.trim_matches([' ', '\t', '\r']);
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return Err("it holds a control character".to_owned());
    }
    let (principals, rest) = split_principals(line).ok_or("it has principals only, or a quote that is not closed")?;
    if pattern::admits_none(&principals) {
        return Err("its principals admit no one".to_owned());
    }
    let (options, key) = match key_type(rest) {
        Some(_) => ("", rest),
        None => split_options(rest).ok_or("it has no key, or a quote that is not closed")?,
    };
    let name = key_type(key).ok_or("it has no key of a type that OpenSSH knows")?;
    let (key, _) = split_openssh(key).map_err(|_| format!("its key is not a well-formed `{name}` key"))?;
    if name == ED25519_NAME && PublicKey::from_blob(&key).is_err() {
        return Err(format!("its key is not a well-formed `{name}` key"));
    }
    Ok(Some((principals, Options::parse(options)?, key)))
}

/// Splits off the first word, which may be quoted in part, as OpenSSH does.
fn split_principals(line: &str) -> Option<(String, &str)> {
    let blank = [' ', '\t'];
    let (head, rest) = line.split_at(line.find([' ', '\t', '"'])?);
    let Some(rest) = rest.strip_prefix('"') else { return Some((head.to_owned(), rest.trim_start_matches(blank))) };
    let (quoted, rest) = rest.split_once('"')?;
    Some((format!("{head}{quoted}"), rest.trim_start_matches(blank)))
}

/// The key type that `text` begins with, if OpenSSH knows it.
fn key_type(text: &str) -> Option<&'static str> {
    let word = text.split([' ', '\t']).next()?;
    KEY_TYPES.into_iter().find(|name| *name == word)
}

/// Splits at the first blank outside quotes.
fn split_options(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c| {
        let after_backslash = std::mem::replace(&mut escaped, c == '\\');
        quoted ^= c == '"' && !after_backslash;
        !quoted && (c == ' ' || c == '\t')
    })?;
    let (options, rest) = text.split_at(end);
    Some((options, rest.trim_start_matches([' ', '\t'])))
}

impl Options {
    fn parse(text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = strip_name(rest, "cert-authority") {
                options.authority = true;
                rest = after;
            } else if let Some(after) = strip_name(rest, "namespaces=") {
                let (value, after) = dequote(after)?;
                if options.namespaces.replace(value).is_some() {
                    return Err("it has more than one `namespaces`".to_owned());
                }
                rest = after;
            } else if let Some(after) = strip_name(rest, "valid-after=") {
                rest = time("valid-after", after, &mut options.valid_after, &mut options.zoneless)?;
            } else if let Some(after) = strip_name(rest, "valid-before=") {
                rest = time("valid-before", after, &mut options.valid_before, &mut options.zoneless)?;
            } else {
                let name: String = rest.chars().take_while(|c| !"=,".contains(*c)).take(40).collect();
                return Err(format!("its option `{name}` is not implemented"));
            }
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',').filter(|rest| !rest.is_empty()).ok_or("its options are malformed")?;
        }
        if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
            && before <= after
        {
            return Err("its `valid-before` is not after its `valid-after`".to_owned());
        }
        Ok(options)
    }
}

fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then_some(rest)
}

/// Takes a quoted value off the front; `\"` inside is a quote.
fn dequote(text: &str) -> Result<(String, &str), String> {
    let mut rest = text.strip_prefix('"').ok_or("a value of its options is not quoted")?;
    let mut value = String::new();
    loop {
        let end = rest.find('"').ok_or("a value of its options has no closing quote")?;
        let (head, tail) = rest.split_at(end);
        rest = tail.get(1..).unwrap_or_default();
        match head.strip_suffix('\\') {
            Some(head) => value.extend([head, "\""]),
            None => return Ok((value + head, rest)),
        }
    }
}

fn time<'a>(
    name: &'static str,
    text: &'a str,
    slot: &mut Option<u64>,
    zoneless: &mut Vec<&'static str>,
) -> Result<&'a str, String> {
    let (value, rest) = dequote(text)?;
    let (second, zone) =
        instant::parse(&value).ok_or_else(|| format!("its `{name}` is not a time as YYYYMMDD[HHMM[SS]][Z]"))?;
    if slot.replace(second).is_some() {
        return Err(format!("it has more than one `{name}`"));
    }
    if zone == Zone::Unstated {
        zoneless.push(name);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::certificate::tests::public;

    fn key() -> String {
        public([1; 32]).openssh_line("")
    }

    fn options(text: &str) -> Result<Options, String> {
        parse_line(&format!("a {text} {}", key())).map(|line| line.unwrap().1)
    }

    #[test]
    fn lines_as_openssh_splits_them() {
        let principals = |line: &str| parse_line(line).unwrap().map(|line| line.0);
        for (line, expected) in [
            (format!("a@b,*@c {}", key()), "a@b,*@c"),
            (format!("\t a \t {} comment here\r", key()), "a"),
            (format!("\"a b\" {}", key()), "a b"),
            (format!("x\"y z\"{}", key()), "xy z"),
            (format!("a namespaces=\"a b\" {}", key()), "a"),
        ] {
            assert_eq!(principals(&line).as_deref(), Some(expected), "{line}");
        }
        // What follows a closing quote is no longer principals.
        assert!(parse_line(&format!("\"a b\",c {}", key())).is_err());
        assert_eq!(principals("  # comment"), None);
        assert_eq!(principals(" \r"), None);
    }

    #[test]
    fn options_and_their_spellings() {
        let all = "Cert-Authority,namespaces=\"a\\\"b,c\",valid-after=\"20260101Z\",valid-before=\"202701010000utc\"";
        let expected = Options {
            authority: true,
            namespaces: Some("a\"b,c".to_owned()),
            valid_after: Some(1_767_225_600),
            valid_before: Some(1_798_761_600),
            zoneless: Vec::new(),
        };
        assert_eq!(options(all), Ok(expected));
        assert_eq!(options("valid-after=\"20260101\"").unwrap().zoneless, ["valid-after"]);
    }

    #[test]
    fn what_is_not_understood_makes_the_line_unusable() {
        for (bad, expected) in [
            ("verify-required", "its option `verify-required` is not implemented"),
            ("cert-authority,from=\"x\"", "its option `from` is not implemented"),
            ("cert-authorityx", "its options are malformed"),
            ("cert-authority,", "its options are malformed"),
            ("namespaces=a", "a value of its options is not quoted"),
            ("namespaces=\"a\",namespaces=\"b\"", "it has more than one `namespaces`"),
            ("valid-after=\"2026\"", "its `valid-after` is not a time as YYYYMMDD[HHMM[SS]][Z]"),
            ("valid-after=\"20260101Z\",valid-after=\"20260101Z\"", "it has more than one `valid-after`"),
            (
                "valid-after=\"20260101Z\",valid-before=\"20260101Z\"",
                "its `valid-before` is not after its `valid-after`",
            ),
        ] {
            assert_eq!(options(bad), Err(expected.to_owned()), "{bad}");
        }
        let certificate = "a ssh-ed25519-cert-v01@openssh.com AAAA".to_owned();
        for bad in [
            "a".to_owned(),
            "a ".to_owned() + "namespaces=\"x\"",
            format!("a namespaces=\"x {}", key()),
            format!("!a {}", key()),
            format!("\"a {}", key()),
            key(),
            "a ssh-ed25519 AAAA".to_owned(),
            "a ssh-foo AAAA".to_owned(),
            format!("a {}", key().replace("AAAAC3", "AAAAC4")),
            format!("a\u{1b} {}", key()),
            certificate,
        ] {
            assert!(parse_line(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_bad_line_does_not_silence_the_others() {
        let file =
            format!("# who\n\na {0}\nb what {0}\nc valid-before=\"20270101\" {0}\nd ssh-rsa AAAAB3NzaC1yc2E=\n", key());
        let signers = AllowedSigners::parse(&[file.as_bytes(), b"\xff\n"].concat());
        let numbers = |notes: &[LineNote]| notes.iter().map(|note| note.line).collect::<Vec<_>>();
        assert_eq!(signers.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [3, 5, 6]);
        assert_eq!(numbers(signers.problems()), [4, 7]);
        assert_eq!(numbers(signers.remarks()), [5, 6]);
        assert!(!signers.is_empty() && AllowedSigners::parse(b"").is_empty());
    }

    #[test]
    fn a_written_line_is_read_as_it_was_meant() {
        let line = allowed_signers_line("seal@harbour", &["a@b", "c@d"], &public([1; 32])).unwrap();
        let (principals, options, blob) = parse_line(&line).unwrap().unwrap();
        assert_eq!((principals.as_str(), options.namespaces.as_deref()), ("seal@harbour", Some("a@b,c@d")));
        assert_eq!(blob, public([1; 32]).blob());
        let line = allowed_authority_line("seal@harbour", &["a@b"], &public([1; 32])).unwrap();
        assert!(parse_line(&line).unwrap().unwrap().1.authority);
        for bad in ["", "a b", "a,b", "*", "!a", "a?", "\"a", "#a", "a\n"] {
            assert_eq!(allowed_signers_line(bad, &[], &public([1; 32])), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_lines_never_panic(bytes: Vec<u8>, text in "[a \"\\\\,=!*#Zz0-9-]{0,60}") {
            let _ = AllowedSigners::parse(&bytes);
            let _ = parse_line(&text);
            let _ = parse_line(&format!("a {text} {}", key()));
        }
    }
}
