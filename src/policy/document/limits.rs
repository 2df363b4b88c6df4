//! What a policy or holds file may have at most. People do not write more; who does is told so instead of waiting.

/// Bytes of a file.
pub const FILE_BYTES: usize = 1 << 20;

/// Rules of a policy.
pub const RULES: usize = 500;

/// Holds of a file.
pub const HOLDS: usize = 1_000;

/// Values in the scopes of a policy, or in the holds of a file, together.
pub const VALUES: usize = 20_000;

/// Characters of a name, pattern or keyword.
pub const NAME: usize = 200;

/// Characters of a title, citation, matter or reason.
pub const TEXT: usize = 2_000;

/// Characters of `about`.
pub const ABOUT: usize = 20_000;

/// Approvals that a holds file may require.
pub const APPROVALS: i64 = 9;

/// Files that are judged together.
pub const FILES: usize = 100;

/// Rules of policies that are judged together.
pub const RULES_TOGETHER: usize = 2_000;
