//! A panic is a bug of ours: it is caught at the edge, named by its place in the source and exits 70.
//!
//! The text of a panic may quote what was being read (a message body, a key), so it is never shown.

use super::exit::Exit;
use super::failure::Failure;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Replaces the default report, which would print the panic's text; remembers the place of the first panic.
pub(super) fn stay_silent() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        let mut first = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        *first = first.take().or(place);
    }));
}

/// Runs `work`; a panic in it, on any thread that it joins, becomes a failure.
pub(super) fn catch<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What was being changed is not looked at again: the process ends with this failure.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(failure()))
}

fn failure() -> Failure {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let version = env!("CARGO_PKG_VERSION");
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    Failure::new(Exit::Internal, format!("chatseal {version} met a bug of its own at `{place}`"))
        .hint("report this line where you got chatseal from; the data that it met is not in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_exits_70_and_does_not_tell_what_it_read() {
        let result: Result<(), Failure> = catch(|| panic!("attack at dawn"));
        let failure = result.unwrap_err();
        assert_eq!(failure.exit(), Exit::Internal);
        let account = failure.account();
        assert!(account.message.starts_with("chatseal "), "{}", account.message);
        assert!(!format!("{account:?}").contains("dawn"));
        assert!(account.hints[0].starts_with("report this line"));
    }

    #[test]
    fn other_results_pass_through() {
        assert!(matches!(catch(|| Ok(5)), Ok(5)));
        let failure = catch::<()>(|| Err(Failure::new(Exit::Refused, "no"))).unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused);
    }
}
