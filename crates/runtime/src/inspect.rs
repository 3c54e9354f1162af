//! What can be asked of a store, and told to nobody but who asked.

use crate::engine::EngineCore;
use crate::id::StoreId;
use crate::module::ModuleImage;
use crate::store::StoreInner;
use mangrove_abi::Requests;
use mangrove_collector::ModuleId;
use mangrove_continuation::RegistryReport;
use std::any::Any;

impl StoreInner {
    /// Its number.
    pub fn id(&self) -> StoreId {
        self.id
    }

    /// Its engine.
    pub fn engine(&self) -> &EngineCore {
        &self.engine
    }

    /// What the API keeps with the store.
    pub fn face(&self) -> &(dyn Any + Send) {
        &*self.face
    }

    /// The same, to change it.
    pub fn face_mut(&mut self) -> &mut (dyn Any + Send) {
        &mut *self.face
    }

    /// How many collections there were.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    /// How many of them were minor.
    pub fn minor_collections(&self) -> u64 {
        self.minor_collections
    }

    /// Continuations that live, initial ones of calls from the host left out. Each
    /// call has one on its chain, and only those are on a chain for good.
    pub fn live_continuations(&self) -> u64 {
        let calls = self.registry.calls();
        self.live_records() - calls as u64
    }

    /// Bytes objects take, those not collected yet included.
    pub fn heap_bytes(&self) -> u64 {
        // SAFETY: the context is ours, and no compiled code runs.
        self.heap.used(unsafe { self.ctx.as_ref() })
    }

    /// Counts of the registry of continuations.
    pub fn registry_report(&self) -> RegistryReport {
        // SAFETY: as above.
        self.registry.report(unsafe { self.ctx.as_ref() })
    }

    /// Who counts the engine's requests to the system.
    pub fn requests(&self) -> &Requests {
        self.registry.requests()
    }

    /// The module with this number, if there is an instance of it.
    pub(crate) fn module(&self, id: ModuleId) -> Option<&ModuleImage> {
        let mut modules = self.instances.iter().map(|instance| &*instance.module);
        modules.find(|known| known.id() == id)
    }
}
