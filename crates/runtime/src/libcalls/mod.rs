//! What compiled code asks of the runtime.
//!
//! Each libcall is a thin `extern "C"` function: it finds the store, runs the
//! operation, and turns a reason not to go on into a pending one.
//!
//! ```text
//!  compiled code ─▶ call_host stub (on the host's stack from here) ─▶ TABLE[libcall]
//!      ◀─ value, OK          ◀─ LEAVE: pending says why      ◀─ CATCH: at a handler
//! ```

mod array;
mod gc;
mod hook;
mod memory;
mod table;
mod throw;

pub use hook::SWITCHES;

use crate::error::Error;
use crate::host::host_call;
use crate::instance::InstancePtr;
use crate::pending::Pending;
use crate::store::StoreInner;
use mangrove_abi::libcall::LibcallFn;
use mangrove_abi::{InstanceContext, Libcall, LibcallResult};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a libcall comes back with.
pub enum LibcallOutcome {
    /// A value to go on with.
    Value(u64),
    /// The `catch_*` fields of the context say where to go on.
    Catch,
}

type Answer = Result<LibcallOutcome, Pending>;

/// A result without a value.
const DONE: Answer = Ok(LibcallOutcome::Value(0));

/// The store and the instance a libcall is for. A host function's trampoline
/// has no instance, and calls none of these.
pub struct Invocation<'a> {
    store: &'a mut StoreInner,
    instance: InstancePtr,
}

/// Runs a libcall.
///
/// # Safety
/// `instance` is the context of an instance whose compiled code waits for this
/// call, so that its store is ours alone.
#[inline]
unsafe fn serve(
    instance: *mut InstanceContext,
    work: impl FnOnce(&mut Invocation<'_>) -> Answer,
) -> LibcallResult {
    // SAFETY: by contract; owner fields hold what instantiation put there, and
    // an instance's data is apart from the store's own fields.
    let mut invocation = unsafe {
        let store = (*(*instance).store).owner.cast::<StoreInner>();
        Invocation {
            store: &mut *store,
            instance: InstancePtr::from_owner((*instance).owner),
        }
    };
    let answer = match catch_unwind(AssertUnwindSafe(|| work(&mut invocation))) {
        Ok(answer) => answer,
        Err(panic) => Err(Pending::Panic(panic)),
    };
    match answer {
        Ok(LibcallOutcome::Value(value)) => LibcallResult::ok(value),
        Ok(LibcallOutcome::Catch) => LibcallResult {
            value: 0,
            status: LibcallResult::CATCH,
        },
        Err(pending) => {
            invocation.store.pending = Some(pending);
            LibcallResult::leave()
        }
    }
}

/// `a|b` of an operand.
fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// An `extern "C"` function for each libcall, and the table of them.
macro_rules! table {
    ($($name:ident => $path:path,)*) => {
        /// The libcalls in the order of their numbers.
        pub static TABLE: [LibcallFn; Libcall::ALL.len()] = {
            $(
                #[allow(non_snake_case)]
                unsafe extern "C" fn $name(
                    instance: *mut InstanceContext,
                    a: u64,
                    b: u64,
                    c: u64,
                    d: u64,
                ) -> LibcallResult {
                    // SAFETY: only compiled code of the instance calls this.
                    unsafe { serve(instance, |invocation| $path(invocation, [a, b, c, d])) }
                }
            )*
            let mut table: [LibcallFn; Libcall::ALL.len()] = [host_call; Libcall::ALL.len()];
            $(table[Libcall::$name as usize] = $name;)*
            table
        };

        #[cfg(test)]
        const NAMED: &[Libcall] = &[$(Libcall::$name,)*];
    };
}

table! {
    GcReserve => gc::reserve,
    ContAlloc => gc::cont_alloc,
    MemoryGrow => memory::grow,
    MemoryFill => memory::fill,
    MemoryCopy => memory::copy,
    MemoryInit => memory::init,
    DataDrop => memory::data_drop,
    TableGrow => table::grow,
    TableFill => table::fill,
    TableCopy => table::copy,
    TableInit => table::init,
    ElemDrop => table::elem_drop,
    ArrayNewData => array::new_data,
    ArrayNewElem => array::new_elem,
    ArrayCopy => array::copy,
    ArrayInitData => array::init_data,
    ArrayInitElem => array::init_elem,
    IsSubtype => gc::is_subtype,
    Throw => throw::throw,
    PrepareThrow => throw::prepare,
    ContBind => gc::cont_bind,
    ContUnbind => gc::cont_unbind,
    Hook => hook::hook,
}

impl Invocation<'_> {
    fn module(&self) -> &mangrove_validate::Module {
        self.instance.module.parsed()
    }
}

/// An error of an operation that both libcalls and instantiation use: a trap's
/// reason comes out of its wrapping.
fn pending(error: Error) -> Pending {
    match error {
        Error::Trap(trap) if trap.backtrace.entries.is_empty() => Pending::Trap(trap.reason),
        other => Pending::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_libcall_is_in_the_table() {
        let missing: Vec<_> = Libcall::ALL
            .iter()
            .filter(|call| !NAMED.contains(call))
            .collect();
        assert_eq!(missing, [&Libcall::HostCall]);
    }
}
