//! Checks of what refers to objects without keeping them, with zeal and wherever the
//! heap is verified.

use crate::error::Error;
use crate::store::StoreInner;
use mangrove_abi::HeapRef;
use mangrove_abi::object::{HOST_PAYLOAD, TYPE_HOST};

impl StoreInner {
    /// Checks, after a collection, that weak handles, what is watched and the embedder's
    /// values refer to objects, none of them young; and that each object that stands for
    /// a value has one of its own.
    ///
    /// # Errors
    /// The first fault found.
    pub(crate) fn verify_weak(&self) -> Result<(), Error> {
        if self.weak.len() == 0 && self.host_values.len() == 0 {
            return Ok(());
        }
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_ref() };
        let starts = self.heap.starts(ctx).map_err(Error::internal)?;
        let check = |object: HeapRef, old: bool, what: &str| {
            let sound = starts.contains(object) && old && !ctx.is_young(object);
            sound.then_some(()).ok_or_else(|| {
                let offset = object.0;
                Error::internal(format!(
                    "after the collection: {what} refers to {offset:#x}, which is no old object"
                ))
            })
        };
        for (object, old) in self.weak.all_objects() {
            check(object, old, "a weak handle or a watch")?;
        }
        for (object, payload, old) in self.host_values.objects() {
            check(object, old, "a value of the embedder")?;
            // SAFETY: an object of this heap starts there.
            let (ty, found) = unsafe {
                let ty = self.heap.type_of(object);
                let is_host = ty == TYPE_HOST;
                let payload: Option<u64> = is_host.then(|| self.heap.read(object, HOST_PAYLOAD));
                (ty, payload)
            };
            if found != Some(payload) {
                return Err(Error::internal(format!(
                    "after the collection: value {payload} of the embedder has an object of \
                     type {ty} for {found:?}"
                )));
            }
        }
        let mut objects = 0;
        let counted = self.heap.walk(ctx, |_, type_id, _| {
            objects += usize::from(type_id == TYPE_HOST);
        });
        counted.map_err(Error::internal)?;
        match self.host_values.len() {
            values if values == objects => Ok(()),
            values => Err(Error::internal(format!(
                "after the collection: {objects} objects for {values} values of the embedder"
            ))),
        }
    }
}
