//! What a worker is asked, and what it says: a line each, as JSON.

use crate::suite::{FailedRound, RoundResult};
use serde::{Deserialize, Serialize};

/// What is asked of a worker.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub suite: String,
    pub seed: u64,
    /// Of a round that is known to kill: the answers so far, and whether there is a further
    /// question.
    pub script: Option<(Vec<bool>, bool)>,
}

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// A round, with what was chosen for it.
    Began(String),
    /// It fails so, and is being made smaller.
    Failing(Box<FailedRound>),
    /// Something smaller is being played.
    Alive,
    /// Whether that failed as well.
    Answer(bool),
    /// The round is over.
    Ended(Box<RoundResult>),
}
