//! Rules and holds: tables of decisions with their reasons, properties, a second evaluator, and the server's own way.

mod chance;
mod decisions;
pub(crate) mod dice;
mod harbour;
mod holding;
mod mattermost;
mod naive;
mod properties;
mod sql;
mod story;
