//! Sources
pub mod bulk;
pub mod catalogue;
pub mod contents;
pub mod dump;
pub mod original;
pub mod packed;
pub mod rows;
pub mod scope;
pub mod sort;
