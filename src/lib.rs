//! chatseal (tour to come)
pub mod record;
