//! The verdict on a signer: admitted, or how far it got.

use super::{
    allowed_signers::SignerLine,
    certificate::{Authority, Certificate, CertificateProblem},
    instant, pattern,
    public::PublicKey,
    sshsig::SshSignature,
};

/// How a signer was matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The line names the key itself.
    Key,
    /// The line names the authority that certified the key.
    Authority(PublicKey),
}

/// Whether an `allowed_signers` file admits a signer, and if not, why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Admitted.
    Accepted {
        /// Who it may be: the principals of the line, or those of the certificate that the line admits.
        principals: Vec<String>,
        /// The line of the file, counted from 1.
        line: usize,
        /// By key or by authority.
        via: Via,
    },
    /// No line names the key, or the authority of its certificate.
    UnknownSigner,
    /// The signature was made for another purpose than the one asked for.
    OtherPurpose {
        /// The namespace that was signed.
        found: String,
    },
    /// A line names the signer, but not as the principal that was asked for.
    WrongPrincipal {
        /// The line.
        line: usize,
        /// Whom it admits.
        principals: Vec<String>,
    },
    /// A line names the authority, but the certificate does not stand.
    Certificate {
        /// The line.
        line: usize,
        /// Why not.
        problem: CertificateProblem,
    },
    /// A line names the signer, but for other purposes.
    WrongNamespace {
        /// The line.
        line: usize,
        /// The namespaces that it admits, as it lists them.
        allowed: String,
    },
    /// A line names the signer from a later time on.
    NotYetValid {
        /// The line.
        line: usize,
        /// Epoch milliseconds of the first valid second.
        from: i64,
    },
    /// A line names the signer until an earlier time.
    Expired {
        /// The line.
        line: usize,
        /// Epoch milliseconds of the last valid second.
        until: i64,
    },
}

impl Trust {
    /// Whether the signer is admitted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }

    /// How many checks of a line were passed; the refusal that came furthest tells most.
    pub(super) fn progress(&self) -> u8 {
        match self {
            Self::OtherPurpose { .. } | Self::UnknownSigner => 0,
            Self::WrongPrincipal { .. } => 1,
            Self::Certificate { .. } => 2,
            Self::WrongNamespace { .. } => 3,
            Self::NotYetValid { .. } | Self::Expired { .. } => 4,
            Self::Accepted { .. } => 5,
        }
    }
}

/// Judges by all lines: the first that admits decides, else the refusal that came furthest.
pub(super) fn judge(
    lines: &[SignerLine],
    signature: &SshSignature,
    namespace: &str,
    at: i64,
    principal: Option<&str>,
) -> Trust {
    if signature.namespace() != namespace {
        return Trust::OtherPurpose { found: signature.namespace().to_owned() };
    }
    let key = signature.public_key().blob();
    let mut verdict = Trust::UnknownSigner;
    for line in lines {
        let trust = match signature.certificate() {
            None if !line.options.authority && line.key == key => judge_key(line, principal),
            Some(certificate) if line.options.authority && line.key == certificate.authority_blob() => {
                judge_certificate(line, certificate, at, principal)
            }
            // As in OpenSSH, a signature that carries a certificate stands by it alone, and a bare key never by one.
            _ => continue,
        };
        let trust = if trust.is_accepted() { within(line, namespace, at).unwrap_or(trust) } else { trust };
        if trust.is_accepted() {
            return trust;
        }
        if trust.progress() > verdict.progress() {
            verdict = trust;
        }
    }
    verdict
}

fn judge_key(line: &SignerLine, principal: Option<&str>) -> Trust {
    let principals = named(line);
    if principal.is_none_or(|name| pattern::matches_list(name, &line.principals)) {
        Trust::Accepted { principals, line: line.number, via: Via::Key }
    } else {
        Trust::WrongPrincipal { line: line.number, principals }
    }
}

fn judge_certificate(line: &SignerLine, certificate: &Certificate, at: i64, principal: Option<&str>) -> Trust {
    let refuse = |problem| Trust::Certificate { line: line.number, problem };
    if let Err(problem) = certificate.check(at) {
        return refuse(problem);
    }
    let authority = match certificate.authority() {
        Authority::Ed25519(key) => *key,
        Authority::Other(name) => return refuse(CertificateProblem::UnsupportedAuthority(name.clone())),
    };
    let admitted = |name: &&String| {
        pattern::matches_list(name, &line.principals) && principal.is_none_or(|wanted| wanted == name.as_str())
    };
    let principals: Vec<String> = certificate.principals().iter().filter(admitted).cloned().collect();
    if principals.is_empty() {
        return Trust::WrongPrincipal { line: line.number, principals: named(line) };
    }
    Trust::Accepted { principals, line: line.number, via: Via::Authority(authority) }
}

/// What the options of a line hold against an otherwise admitted signer.
fn within(line: &SignerLine, namespace: &str, at: i64) -> Option<Trust> {
    let (options, number) = (&line.options, line.number);
    if let Some(allowed) = options.namespaces.as_deref().filter(|list| !pattern::matches_list(namespace, list)) {
        return Some(Trust::WrongNamespace { line: number, allowed: allowed.to_owned() });
    }
    let second = instant::second(at);
    if let Some(from) = options.valid_after.filter(|from| second.is_none_or(|second| second < *from)) {
        return Some(Trust::NotYetValid { line: number, from: millis(from) });
    }
    let until = options.valid_before.filter(|until| second.is_some_and(|second| second > *until))?;
    Some(Trust::Expired { line: number, until: millis(until) })
}

fn named(line: &SignerLine) -> Vec<String> {
    line.principals.split(',').map(str::to_owned).collect()
}

fn millis(second: u64) -> i64 {
    i64::try_from(second).unwrap_or(i64::MAX).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{
        AllowedSigners, SEAL_NAMESPACE, STATEMENT_NAMESPACE,
        certificate::tests::{Issue, public},
    };

    const AT: i64 = 150_000;

    fn signature(certificate: Option<&Issue<'_>>) -> SshSignature {
        let key = public([1; 32]);
        let certificate = certificate.map(|issue| Certificate::from_wire(&issue.certify(&key, [2; 32])).unwrap());
        SshSignature::assemble(key, certificate, SEAL_NAMESPACE, [0; 64])
    }

    fn judge(file: &str, signature: &SshSignature, principal: Option<&str>) -> Trust {
        let [key, authority] = [1, 2].map(|seed| public([seed; 32]).openssh_line(""));
        let signers = AllowedSigners::parse(file.replace("KEY", &key).replace("CA", &authority).as_bytes());
        assert_eq!(signers.problems(), [], "{file}");
        signers.judge(signature, SEAL_NAMESPACE, AT, principal)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_plain_key_is_judged_by_its_lines() {
        let plain = signature(None);
        let accepted = |line, list: &[&str]| Trust::Accepted { principals: names(list), line, via: Via::Key };
        assert_eq!(judge("a,b@* KEY", &plain, None), accepted(1, &["a", "b@*"]));
        assert_eq!(judge("a CA\na KEY", &plain, None), accepted(2, &["a"]));
        assert_eq!(judge("a namespaces=\"*\" KEY", &plain, Some("a")), accepted(1, &["a"]));
        assert_eq!(judge("a CA", &plain, None), Trust::UnknownSigner);
        assert_eq!(judge("", &plain, None), Trust::UnknownSigner);
        // A line for an authority admits certificates only, even if the authority itself signed.
        assert_eq!(judge("a cert-authority KEY", &plain, None), Trust::UnknownSigner);
        let wrong = Trust::WrongPrincipal { line: 1, principals: names(&["a", "!b"]) };
        assert_eq!(judge("a,!b KEY", &plain, Some("b")), wrong);
        let narrow = Trust::WrongNamespace { line: 1, allowed: "file,!seal@*".to_owned() };
        assert_eq!(judge("a namespaces=\"file,!seal@*\" KEY", &plain, None), narrow);
        let purpose = AllowedSigners::parse(b"").judge(&plain, STATEMENT_NAMESPACE, AT, None);
        assert_eq!(purpose, Trust::OtherPurpose { found: SEAL_NAMESPACE.to_owned() });
    }

    #[test]
    fn validity_includes_both_named_seconds() {
        let plain = signature(None);
        // Second 150 is 1970-01-01T00:02:30Z.
        for line in ["a valid-after=\"19700101000230Z\" KEY", "a valid-before=\"19700101000230Z\" KEY"] {
            assert!(judge(line, &plain, None).is_accepted(), "{line}");
        }
        let later = judge("a valid-after=\"19700101000231Z\" KEY", &plain, None);
        assert_eq!(later, Trust::NotYetValid { line: 1, from: 151_000 });
        let earlier = judge("a valid-before=\"19700101000229Z\" KEY", &plain, None);
        assert_eq!(earlier, Trust::Expired { line: 1, until: 149_000 });
        let before_all = AllowedSigners::parse(
            format!("a valid-after=\"19700102\" {}", public([1; 32]).openssh_line("")).as_bytes(),
        );
        let from = 86_400_000;
        assert_eq!(before_all.judge(&plain, SEAL_NAMESPACE, -1, None), Trust::NotYetValid { line: 1, from });
    }

    #[test]
    fn the_refusal_that_came_furthest_is_told_and_a_later_line_may_still_admit() {
        let plain = signature(None);
        let file = "b KEY\na namespaces=\"x\" KEY\na valid-before=\"19700101000229Z\" KEY\n";
        assert_eq!(judge(file, &plain, Some("a")), Trust::Expired { line: 3, until: 149_000 });
        let file = format!("{file}a KEY\n");
        assert!(matches!(judge(&file, &plain, Some("a")), Trust::Accepted { line: 4, .. }));
    }

    #[test]
    fn a_certificate_is_judged_by_its_authority() {
        let issue = Issue { principals: &["seal@harbour", "root"], ..Issue::user() };
        let signed = signature(Some(&issue));
        let via = Via::Authority(public([2; 32]));
        let accepted = |list: &[&str]| Trust::Accepted { principals: names(list), line: 1, via };
        assert_eq!(judge("* cert-authority CA", &signed, None), accepted(&["seal@harbour", "root"]));
        assert_eq!(judge("*@harbour cert-authority CA", &signed, None), accepted(&["seal@harbour"]));
        assert_eq!(judge("* cert-authority CA", &signed, Some("root")), accepted(&["root"]));
        let wrong = Trust::WrongPrincipal { line: 1, principals: names(&["*@harbour"]) };
        assert_eq!(judge("*@harbour cert-authority CA", &signed, Some("root")), wrong);
        assert_eq!(judge("*@harbour cert-authority CA", &signed, Some("seal@*")), wrong);
        // Neither the certified key by itself nor the authority without its option admits it.
        assert_eq!(judge("* KEY\n* CA\n* cert-authority KEY", &signed, None), Trust::UnknownSigner);
        let expired = signature(Some(&Issue { validity: (0, 150), ..Issue::user() }));
        let problem = CertificateProblem::Expired(150);
        assert_eq!(judge("* cert-authority CA", &expired, None), Trust::Certificate { line: 1, problem });
    }
}
