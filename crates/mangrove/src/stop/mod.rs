//! Where a run is to be looked at: a description that can be written and read, what code
//! needs for it, and an observer that counts and tells.
//!
//! ```text
//!  "enter:$gen:3" ─parse─▶ StopAt ─▶ Stops ─ prepare ─▶ Config     hooks, at these places only
//!                                      │──── resolve ─▶ Module     is there such a place?
//!                                      └──── watch ───▶ Store      counts; tells at the third
//! ```

mod at;
mod place;
mod stops;

pub use at::{ParseStopError, StopAt};
pub use place::{HookPlace, PlaceError, places_in};
pub use stops::{Missed, Stopping, Stops};
