//! The sealed bag: one zip file that holds one BagIt bag, and above it one small signed text.

pub mod defect;
pub mod exceptions;
pub mod manifest;
pub mod names;
pub mod reader;
pub mod records;
pub mod salt;
pub mod seal;
pub mod segments;
pub mod stage;
pub mod summary;
pub mod writer;
pub mod zip;
