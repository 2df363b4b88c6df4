//! OpenSSH pattern lists.
