//! What the runtime tells, in forms to look at or to process.
//!
//! A root set is first grouped and named (`view`, `names`), then drawn.

pub mod dot;
pub mod html;
mod names;
pub mod report;
pub mod text;
pub mod view;

use crate::errors::Failure;
use serde::Serialize;

/// JSON, indented.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))
}
