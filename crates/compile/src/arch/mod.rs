//! What the compiler knows of the machine beyond Cranelift. One file per architecture.
//!
//! Every architecture's file exports these nouns, and nothing else is asked of it:
//!
//! | noun | what |
//! |-|-|
//! | `triple`, `FEATURES`, `missing` | what code is made for, and what it may or must use |
//! | `FUNCTION_ALIGN`, `THUNK_ALIGN`, `FILLER` | where code begins, and what lies between |
//! | `REACH` | how much text near references can span |
//! | `is_near`, `near_target` | which of Cranelift's relocations are such references, and what they mean |
//! | `write_distance` | resolves one |
//! | `call_into_jump` | makes a near call a near jump |
//! | `EXCEPTION_RESULT` | which exception register a caught exception arrives in |
//!
//! The machine's part in switches and faults is `crates/stack/src/arch`.

#[cfg(not(target_arch = "x86_64"))]
compile_error!("this crate makes code for x86-64 only");

mod x86_64;

pub use x86_64::*;
