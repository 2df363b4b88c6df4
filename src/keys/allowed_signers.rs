//! The `allowed_signers` file.
use super::{public::PublicKey, sshsig::SshSignature, trust::Trust};
/// A parsed `allowed_signers` file.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
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
impl AllowedSigners {
    /// Parses; a line that cannot be used is a problem, never an error and never a silent pass.
    pub fn parse(_bytes: &[u8]) -> Self {
        todo!()
    }
    /// The lines that are not used, and why.
    pub fn problems(&self) -> &[LineNote] {
        &self.problems
    }
    /// Lines that are used, but not as `ssh-keygen` on another host may read them (times without `Z`).
    pub fn remarks(&self) -> &[LineNote] {
        &self.remarks
    }
    /// Whether no line is usable.
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// Judges the signer of `signature`, for `namespace`, at `at` (epoch milliseconds), as `principal` if given.
    pub fn judge(&self, _signature: &SshSignature, _namespace: &str, _at: i64, _principal: Option<&str>) -> Trust {
        todo!()
    }
}
/// A line for this file, or `None` when `principal` cannot stand in one unquoted.
pub fn allowed_signers_line(_principal: &str, _namespaces: &[&str], _key: &PublicKey) -> Option<String> {
    todo!()
}
