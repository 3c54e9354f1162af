//! The embedding API of Mangrove, and the runtime behind it.

pub mod config;
pub mod error;
pub mod exception;
mod skeleton;
pub mod trap;
pub mod values;
mod func {
    pub use crate::skeleton::Func;
}
mod tag {
    pub use crate::skeleton::Tag;
}
mod store {
    pub use crate::skeleton::{AsStore, AsStoreMut, StoreId};
}

pub use config::{Config, Guard, Hooks, OptLevel, Zeal};
pub use error::Error;
pub use exception::Exception;
pub use mangrove_abi::{TrapCode, TypeId};
pub use mangrove_validate::{
    AbstractHeap, FuncType, GlobalType, HeapType, MemoryType, RefType, TableType, ValType,
};
pub use skeleton::*;
pub use trap::{Backtrace, BacktraceEntry, Frame, Trap, TrapReason};
pub use values::{ContHandle, HandleKind, HeapHandle, Val};
