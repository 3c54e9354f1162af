//! Instances: what compiled code sees of one, and what the runtime keeps.

use crate::elements::ElementValues;
use crate::module::ModuleImage;
use mangrove_abi::{Defect, FuncIndex, FuncRef, InstanceContext, StoreContext};
use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

/// What the runtime keeps of an instance. `InstanceContext::owner` is its address.
pub struct InstanceData {
    /// Number in its store.
    pub index: u32,
    /// What it is an instance of.
    pub module: Arc<ModuleImage>,
    context: NonNull<InstanceContext>,
    layout: Layout,
    /// Numbers in the store of its globals, imports first.
    pub globals: Numbers,
    /// The same for tables.
    pub tables: Numbers,
    /// The same for memories.
    pub memories: Numbers,
    /// The same for tags.
    pub tags: Numbers,
    /// Element segments that may still be used. Borrowed for the moment only: a
    /// collection changes those of every instance.
    pub elements: RefCell<Vec<ElementValues>>,
    /// Data segments that may not be used any more.
    pub dropped_data: Box<[Cell<bool>]>,
}

/// Numbers in the store, by index in the instance. More are added while the instance is
/// made, none later.
#[derive(Debug, Default)]
pub struct Numbers(RefCell<Vec<u32>>);

impl Numbers {
    /// The number at an index.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn at(&self, index: u32) -> u32 {
        self.0.borrow()[index as usize]
    }

    /// Adds one.
    pub fn push(&self, number: u32) {
        self.0.borrow_mut().push(number);
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.0.borrow().len() as u32
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).map(|index| self.at(index))
    }
}

/// An instance of a store. Any number of these may be about, and all give shared access
/// only: what changes in an instance is in cells.
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
        // has one of these; only the thread that uses the store borrows them, and
        // nobody borrows one exclusively.
        unsafe { self.0.as_ref() }
    }
}

impl InstanceData {
    /// An instance whose context is still all zero, but for the header: the context
    /// and the heap of its store.
    pub fn allocate(
        store: *mut StoreContext,
        heap_base: *mut u8,
        module: &Arc<ModuleImage>,
        index: u32,
    ) -> InstancePtr {
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
            globals: Numbers::default(),
            tables: Numbers::default(),
            memories: Numbers::default(),
            tags: Numbers::default(),
            elements: RefCell::default(),
            dropped_data: module
                .parsed()
                .data
                .iter()
                .map(|_| Cell::new(false))
                .collect(),
        }));
        let data = NonNull::from(data);
        // SAFETY: the caller's store has a context.
        let stale = index > 0 && unsafe { (*store).has(Defect::StaleHeapBase) };
        let header = InstanceContext {
            store,
            heap_base: heap_base.wrapping_add(usize::from(stale) << 16),
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
    pub fn func_ref(&self, function: FuncIndex) -> NonNull<FuncRef> {
        assert!(
            function.index() < self.module.parsed().functions.len(),
            "function {function} of a module with fewer"
        );
        let layout = self.module.layout();
        let imported = layout.counts().imported_funcs;
        // SAFETY: the layout has an entry for each function of the module; those of
        // imports hold such addresses.
        let address: *mut FuncRef = unsafe {
            match function.as_u32().checked_sub(imported) {
                Some(defined) => self.at(layout.defined_func(defined)),
                None => self
                    .at::<*mut FuncRef>(layout.imported_func(function))
                    .read(),
            }
        };
        NonNull::new(address).expect("instantiation fills in the functions")
    }
}
