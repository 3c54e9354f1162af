//! Whom host functions are called by, and how functions of the host are made for a store.

use crate::access::{Caller, Store, TypedBody};
use crate::instance::Instance;
use crate::wrap::IntoFunc;
use mangrove_runtime::{Error, Extern, Func, HostAnswer, HostStore, Val, WrapStore, inner};
use mangrove_validate::FuncType;

impl<T> Caller<'_, T> {
    /// The instance whose code called. None if no Wasm code did: the host called the function,
    /// or it is that of a continuation.
    ///
    /// Where the code that called may have done so by a tail call, its frame is gone, and there
    /// is an answer only where it is certain: if the store has one instance whose code makes
    /// tail calls; for a call by a reference, if the store has none of another module. (Which
    /// instance of its module makes the tail call is not looked at then.)
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Caller, Config, Engine, Error, Linker, Module, Store};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "host" "log" (func $log (param i32 i32)))
    ///     (memory (export "memory") 1) (data (i32.const 8) "hello")
    ///     (func $main (call $log (i32.const 8) (i32.const 5))) (start $main))"#;
    /// let module = Module::new(&engine, text)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.func_wrap("host", "log", |mut caller: Caller<'_, String>, at: u32, len: u32| {
    ///     let memory = caller.get_export("memory").and_then(|item| item.into_memory());
    ///     let memory = memory.ok_or("the caller exports no memory")?;
    ///     let bytes = memory.data(&caller).get(at as usize..).and_then(|b| b.get(..len as usize));
    ///     let text = String::from_utf8_lossy(bytes.ok_or("out of bounds")?).into_owned();
    ///     *caller.data_mut() = text;
    ///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    /// })?;
    /// let mut store = Store::new(&engine, String::new())?;
    /// // The start function calls while the instance is made.
    /// linker.instantiate(&mut store, &module)?;
    /// assert_eq!(store.data(), "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn instance(&self) -> Option<Instance> {
        let store = inner(self);
        Some(Instance::at(store, store.calling_instance()?))
    }

    /// What the caller's instance exports under a name: see [`Caller::instance`].
    ///
    /// # Examples
    /// See [`Caller::instance`].
    pub fn get_export(&self, name: &str) -> Option<Extern> {
        self.instance()?.export(self, name)
    }
}

/// Functions of the host, for who has access to a store.
macro_rules! host_functions {
    ($($store:ty;)*) => { $(
        impl<T: 'static> HostStore for $store {
            type Caller<'a> = Caller<'a, T>;

            fn host_func<F>(&mut self, ty: FuncType, body: F) -> Result<Func, Error>
            where
                F: for<'a> Fn(Caller<'a, T>, &[Val], &mut [Val]) -> Result<(), Error>
                    + Send
                    + Sync
                    + 'static,
            {
                let body = TypedBody::new(inner(self).engine(), String::new(), &ty, body)?;
                body.added(self)
            }

            fn suspending_func<F>(&mut self, ty: FuncType, body: F) -> Result<Func, Error>
            where
                F: for<'a> Fn(Caller<'a, T>, &[Val], &mut [Val]) -> Result<HostAnswer, Error>
                    + Send
                    + Sync
                    + 'static,
            {
                let body = TypedBody::suspending(inner(self).engine(), String::new(), &ty, body)?;
                body.added(self)
            }
        }

        impl<T, F, Params, Results> WrapStore<F, Params, Results> for $store
        where
            T: 'static,
            F: IntoFunc<T, Params, Results>,
        {
            fn wrap_func(&mut self, func: F) -> Result<Func, Error> {
                let body = func.into_body(inner(self).engine(), String::new())?;
                body.added(self)
            }
        }
    )* };
}

host_functions! {
    Store<T>;
    Caller<'_, T>;
}
