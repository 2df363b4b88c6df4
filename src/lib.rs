//! chatseal (tour to come)
pub mod cli;
pub mod progress;
pub mod record;
