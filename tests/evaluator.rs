//! Rules and holds: tables of decisions with their reasons, properties, a second evaluator, and the server's own way.

mod chance;
mod dice;
mod naive;
mod properties;
mod story;
