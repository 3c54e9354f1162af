//! Signatures ahead of their bodies.
#![allow(missing_docs, unused_variables)]
use crate::config::Config;
use crate::error::Error;
use crate::values::{HandleKind, HeapHandle, Val};
use mangrove_abi::TypeId;
use mangrove_validate::{FuncType, GlobalType, MemoryType, TableType};
use std::path::Path;

pub type StoreId = u32;
/// A store, a caller, or a view of one.
pub trait AsStore {
    #[doc(hidden)]
    fn raw(&self) -> *mut ();
}
/// One that may be changed.
pub trait AsStoreMut: AsStore {}

#[derive(Clone, Debug)]
pub struct Engine(());
impl Engine {
    pub fn new(config: &Config) -> Result<Self, Error> {
        todo!()
    }
    pub fn config(&self) -> &Config {
        todo!()
    }
    /// Canonical id of a function type whose concrete references are canonical ids.
    pub fn func_type_id(&self, ty: &FuncType) -> TypeId {
        todo!()
    }
}

/// What an import asks for or an export gives; concrete types are canonical ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternType {
    Func(FuncType),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    Tag(FuncType),
}

#[derive(Clone, Debug)]
pub struct Module(());
impl Module {
    /// Binary or text, told apart by the first bytes.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    pub fn from_binary(engine: &Engine, bytes: Vec<u8>) -> Result<Self, Error> {
        todo!()
    }
    pub fn from_file(engine: &Engine, path: &Path) -> Result<Self, Error> {
        todo!()
    }
    pub fn name(&self) -> Option<&str> {
        todo!()
    }
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str, ExternType)> {
        std::iter::empty()
    }
    pub fn exports(&self) -> impl Iterator<Item = (&str, ExternType)> {
        std::iter::empty()
    }
    /// What it was made from and validated as.
    pub fn parsed(&self) -> &mangrove_validate::Module {
        todo!()
    }
}

#[derive(Debug)]
pub struct Store<T>(T);
impl<T> Store<T> {
    pub fn new(engine: &Engine, data: T) -> Result<Self, Error> {
        todo!()
    }
    pub fn data(&self) -> &T {
        todo!()
    }
    pub fn data_mut(&mut self) -> &mut T {
        todo!()
    }
    pub fn engine(&self) -> &Engine {
        todo!()
    }
    /// A full collection now.
    pub fn gc(&mut self) -> Result<(), Error> {
        todo!()
    }
    pub fn collections(&self) -> u64 {
        todo!()
    }
    pub fn live_continuations(&self) -> u64 {
        todo!()
    }
    pub fn heap_bytes(&self) -> u64 {
        todo!()
    }
    pub fn roots(&mut self) -> Result<RootSet, Error> {
        todo!()
    }
    pub fn report(&self) -> RegistryReport {
        todo!()
    }
    pub fn observe(&mut self, observer: Box<dyn FnMut(&mut StoreView, Moment) + Send>) {
        todo!()
    }
}
impl<T> AsStore for Store<T> {
    fn raw(&self) -> *mut () {
        todo!()
    }
}
impl<T> AsStoreMut for Store<T> {}

/// Will be `mangrove_collector::RootSet`.
#[derive(Debug)]
pub struct RootSet(());
/// Will be `mangrove_continuation::RegistryReport`.
#[derive(Debug)]
pub struct RegistryReport(());

/// What an observer sees of a store.
#[derive(Debug)]
pub struct StoreView(());
impl StoreView {
    pub fn roots(&mut self) -> Result<RootSet, Error> {
        todo!()
    }
    pub fn report(&self) -> RegistryReport {
        todo!()
    }
    pub fn collections(&self) -> u64 {
        todo!()
    }
    pub fn live_continuations(&self) -> u64 {
        todo!()
    }
    pub fn heap_bytes(&self) -> u64 {
        todo!()
    }
}
impl AsStore for StoreView {
    fn raw(&self) -> *mut () {
        todo!()
    }
}
impl AsStoreMut for StoreView {}

/// When an observer is called. Counts start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The Nth collection begins: nothing has moved yet.
    Collection(u64),
    /// The Nth `suspend` or `switch` is about to take effect (needs `Hooks::switches`).
    Suspend(u64),
    /// Execution trapped; all stacks are still there.
    Trap,
    /// The outermost call from the host has returned.
    End,
}

/// What a host function gets: its store while Wasm waits.
#[derive(Debug)]
pub struct Caller<'a, T>(&'a mut T);
impl<T> Caller<'_, T> {
    pub fn data(&self) -> &T {
        todo!()
    }
    pub fn data_mut(&mut self) -> &mut T {
        todo!()
    }
    pub fn gc(&mut self) -> Result<(), Error> {
        todo!()
    }
    pub fn collections(&self) -> u64 {
        todo!()
    }
    pub fn live_continuations(&self) -> u64 {
        todo!()
    }
    pub fn heap_bytes(&self) -> u64 {
        todo!()
    }
    pub fn roots(&mut self) -> Result<RootSet, Error> {
        todo!()
    }
}
impl<T> AsStore for Caller<'_, T> {
    fn raw(&self) -> *mut () {
        todo!()
    }
}
impl<T> AsStoreMut for Caller<'_, T> {}

#[derive(Debug)]
pub struct Linker<T>(std::marker::PhantomData<T>);
impl<T: 'static> Linker<T> {
    pub fn new(engine: &Engine) -> Self {
        todo!()
    }
    /// Defines or redefines a name.
    pub fn define(&mut self, module: &str, name: &str, item: impl Into<Extern>) -> &mut Self {
        todo!()
    }
    pub fn define_instance(
        &mut self,
        store: &impl AsStore,
        module: &str,
        instance: Instance,
    ) -> &mut Self {
        todo!()
    }
    pub fn func(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> &mut Self {
        todo!()
    }
    /// The module `mangrove`: gc, collections, continuations, heap_bytes.
    pub fn define_mangrove(&mut self) -> &mut Self {
        todo!()
    }
    pub fn instantiate(&self, store: &mut Store<T>, module: &Module) -> Result<Instance, Error> {
        todo!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance(u32);
impl Instance {
    pub fn export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        todo!()
    }
    pub fn func(&self, store: &impl AsStore, name: &str) -> Option<Func> {
        todo!()
    }
    pub fn exports(&self, store: &impl AsStore) -> Vec<(String, Extern)> {
        todo!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern {
    Func(Func),
    Table(Table),
    Memory(Memory),
    Global(Global),
    Tag(Tag),
}
impl Extern {
    pub fn ty(&self, store: &impl AsStore) -> ExternType {
        todo!()
    }
}
impl From<Func> for Extern {
    fn from(x: Func) -> Self {
        Self::Func(x)
    }
}
impl From<Table> for Extern {
    fn from(x: Table) -> Self {
        Self::Table(x)
    }
}
impl From<Memory> for Extern {
    fn from(x: Memory) -> Self {
        Self::Memory(x)
    }
}
impl From<Global> for Extern {
    fn from(x: Global) -> Self {
        Self::Global(x)
    }
}
impl From<Tag> for Extern {
    fn from(x: Tag) -> Self {
        Self::Tag(x)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Func(u32);
impl Func {
    pub fn new<T: 'static>(
        store: &mut Store<T>,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        todo!()
    }
    pub fn ty(&self, store: &impl AsStore) -> FuncType {
        todo!()
    }
    pub fn call(&self, store: &mut impl AsStoreMut, args: &[Val]) -> Result<Vec<Val>, Error> {
        todo!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Global(u32);
impl Global {
    pub fn new(store: &mut impl AsStoreMut, ty: GlobalType, value: Val) -> Result<Self, Error> {
        todo!()
    }
    pub fn ty(&self, store: &impl AsStore) -> GlobalType {
        todo!()
    }
    pub fn get(&self, store: &mut impl AsStoreMut) -> Result<Val, Error> {
        todo!()
    }
    pub fn set(&self, store: &mut impl AsStoreMut, value: Val) -> Result<(), Error> {
        todo!()
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table(u32);
impl Table {
    pub fn new(store: &mut impl AsStoreMut, ty: TableType, init: Val) -> Result<Self, Error> {
        todo!()
    }
    pub fn ty(&self, store: &impl AsStore) -> TableType {
        todo!()
    }
    pub fn size(&self, store: &impl AsStore) -> u64 {
        todo!()
    }
    pub fn get(&self, store: &mut impl AsStoreMut, index: u64) -> Result<Val, Error> {
        todo!()
    }
    pub fn set(&self, store: &mut impl AsStoreMut, index: u64, value: Val) -> Result<(), Error> {
        todo!()
    }
    /// The old size, or none where it may not grow that far.
    pub fn grow(
        &self,
        store: &mut impl AsStoreMut,
        by: u64,
        init: Val,
    ) -> Result<Option<u64>, Error> {
        todo!()
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u32);
impl Memory {
    pub fn new(store: &mut impl AsStoreMut, ty: MemoryType) -> Result<Self, Error> {
        todo!()
    }
    pub fn ty(&self, store: &impl AsStore) -> MemoryType {
        todo!()
    }
    /// Pages of 64 KiB.
    pub fn size(&self, store: &impl AsStore) -> u64 {
        todo!()
    }
    pub fn grow(&self, store: &mut impl AsStoreMut, pages: u64) -> Result<Option<u64>, Error> {
        todo!()
    }
    pub fn read(&self, store: &impl AsStore, at: u64, into: &mut [u8]) -> Result<(), Error> {
        todo!()
    }
    pub fn write(&self, store: &mut impl AsStoreMut, at: u64, from: &[u8]) -> Result<(), Error> {
        todo!()
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);
impl Tag {
    pub fn new(store: &mut impl AsStoreMut, ty: FuncType) -> Result<Self, Error> {
        todo!()
    }
    pub fn ty(&self, store: &impl AsStore) -> FuncType {
        todo!()
    }
}

impl HeapHandle {
    /// A new external object with this payload.
    pub fn new_host(store: &mut impl AsStoreMut, payload: u64) -> Result<Self, Error> {
        todo!()
    }
    /// The payload of an object made by [`HeapHandle::new_host`].
    pub fn host_value(&self, store: &impl AsStore) -> Option<u64> {
        todo!()
    }
    pub fn kind(&self, store: &impl AsStore) -> Result<HandleKind, Error> {
        todo!()
    }
}
