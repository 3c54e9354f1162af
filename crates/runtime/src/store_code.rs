//! The code that a store can run, by address.

use crate::code::LoadedCode;
use mangrove_abi::{CodeImage, CodeOffset};
use mangrove_collector::ModuleId;
use std::sync::Arc;

/// The code this store can run, by address.
#[derive(Default)]
pub(crate) struct StoreCode {
    /// In ascending order of addresses.
    images: Vec<(Arc<LoadedCode>, ModuleId)>,
}

impl StoreCode {
    pub(crate) fn add(&mut self, code: &Arc<LoadedCode>, module: ModuleId) {
        let at = self
            .images
            .partition_point(|(known, _)| known.base() < code.base());
        if self
            .images
            .get(at)
            .is_none_or(|(known, _)| known.base() != code.base())
        {
            self.images.insert(at, (code.clone(), module));
        }
    }

    pub(crate) fn find(&self, pc: u64) -> Option<(&Arc<LoadedCode>, CodeOffset, ModuleId)> {
        let at = self
            .images
            .partition_point(|(code, _)| code.base() <= pc)
            .checked_sub(1)?;
        let (code, module) = &self.images[at];
        Some((code, code.offset_of(pc)?, *module))
    }
}

// SAFETY: images are loaded with the sites the compiler wrote down for their text,
// and stay in executable memory for as long as this store owns them.
unsafe impl mangrove_collector::Code for StoreCode {
    fn image_at(&self, pc: u64) -> Option<(&CodeImage, CodeOffset, ModuleId)> {
        let (code, offset, module) = self.find(pc)?;
        Some((&code.image, offset, module))
    }
}

/// Number of modules that stand for trampolines of host functions.
pub(crate) const HOST_MODULE: ModuleId = ModuleId(u32::MAX);
