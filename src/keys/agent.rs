//! The ssh-agent protocol.
/// Why an agent did not sign.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It refused.
    #[error("the agent refused to sign")]
    Refused,
}
