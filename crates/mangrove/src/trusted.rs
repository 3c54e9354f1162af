//! Where machine code is taken at its word: what the compiler has made just now, and
//! what somebody vouches for. With `access`, the only file of this crate with unsafe code.

#![allow(unsafe_code)]

use crate::compiled;
use crate::engine::Engine;
use crate::module::{Module, compile_error, invalid};
use mangrove_compile as compile;
use mangrove_runtime::{CompiledError, EngineCore, Error, ModuleImage, Plan, Settings};

impl Engine {
    /// An engine's core, which compiles the trampolines of host functions with these
    /// options. They are for this plan.
    pub(crate) fn make_core(
        settings: Settings,
        plan: Plan,
        options: compile::Options,
    ) -> Result<EngineCore, Error> {
        let compile_host = move |params: &[_], results: &[_], code| {
            compile::compile_host_signature(params, results, code, &options)
                .map_err(Error::internal)
        };
        // SAFETY: that is the compiler, whose options say what the plan says.
        unsafe { EngineCore::new(settings, plan, Box::new(compile_host)) }
    }
}

impl Module {
    /// Compiles a module that is valid and admitted.
    pub(crate) fn compile(
        engine: &Engine,
        parsed: mangrove_validate::ParsedModule,
    ) -> Result<Self, Error> {
        let image = compile::compile(&parsed, &engine.compile_options()).map_err(compile_error)?;
        // SAFETY: the image was made from the module just now, for this engine.
        let image = unsafe { ModuleImage::assemble(engine.core(), parsed, image)? };
        Ok(Self::of(engine, image))
    }

    /// A module from what [`Module::serialize`] gave, in this process or an
    /// earlier one, for an engine that would compile the same code. Function
    /// bodies are neither validated nor compiled.
    ///
    /// # Safety
    /// The bytes hold machine code, which will run with all rights of this
    /// process. A checksum finds damage, but it is no signature: the caller
    /// vouches that the bytes come from [`Module::serialize`] of this version of
    /// the crate and that nobody had an opportunity to put others in their place.
    ///
    /// # Errors
    /// The bytes are damaged, cut off, of another version or build, for another
    /// configuration or another machine, or no compiled module at all.
    pub unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let (wasm, image) = compiled::read(engine, bytes)?;
        let parsed = mangrove_validate::ParsedModule::parse_sections(wasm, engine.language())
            .map_err(invalid)?;
        if image.defined.len() != parsed.bodies.len() || image.entries.len() != parsed.types.len() {
            return Err(CompiledError::Malformed.into());
        }
        // SAFETY: the caller vouches for the bytes, whose head says that they were made for
        // such an engine.
        let image = unsafe { ModuleImage::assemble(engine.core(), parsed, image)? };
        Ok(Self::of(engine, image))
    }
}
