//! chatseal (tour to come)
pub mod record;
pub mod source;
