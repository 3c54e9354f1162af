//! A program holds values of the host without knowing what they are, and the collector
//! drops them when the program has let go of them.
//!
//! Run with `cargo run -p mangrove --example externref`.

use mangrove::{
    AbstractHeap, Config, Engine, Error, ExternRef, FuncType, HeapType, Linker, Module, RefType,
    Store, Val, ValType,
};

/// Opens a few files and keeps one.
const PROGRAM: &[u8] = br#"(module
    (import "files" "open" (func $open (param i32) (result externref)))
    (import "files" "size" (func $size (param externref) (result i64)))
    (global $kept (mut externref) (ref.null extern))
    (func (export "run") (result i64)
        (global.set $kept (call $open (i32.const 1)))
        (i64.add (call $size (call $open (i32.const 2))) (call $size (global.get $kept)))))"#;

/// What is open as long as somebody has it.
struct File {
    number: i32,
}

impl Drop for File {
    fn drop(&mut self) {
        println!("file {} is closed", self.number);
    }
}

/// Runs the example.
///
/// # Errors
/// None is expected.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let reference = ValType::Ref(RefType {
        nullable: true,
        heap: HeapType::Abstract(AbstractHeap::Extern),
    });
    let func = |params: &[ValType], results: &[ValType]| FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    let mut linker = Linker::<()>::new(&engine);
    let open = func(&[ValType::I32], &[reference]);
    linker.func("files", "open", open, |mut caller, args, results| {
        let number = args[0].as_i32().expect("an i32");
        results[0] = ExternRef::new(&mut caller, File { number })?.into();
        Ok(())
    })?;
    let size = func(&[reference], &[ValType::I64]);
    linker.func("files", "size", size, |caller, args, results| {
        let Val::Extern(Some(handle)) = &args[0] else {
            return Err(Error::host("no file"));
        };
        let file = ExternRef::convert_any(&caller, handle)?;
        let file = file.data(&caller)?.and_then(|data| data.downcast_ref());
        let File { number } = file.ok_or_else(|| Error::host("not a file"))?;
        results[0] = Val::I64(1000 * i64::from(*number));
        Ok(())
    })?;

    let module = Module::new(&engine, PROGRAM)?;
    let mut store = Store::new(&engine, ())?;
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.func(&store, "run").expect("it is exported");
    println!("{} bytes", run.call(&mut store, &[])?[0]);
    println!("collecting");
    store.gc()?;
    println!("the end");
    Ok(())
}
