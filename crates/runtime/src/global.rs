//! Globals and tags.

use crate::error::Error;
use crate::handle::{Global, Tag};
use crate::id::Origin;
use crate::store::{AsStore, AsStoreMut, GlobalEntry, StoreInner, TagEntry, inner, inner_mut};
use crate::value::Val;
use mangrove_abi::{
    Defect, GlobalCell, HeapRef, Logged, Noted, SlotKind, StoreContext, TagDef, TransferSlot,
    TypeId,
};
use mangrove_validate::{FuncType, GlobalType};
use std::ptr::NonNull;

impl Global {
    fn entry(self, store: &StoreInner) -> Result<&GlobalEntry, Error> {
        store.check_same_store(self.store, "global")?;
        Ok(&store.globals[self.index as usize])
    }

    /// A global with this value.
    ///
    /// # Errors
    /// The value is not of the type, or the engine does not have that type.
    pub fn new(store: &mut impl AsStoreMut, ty: GlobalType, value: Val) -> Result<Self, Error> {
        let store = inner_mut(store);
        store.keep_type(ty.content)?;
        let slot = store.lower(&value, ty.content)?;
        let origin = Origin {
            instance: None,
            index: store.globals.len() as u32,
        };
        // SAFETY: the value is of that type.
        unsafe { store.add_global(ty, slot, origin) };
        Ok(Self {
            store: store.id,
            index: origin.index,
        })
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> GlobalType {
        self.entry(inner(store)).expect("a global of this store").ty
    }

    /// Its value.
    ///
    /// # Errors
    /// It is of another store.
    pub fn get(&self, store: &mut impl AsStoreMut) -> Result<Val, Error> {
        let store = inner_mut(store);
        let entry = self.entry(store)?;
        let kind = entry.kind;
        // SAFETY: the cell is this store's.
        let slot = unsafe { entry.cell.as_ref().value };
        // SAFETY: the cell holds a value of that kind.
        Ok(unsafe { store.lift(slot, kind) })
    }

    /// Assigns to it.
    ///
    /// # Errors
    /// It is not mutable, or the value is not of its type.
    pub fn set(&self, store: &mut impl AsStoreMut, value: Val) -> Result<(), Error> {
        let store = inner_mut(store);
        let ty = self.entry(store)?.ty;
        if !ty.mutable {
            return Err(Error::usage("an immutable global was set"));
        }
        let slot = store.lower(&value, ty.content)?;
        // SAFETY: the value is of the global's type, and no compiled code runs.
        unsafe {
            let ctx = store.ctx.as_mut();
            store.globals[self.index as usize].assign(ctx, slot);
        }
        Ok(())
    }
}

impl Tag {
    /// A tag for values of `ty.params` (and, when suspended with, `ty.results`
    /// on the way back).
    ///
    /// # Errors
    /// Those of `Engine::func_type_id`, and [`Error::Resource`] if address space
    /// or memory for its type is not to be had.
    pub fn new(store: &mut impl AsStoreMut, ty: FuncType) -> Result<Self, Error> {
        let store = inner_mut(store);
        let type_id = store.types.func(&ty)?;
        store.add_tag(type_id)
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> FuncType {
        let store = inner(store);
        store
            .check_same_store(self.store, "tag")
            .expect("a tag of this store");
        let id = store.tag_type(self.index);
        store
            .engine
            .func_type(id)
            .expect("a tag has a function type")
    }
}

impl GlobalEntry {
    /// Writes the cell: the runtime's one way to do so, as `global.set` is the
    /// compiler's.
    ///
    /// # Safety
    /// The value is of the global's type, and no compiled code runs.
    unsafe fn assign(&mut self, ctx: &mut StoreContext, value: TransferSlot) {
        let at = self.cell.as_ptr();
        // SAFETY: the cell is the store's that has this entry, and nobody else's
        // by contract.
        unsafe {
            (*at).value = value;
            let heap = self.kind.slot_kind() == Some(SlotKind::Ref);
            let young = heap && ctx.is_young(HeapRef(value.words[0] as u32));
            let unnoted = Defect::Unnoted(Noted::AssignedGlobal);
            if young && (*at).listed == 0 && !unnoted.is_in(ctx.defect) {
                (*at).listed = 1;
                ctx.log(Logged::Global(at));
            }
        }
    }
}

impl StoreInner {
    /// Adds a global and returns its number.
    ///
    /// # Safety
    /// The value is of that type.
    pub(crate) unsafe fn add_global(
        &mut self,
        ty: GlobalType,
        value: TransferSlot,
        origin: Origin,
    ) -> u32 {
        let cell = NonNull::from(Box::leak(Box::new(GlobalCell::default())));
        let kind = self.engine.kind_of(ty.content);
        let mut global = GlobalEntry {
            cell,
            ty,
            kind,
            origin,
        };
        // SAFETY: by contract; the context is ours, and no compiled code runs.
        unsafe { global.assign(self.ctx.as_mut(), value) };
        self.globals.push(global);
        self.globals.len() as u32 - 1
    }

    /// Adds a tag.
    pub(crate) fn add_tag(&mut self, type_id: TypeId) -> Result<Tag, Error> {
        // Exceptions may have the number from now on.
        self.types.keep(type_id)?;
        let exn_type = self.engine.exception_type(type_id)?;
        let index = self.tags.len() as u32;
        let def = NonNull::from(Box::leak(Box::new(TagDef::new(type_id, exn_type, index))));
        self.tags.push(TagEntry { def });
        Ok(Tag {
            store: self.id,
            index,
        })
    }

    /// Canonical type of a tag.
    pub(crate) fn tag_type(&self, index: u32) -> TypeId {
        // SAFETY: the tag is this store's.
        unsafe { self.tags[index as usize].def.as_ref().type_id }
    }
}
