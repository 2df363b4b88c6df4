//! Sources
pub mod audit_log;
pub mod beneath;
pub mod bulk;
pub mod catalogue;
pub mod contents;
pub mod file_store;
pub mod reconcile;
pub mod rows;
pub mod scope;
pub mod sort;
