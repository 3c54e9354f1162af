//! Typed calls, in both directions: types are checked once, and the values go straight
//! to and from where compiled code has them.
//!
//! ```text
//!  call    TypedFunc, Func::typed     host ─▶ Wasm
//!  host    TypedCode                  Wasm ─▶ host: what a typed host function runs
//!  check   do the Rust types and the function's agree?
//!  list    () T (A, B, …)             lists of values
//!  value   i32 … Option<ContHandle>   values
//!  refs    AnyRef ExternRef ExnRef    references
//! ```

mod call;
mod check;
mod host;
mod list;
mod refs;
mod value;

pub use call::TypedFunc;
pub use host::{TypedCode, WasmRet};
#[cfg(test)]
pub(crate) use list::ExpectedList;
pub use list::{WasmList, WasmParams, WasmResults};
pub use refs::{AnyRef, ExnRef};
pub use value::{WasmRef, WasmTy};
