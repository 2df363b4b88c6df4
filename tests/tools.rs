//! Programs of other people, as judges of ours. One that is missing fails the test that needs it: a check that is
//! silently left out looks like one that passed. `CHATSEAL_TEST_SKIP=ssh-agent,openssl` leaves it out on purpose.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Output, Stdio},
};

/// What a program answered.
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn of(name: &str, output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code().is_some(), "`{name}` was killed: {stderr}");
        Self { success: output.status.success(), stdout: output.stdout, stderr }
    }

    /// The standard output of a run that must have gone well.
    pub(crate) fn expect_success(self) -> Vec<u8> {
        assert!(self.success, "{}", self.stderr);
        self.stdout
    }
}

/// Whether the environment asks to leave tests with this program out.
pub(crate) fn skipped(name: &str) -> bool {
    let skip = std::env::var("CHATSEAL_TEST_SKIP").unwrap_or_default();
    skip.split(',').any(|skipped| skipped.trim() == name)
}

/// Runs a program in UTC and in English, without agent or configuration, on the given standard input.
pub(crate) fn run(name: &str, args: &[&str], stdin: &[u8]) -> Answer {
    let mut command = Command::new(name);
    command.args(args).env("TZ", "UTC").env("LC_ALL", "C").env_remove("SSH_AUTH_SOCK").env_remove("DISPLAY");
    feed(name, command, stdin)
}

/// Runs a prepared command on the given standard input.
pub(crate) fn feed(name: &str, mut command: Command, stdin: &[u8]) -> Answer {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}", missing(name, &error)));
    // A program that answers before it read everything closes its end; that is no fault.
    if let Err(error) = child.stdin.take().unwrap().write_all(stdin) {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{name}");
    }
    Answer::of(name, child.wait_with_output().unwrap())
}

pub(crate) fn missing(name: &str, error: &std::io::Error) -> String {
    format!("this test needs `{name}` ({error}); install it, or leave it out by CHATSEAL_TEST_SKIP={name}")
}
