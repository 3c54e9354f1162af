//! Where machine code is taken at its word: what the compiler has made just now, and
//! what somebody vouches for. With `access`, the only file of this crate with unsafe code.

#![allow(unsafe_code)]

use crate::compiled::{self, Parts};
use crate::engine::Engine;
use crate::input::read_file;
use crate::module::{Module, compile_error, invalid};
use crate::stop::places_in;
use mangrove_compile as compile;
use mangrove_runtime::{CompiledError, EngineCore, Error, MappedFile, ModuleImage, Plan, Settings};
use std::fs::File;
use std::path::Path;

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
        let places = places_in(&parsed, &engine.config().hook_places);
        let image = compile::compile_with(&parsed, &engine.compile_options(), &places);
        let image = image.map_err(compile_error)?;
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
        let Parts { wasm, text, image } = compiled::read(engine, bytes)?;
        let wasm = wasm.to_vec();
        let parsed = mangrove_validate::ParsedModule::parse_sections(wasm, engine.language())
            .map_err(invalid)?;
        if image.defined.len() != parsed.bodies.len() || image.entries.len() != parsed.types.len() {
            return Err(CompiledError::Malformed.into());
        }
        // SAFETY: the caller vouches for the bytes, whose head says that they were made for
        // such an engine.
        let image = unsafe { ModuleImage::assemble_apart(engine.core(), parsed, image, text)? };
        Ok(Self::of(engine, image))
    }

    /// The same from a file with what [`Module::serialize`] gave. The file is mapped and
    /// not read: its machine code is copied once, to where it runs, and its Wasm bytes
    /// once, to where the module keeps them. Nothing of the mapping stays.
    ///
    /// # Safety
    /// As [`Module::deserialize`]; and nobody writes to the file, or cuts it off, before
    /// this returns.
    ///
    /// # Errors
    /// As [`Module::deserialize`], and those of [`read_file`](crate::read_file).
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new(&Config::new())?;
    /// let path = std::env::temp_dir().join(format!("doc-{}.mgv", std::process::id()));
    /// std::fs::write(&path, engine.precompile_module(b"(module (func (export \"f\")))")?)?;
    /// // SAFETY: written by this program just now, to a file that nobody else knows.
    /// let module = unsafe { Module::deserialize_file(&engine, &path)? };
    /// assert_eq!(module.exports().len(), 1);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn deserialize_file(engine: &Engine, path: &Path) -> Result<Self, Error> {
        let mapped = File::open(path).and_then(|file| MappedFile::new(&file));
        match mapped {
            // SAFETY: by contract, for both.
            Ok(file) => unsafe { Self::deserialize(engine, file.bytes()) },
            // What cannot be mapped, such as a pipe, can be read, or says why not.
            // SAFETY: by contract.
            Err(_) => unsafe { Self::deserialize(engine, &read_file(path)?) },
        }
    }
}
