//! What can be asked of a store, and told to nobody but who asked.

use crate::engine::EngineCore;
use crate::id::StoreId;
use crate::module::ModuleImage;
use crate::store::StoreInner;
use mangrove_abi::Request;
use mangrove_collector::ModuleId;
use mangrove_continuation::RegistryReport;
use std::any::Any;
use std::sync::Arc;

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

    /// Continuations that live, initial ones of calls from the host left out. Each
    /// call has one on its chain, and only those are on a chain for good.
    pub fn live_continuations(&self) -> u64 {
        let calls = self.activations.iter().filter(|a| a.is_call).count();
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

    /// How many requests of a kind were made to the system so far.
    pub fn requests(&self, request: Request) -> u64 {
        self.registry.requests(request)
    }

    /// The module an instance is of, by its number.
    pub fn module_of(&self, instance: u64) -> Option<&Arc<ModuleImage>> {
        let instance = self.instances.get(usize::try_from(instance).ok()?)?;
        Some(&instance.module)
    }

    /// The module with this number, if there is an instance of it.
    pub fn module(&self, id: ModuleId) -> Option<&Arc<ModuleImage>> {
        let mut modules = self.instances.iter().map(|instance| &instance.module);
        modules.find(|known| known.id() == id)
    }

    /// The name of a host function, by its number; none if it has none.
    pub fn host_name(&self, index: u32) -> Option<&str> {
        let host = self.host_funcs.get(index as usize)?;
        // SAFETY: host functions live as long as their store.
        let name = unsafe { host.as_ref().body.name.as_str() };
        (!name.is_empty()).then_some(name)
    }
}
