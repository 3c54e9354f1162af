//! Stacks for WebAssembly: where they come from, and how control moves between
//! them.
//!
//! ```text
//!  StackArena   (arena)    slots of guard + usable memory, reused last in first out
//!  arch         (arch/)    prepare, enter, switch, call the host, leave: all assembly
//!  Frames       (frames)   the walk along frame pointers
//!  moving                  frames to another stack, or parked in a buffer
//! ```
//!
//! Nothing here knows WebAssembly or the collector. Records are those of
//! `mangrove-abi`; who owns them and in which order they are switched is
//! decided above.

pub mod arch;
mod arena;
mod frames;
mod moving;

pub use arena::{
    ArenaConfig, ArenaStats, DEFAULT_INITIAL_STACK_SIZE, DEFAULT_STACK_SIZE, GUARD_SIZE, GuardKind,
    Stack, StackArena, StackError, slot_size,
};
pub use frames::{Frames, StackFrame, frames, frames_from, stack_says_parked};
pub use moving::{
    copy_frames, copy_parked, discard_parked, fits, is_parked, move_frames, park, poison, unpark,
};
