//! Shows a [`Progress`] while the work runs: bars on a terminal, a plain line now and then elsewhere, nothing when quiet.

use super::printer::Printer;
use crate::progress::Progress;
use std::ops::Deref;
use std::sync::Arc;

/// Shows the progress of one piece of work until it is dropped; lends the [`Progress`] to count on.
pub(super) struct Watch {
    progress: Arc<Progress>,
}

impl Watch {
    /// Starts to watch; silent when `printer` is quiet.
    pub(super) fn start(printer: &Printer) -> Self {
        Self { progress: Arc::new(Progress::new(Arc::clone(printer.stop()))) }
    }
}

impl Deref for Watch {
    type Target = Progress;

    fn deref(&self) -> &Progress {
        &self.progress
    }
}
