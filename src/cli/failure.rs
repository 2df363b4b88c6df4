//! Why a command could not do its work, as a person should read it.
//!
//! The message says what was attempted and on which object, in backticks; causes follow below, from the outside in; at
//! most [`MAX_HINTS`] hints say what can be done about it. No "please", no stack, no secret, no message body.
//!
//! ```text
//! error: cannot read `import.jsonl` in `export.zip`
//!   caused by: line 8812 is not valid JSON: unexpected end of input at column 4096
//! hint: the export may be cut short; compare its size with the server's export list
//! ```

use super::exit::Exit;
use serde::Serialize;

/// More hints than this are noise.
pub const MAX_HINTS: usize = 2;

/// A command's failure: how it exits, what happened, why, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: anyhow::Error,
    hints: Vec<String>,
}

impl Failure {
    /// A failure that nothing underlies: the message is all there is to say.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, error: anyhow::Error::msg(message.into()), hints: Vec::new() }
    }

    /// A failure of the core; its sources become causes.
    pub fn of(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new() }
    }

    /// The same failure, of work that a signal had told to stop: whatever it was doing, that is why it ended.
    #[must_use]
    pub(super) fn stopped(mut self) -> Self {
        if self.exit != Exit::Internal {
            self.exit = Exit::Interrupted;
        }
        self
    }

    /// Says what was attempted; what was the message becomes the first cause.
    #[must_use]
    pub fn context(mut self, attempted: impl Into<String>) -> Self {
        self.error = self.error.context(attempted.into());
        self
    }

    /// Adds something that can be done about it; beyond [`MAX_HINTS`] it is dropped.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if self.hints.len() < MAX_HINTS {
            self.hints.push(hint.into());
        }
        self
    }

    /// How the command exits.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Message, causes and hints, ready to be shown.
    pub fn account(&self) -> Account<'_> {
        let mut texts: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        // An error that passes its source's text on says it twice; the reader needs it once.
        texts.dedup();
        let causes = texts.split_off(1);
        Account { message: texts.concat(), causes, hints: &self.hints }
    }
}

/// What is shown of a [`Failure`], in text and as JSON.
#[derive(Debug, Serialize)]
pub struct Account<'a> {
    /// What was attempted, on which object.
    pub message: String,
    /// Why it failed, from the outside in.
    pub causes: Vec<String>,
    /// What can be done.
    pub hints: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopped_work_is_interrupted_but_a_bug_stays_a_bug() {
        assert_eq!(Failure::new(Exit::Unavailable, "x").stopped().exit(), Exit::Interrupted);
        assert_eq!(Failure::new(Exit::Internal, "x").stopped().exit(), Exit::Internal);
    }

    #[test]
    fn context_comes_first_and_two_hints_are_enough() {
        let failure = Failure::new(Exit::Usage, "inner").context("outer").hint("one").hint("two").hint("three");
        let account = failure.account();
        assert_eq!((account.message.as_str(), account.causes.as_slice()), ("outer", ["inner".to_owned()].as_slice()));
        assert_eq!(account.hints, ["one", "two"]);
    }
}
