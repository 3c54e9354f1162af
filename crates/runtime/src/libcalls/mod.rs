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
mod interrupt;
mod memory;
mod table;
mod throw;

use call::serve;
use interrupt::interrupt;
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
            let mut table: [Option<LibcallFn>; Libcall::ALL.len()] = [None; Libcall::ALL.len()];
            $(table[Libcall::$name as usize] = Some($name);)*
            table[Libcall::Interrupt as usize] = Some(interrupt);
            let mut full: [LibcallFn; Libcall::ALL.len()] = [GcReserve; Libcall::ALL.len()];
            let mut index = 0;
            while index < full.len() {
                // One that is missing does not compile.
                full[index] = table[index].expect("a function for each libcall");
                index += 1;
            }
            full
        };
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
