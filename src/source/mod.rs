//! Sources
pub mod bulk;
pub mod catalogue;
pub mod contents;
pub mod postgres;
pub mod rows;
pub mod scope;
pub mod sort;
