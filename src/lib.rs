//! chatseal (tour to come)
pub mod keys;
pub mod record;
