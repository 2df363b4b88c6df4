//! Sources
pub mod bulk;
pub mod catalogue;
pub mod scope;
pub mod sort;
