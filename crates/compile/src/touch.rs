//! Steps that a stack overflow must not cut in half.
//!
//! The guard of a stack can be hit by whatever writes the lowest word yet: a
//! prologue, the spill of a value, the return address of a call, what a stub
//! pushes. Most instructions do not mind: they have done nothing yet that
//! anyone else sees. A few change several words that have to agree (the links
//! between records, the running record, a reference of two words). A function
//! that has one of these touches, before it does anything else, the lowest word
//! that it or a stub it calls will ever write:
//!
//! ```text
//!  fp ▶  saved fp
//!        …                    spilled values, arguments of calls
//!  sp ▶  ─────────────
//!        return address       of the stub
//!        saved fp, context    pushed by the stub
//!        ───────────── ◀ touched: above it nothing can hit the guard any more
//! ```
//!
//! The stack pointer of a function is the same at all its calls, so once is
//! enough, however often a loop switches. What a function calls has a prologue,
//! and is another function: see docs/STACKS.md for the whole argument.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Function, InstBuilder, MemFlagsData, SourceLoc, types};

/// Puts the store in front of a finished function, `depth` bytes below its
/// frame. `start` is where the function begins in the module.
pub fn touch_stack(function: &mut Function, depth: u32, start: SourceLoc) {
    let entry = function.layout.entry_block().expect("a built function");
    let mut cursor = FuncCursor::new(function)
        .at_first_insertion_point(entry)
        .with_srcloc(start);
    let sp = cursor.ins().get_stack_pointer(types::I64);
    // What is stored does not matter: the pointer needs no further register.
    let flags = MemFlagsData::new().with_notrap();
    cursor.ins().store(flags, sp, sp, -(depth as i32));
}
