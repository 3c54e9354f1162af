//! What the system, or a bound on what an engine may take, has refused, and why.
//!
//! ```text
//!  a request that failed ─▶ Need, bytes, errno ─┐
//!                                               ├─ diagnose ─▶ ResourceError { …, causes }
//!  limits and use, read then ─▶ Facts (facts) ──┘
//! ```
//!
//! A lack of resources says nothing about the program: it is kept apart from
//! traps and failed checks all the way to the command's exit code. The kernel
//! says little more than `ENOMEM`, so the limits are looked at right after it,
//! here and nowhere else, and only those are named that the request exceeds.

pub mod cause;
mod diagnose;
pub mod error;
pub mod exhaustion;
pub mod facts;
pub mod file_size;
pub mod need;
