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
mod call;
mod gc;
mod hook;
mod memory;
mod table;
mod throw;

use crate::host_call::host_call;
use crate::host_clone::cont_clone;
use crate::host_suspend::host_suspend;
use call::serve;
use mangrove_abi::libcall::LibcallFn;
use mangrove_abi::{InstanceContext, Libcall, LibcallResult};

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
            table[Libcall::HostSuspend as usize] = host_suspend;
            table[Libcall::ContClone as usize] = cont_clone;
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
    ContReady => gc::cont_ready,
    Hook => hook::hook,
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
        // Those of host functions, which no instance of a module calls.
        let of_hosts = [Libcall::HostCall, Libcall::HostSuspend, Libcall::ContClone];
        assert!(missing.into_iter().eq(&of_hosts));
    }
}
