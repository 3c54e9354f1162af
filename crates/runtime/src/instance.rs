//! Instances: what compiled code sees of one, and what the runtime keeps.

use crate::error::Error;
use crate::func::Func;
use crate::global::{Global, Tag};
use crate::memory::Memory;
use crate::module::{ExternType, Module};
use crate::store::{AsStore, StoreId, StoreInner, inner};
use crate::table::Table;
use mangrove_abi::{ContRef, FuncRef, InstanceContext, TransferSlot};
use mangrove_validate::{EntityIndex, EntityType};
use std::alloc::{self, Layout};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Something that can be imported and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
    /// A tag.
    Tag(Tag),
}

macro_rules! extern_from {
    ($($name:ident)*) => {
        $(impl From<$name> for Extern {
            fn from(item: $name) -> Self {
                Self::$name(item)
            }
        })*
    };
}

extern_from!(Func Table Memory Global Tag);

impl Extern {
    fn store(self) -> StoreId {
        match self {
            Self::Func(item) => item.store,
            Self::Table(item) => item.store,
            Self::Memory(item) => item.store,
            Self::Global(item) => item.store,
            Self::Tag(item) => item.store,
        }
    }

    /// Its type; the minimum of a table or memory is its present size.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> ExternType {
        let store = inner(store);
        let entity = store.entity_type(*self).expect("something of this store");
        ExternType::from_entity(&store.engine, entity)
    }
}

impl StoreInner {
    /// The type of something of this store, in canonical form.
    pub(crate) fn entity_type(&self, item: Extern) -> Result<EntityType, Error> {
        self.check_same_store(item.store(), "import or export")?;
        Ok(match item {
            Extern::Func(func) => EntityType::Func(func.type_id()),
            Extern::Table(table) => {
                EntityType::Table(self.tables[table.index as usize].current_type())
            }
            Extern::Memory(memory) => {
                EntityType::Memory(self.memories[memory.index as usize].current_type())
            }
            Extern::Global(global) => EntityType::Global(self.globals[global.index as usize].ty),
            Extern::Tag(tag) => EntityType::Tag(self.tag_type(tag.index)),
        })
    }
}

/// The items of an element segment.
#[derive(Clone, Debug)]
pub enum ElementValues {
    /// Heap references: roots.
    Heap(Vec<u32>),
    /// Addresses of `FuncRef`s.
    Func(Vec<u64>),
    /// Continuations: roots. No constant expression makes one, but a global that
    /// is imported may hold one.
    Cont(Vec<ContRef>),
}

impl ElementValues {
    /// No items: what is left of a dropped segment.
    pub const DROPPED: Self = Self::Func(Vec::new());

    /// How many items.
    pub fn len(&self) -> u64 {
        match self {
            Self::Heap(items) => items.len() as u64,
            Self::Func(items) => items.len() as u64,
            Self::Cont(items) => items.len() as u64,
        }
    }

    /// An item.
    ///
    /// # Panics
    /// If there is no such item.
    pub fn get(&self, index: usize) -> TransferSlot {
        match self {
            Self::Heap(items) => TransferSlot::from_u64(u64::from(items[index])),
            Self::Func(items) => TransferSlot::from_u64(items[index]),
            Self::Cont(items) => TransferSlot::from_cont(items[index]),
        }
    }
}

/// What the runtime keeps of an instance. `InstanceContext::owner` is its address.
pub struct InstanceData {
    /// Number in its store.
    pub index: u32,
    /// What it is an instance of.
    pub module: Module,
    context: NonNull<InstanceContext>,
    layout: Layout,
    /// Numbers in the store of its globals, imports first.
    pub globals: Vec<u32>,
    /// The same for tables.
    pub tables: Vec<u32>,
    /// The same for memories.
    pub memories: Vec<u32>,
    /// The same for tags.
    pub tags: Vec<u32>,
    /// Element segments that may still be used.
    pub elements: Vec<ElementValues>,
    /// Data segments that may not be used any more.
    pub dropped_data: Vec<bool>,
}

/// An instance of a store. What is borrowed through it is borrowed for the
/// moment only: a collection looks at every instance, and code that evaluates
/// expressions or serves libcalls may collect.
#[derive(Clone, Copy)]
pub struct InstancePtr(NonNull<InstanceData>);

impl InstancePtr {
    /// # Safety
    /// `owner` is [`InstanceContext::owner`] of an instance of a store that
    /// outlives the result.
    pub unsafe fn from_owner(owner: u64) -> Self {
        let data = std::ptr::with_exposed_provenance_mut(owner as usize);
        // SAFETY: by contract it is the address of an instance.
        Self(unsafe { NonNull::new_unchecked(data) })
    }

    /// Gives an instance's memory back.
    ///
    /// # Safety
    /// Nobody refers to it any more.
    pub unsafe fn free(self) {
        // SAFETY: the caller's contract; `InstanceData::allocate` leaked the one and
        // allocated the other.
        unsafe {
            let data = Box::from_raw(self.0.as_ptr());
            alloc::dealloc(data.context.as_ptr().cast(), data.layout);
        }
    }
}

impl Deref for InstancePtr {
    type Target = InstanceData;

    fn deref(&self) -> &InstanceData {
        // SAFETY: instances live as long as their store, without which nobody
        // has one of these; only the thread that uses the store borrows them.
        unsafe { self.0.as_ref() }
    }
}

impl DerefMut for InstancePtr {
    fn deref_mut(&mut self) -> &mut InstanceData {
        // SAFETY: as above; no borrow lasts over a point at which another may begin.
        unsafe { self.0.as_mut() }
    }
}

impl InstanceData {
    /// An instance whose context is still all zero, but for the header.
    pub fn allocate(store: &StoreInner, module: &Module, index: u32) -> InstancePtr {
        let size = module.context_size() as usize;
        let layout = Layout::from_size_align(size, 64).expect("a context fits the address space");
        // SAFETY: the layout has the size of a header at least.
        let context = unsafe { alloc::alloc_zeroed(layout) }.cast::<InstanceContext>();
        let Some(context) = NonNull::new(context) else {
            alloc::handle_alloc_error(layout)
        };
        let data = Box::leak(Box::new(Self {
            index,
            module: module.clone(),
            context,
            layout,
            globals: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            tags: Vec::new(),
            elements: Vec::new(),
            dropped_data: vec![false; module.parsed().data.len()],
        }));
        let data = NonNull::from(data);
        let header = InstanceContext {
            store: store.ctx.as_ptr(),
            heap_base: store.heap.base(),
            owner: data.as_ptr().expose_provenance() as u64,
            index: u64::from(index),
        };
        // SAFETY: just allocated, and aligned.
        unsafe { context.write(header) };
        InstancePtr(data)
    }

    /// Its context.
    pub fn context(&self) -> *mut InstanceContext {
        self.context.as_ptr()
    }

    /// Address of the part of its context at an offset of its layout.
    ///
    /// # Safety
    /// The offset is one that the module's layout gives, for a `T`.
    pub unsafe fn at<T>(&self, offset: i32) -> *mut T {
        debug_assert!(offset as usize + size_of::<T>() <= self.layout.size());
        // SAFETY: by contract it is within the context.
        unsafe {
            self.context
                .as_ptr()
                .cast::<u8>()
                .add(offset as usize)
                .cast()
        }
    }

    /// The address of one of its functions.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn func_ref(&self, function: u32) -> NonNull<FuncRef> {
        assert!(
            (function as usize) < self.module.parsed().functions.len(),
            "function {function} of a module with fewer"
        );
        let layout = self.module.layout();
        let imported = layout.counts().imported_funcs;
        // SAFETY: the layout has an entry for each function of the module; those of
        // imports hold such addresses.
        let address: *mut FuncRef = unsafe {
            match function.checked_sub(imported) {
                Some(defined) => self.at(layout.defined_func(defined)),
                None => self
                    .at::<*mut FuncRef>(layout.imported_func(function))
                    .read(),
            }
        };
        NonNull::new(address).expect("instantiation fills in the functions")
    }

    /// What an index of its index spaces stands for.
    pub fn extern_at(&self, store: StoreId, index: EntityIndex) -> Extern {
        match index {
            EntityIndex::Func(index) => Func::new_ref(store, self.func_ref(index)).into(),
            EntityIndex::Table(index) => Table {
                store,
                index: self.tables[index as usize],
            }
            .into(),
            EntityIndex::Memory(index) => Memory {
                store,
                index: self.memories[index as usize],
            }
            .into(),
            EntityIndex::Global(index) => Global {
                store,
                index: self.globals[index as usize],
            }
            .into(),
            EntityIndex::Tag(index) => Tag {
                store,
                index: self.tags[index as usize],
            }
            .into(),
        }
    }
}

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    pub(crate) store: StoreId,
    pub(crate) index: u32,
}

impl Instance {
    /// # Panics
    /// If it is of another store.
    fn data<S: AsStore>(self, store: &S) -> &InstanceData {
        let store = inner(store);
        store
            .check_same_store(self.store, "instance")
            .expect("an instance of this store");
        &store.instances[self.index as usize]
    }

    /// What it is an instance of.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn module<'s>(&self, store: &'s impl AsStore) -> &'s Module {
        &self.data(store).module
    }

    /// What it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn export(&self, store: &impl AsStore, name: &str) -> Option<Extern> {
        let data = self.data(store);
        let export = data.module.parsed().export(name)?;
        Some(data.extern_at(self.store, export.index))
    }

    /// The function it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn func(&self, store: &impl AsStore, name: &str) -> Option<Func> {
        match self.export(store, name)? {
            Extern::Func(func) => Some(func),
            _ => None,
        }
    }

    /// All it exports, in the module's order.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn exports(&self, store: &impl AsStore) -> Vec<(String, Extern)> {
        let data = self.data(store);
        let exports = data.module.parsed().exports.iter();
        exports
            .map(|export| {
                (
                    export.name.clone(),
                    data.extern_at(self.store, export.index),
                )
            })
            .collect()
    }
}
