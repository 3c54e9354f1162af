//! Continuations as the embedder makes, resumes and binds them.

use crate::error::Error;
use crate::exception::Exception;
use crate::handle::{ContHandle, Func, Tag};
use crate::outcome::{Handler, Outcome, reference_to};
use crate::resume::{self, With};
use crate::store::{AsStore, AsStoreMut, inner, inner_mut};
use crate::value::Val;
use mangrove_abi::TypeId;
use mangrove_validate::{CompositeType, FuncType, HeapType};
use smallvec::SmallVec;

impl Func {
    /// A continuation that will call this function when it is first resumed;
    /// what `cont.new` makes, of the type `(cont $f)` over the function's type.
    /// It counts against `Config::continuations_max`.
    ///
    /// # Errors
    /// The function is of another store; [`Error::Limit`] if as many continuations live
    /// as may, or there are more types than an engine can hold; [`Error::Resource`] if
    /// the system or a bound gave no memory for its record or its type.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Outcome, Store, Val};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = b"(module (func (export \"double\") (param i32) (result i32)
    ///     (i32.mul (local.get 0) (i32.const 2))))";
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let double = instance.func(&store, "double").expect("it is exported");
    /// let continuation = double.continuation(&mut store)?;
    /// let outcome = continuation.resume(&mut store, &[Val::I32(21)], &[])?;
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(42)]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn continuation(&self, store: &mut impl AsStoreMut) -> Result<ContHandle, Error> {
        let store = inner_mut(store);
        store.check_same_store(self.store, "function")?;
        let ty = store.types.cont(self.type_id())?;
        let record = store.take_record()?;
        let mut ctx = store.ctx;
        // SAFETY: the context is the store's, the record was just taken, and
        // functions with their trampolines live as long as the store.
        let reference = unsafe {
            store
                .registry
                .make_fresh(ctx.as_mut(), record, self.as_ptr().as_ptr())
        };
        // SAFETY: it was just made, of that type; what runs waits for the host function we
        // are in.
        unsafe {
            store.emit(|store| store.made(record));
            Ok(store.cont_handle(reference, reference_to(ty)))
        }
    }
}

impl Func {
    /// Calls it with handlers of the host's around it: it returns, suspends to one of them, or
    /// throws. What is suspended goes on by [`ContHandle::resume`].
    ///
    /// As it may outlive this call, it runs on a continuation's stack
    /// (`Config::stack_size`) and counts as a continuation: [`Func::continuation`], resumed at once.
    ///
    /// # Errors
    /// As [`Func::continuation`] and [`ContHandle::resume_with`].
    ///
    /// # Panics
    /// With a panic of a host function it called.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{
    /// #     Config, Engine, Error, Extern, Handler, Linker, Module, Outcome, Store, Val,
    /// # };
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module
    ///     (tag $yield (export "yield") (param i32))
    ///     (func (export "count") (param i32)
    ///         (suspend $yield (local.get 0))
    ///         (suspend $yield (i32.add (local.get 0) (i32.const 1)))))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let Some(Extern::Tag(tag)) = instance.export(&store, "yield") else { unreachable!() };
    /// let count = instance.func(&store, "count").expect("it is exported");
    /// let handlers = [Handler::Suspend(tag)];
    /// let mut yielded = vec![];
    /// let mut outcome = count.call_with_handlers(&mut store, &[Val::I32(5)], &handlers)?;
    /// while let Outcome::Suspended { values, continuation, .. } = outcome {
    ///     yielded.extend(values);
    ///     outcome = continuation.resume(&mut store, &[], &[tag])?;
    /// }
    /// assert_eq!(yielded, [Val::I32(5), Val::I32(6)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_with_handlers(
        &self,
        store: &mut impl AsStoreMut,
        args: &[Val],
        handlers: &[Handler],
    ) -> Result<Outcome, Error> {
        let continuation = self.continuation(store)?;
        continuation.resume_with(store, args, handlers)
    }
}

impl ContHandle {
    /// Resumes it. `handlers` are the tags whose suspensions come to the host,
    /// if nothing inside handles them first; a handle can be resumed once, and
    /// what [`Outcome::Suspended`] brings is the handle to go on with.
    ///
    /// # Errors
    /// Tags, arguments or a continuation of another store, arguments that do not
    /// fit the type, a continuation whose type is not known because it was
    /// received as a `(ref cont)`, too many activations inside each other: then
    /// nothing has happened; [`Error::Resource`] if memory for that is not to be had.
    /// [`Error::Trap`] if it trapped, with the reason
    /// `continuation already consumed` if it was resumed or bound before. The
    /// store goes on working after each of them.
    ///
    /// # Panics
    /// With a panic of a host function it called.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Extern, Linker, Module, Outcome, Store, Val};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module
    ///     (tag $ask (export "ask") (param i32) (result i32))
    ///     (func (export "sum") (result i32)
    ///         (i32.add (suspend $ask (i32.const 1)) (suspend $ask (i32.const 2)))))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let Some(Extern::Tag(ask)) = instance.export(&store, "ask") else { unreachable!() };
    /// let sum = instance.func(&store, "sum").expect("it is exported");
    ///
    /// let mut outcome = sum.continuation(&mut store)?.resume(&mut store, &[], &[ask])?;
    /// while let Outcome::Suspended { values, continuation, .. } = outcome {
    ///     let answer = Val::I32(10 * values[0].as_i32().expect("an i32"));
    ///     outcome = continuation.resume(&mut store, &[answer], &[ask])?;
    /// }
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(30)]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(
        &self,
        store: &mut impl AsStoreMut,
        args: &[Val],
        handlers: &[Tag],
    ) -> Result<Outcome, Error> {
        let handlers: SmallVec<[Handler; 4]> = handlers.iter().map(|&tag| tag.into()).collect();
        self.resume_with(store, args, &handlers)
    }

    /// Resumes it, with handlers of suspensions and of switches: see [`Handler`]. The rest is
    /// as for [`ContHandle::resume`].
    ///
    /// # Errors
    /// As [`ContHandle::resume`]; [`Error::Usage`] also if switches are to be handled by a tag
    /// that has parameters, or other results than the continuation.
    ///
    /// # Panics
    /// As [`ContHandle::resume`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{
    /// #     Config, Engine, Error, Extern, Handler, Linker, Module, Outcome, Store, Val,
    /// # };
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module
    ///     (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
    ///     (tag $other (export "other") (result i32))
    ///     (func $second (type $f) (i32.const 2))
    ///     (elem declare func $second)
    ///     (func (export "first") (type $f)
    ///         (drop (switch $k $other (cont.new $k (ref.func $second))))
    ///         (i32.const 1)))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let Some(Extern::Tag(other)) = instance.export(&store, "other") else { unreachable!() };
    /// let first = instance.func(&store, "first").expect("it is exported");
    /// let k = first.continuation(&mut store)?;
    /// let outcome = k.resume_with(&mut store, &[Val::Cont(None)], &[Handler::Switch(other)])?;
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(2)]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_with(
        &self,
        store: &mut impl AsStoreMut,
        args: &[Val],
        handlers: &[Handler],
    ) -> Result<Outcome, Error> {
        // SAFETY: we have sole access to the store.
        unsafe { resume::resume(store.raw(), self, With::Values(args), handlers) }
    }

    /// Resumes it by throwing an exception where it is suspended. A fresh one is
    /// thrown out of at once.
    ///
    /// # Errors
    /// As [`ContHandle::resume`].
    ///
    /// # Panics
    /// As [`ContHandle::resume`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{
    /// #     Config, Engine, Error, Exception, FuncType, Linker, Module, Outcome, Store, Tag,
    /// # };
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let module = Module::new(&engine, b"(module (func (export \"run\")))")?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// # let run = instance.func(&store, "run").expect("it is exported");
    /// let continuation = run.continuation(&mut store)?;
    /// let cancel = Tag::new(&mut store, FuncType::default())?;
    /// let exception = Exception::new(&mut store, cancel, vec![])?;
    /// let outcome = continuation.resume_throw(&mut store, &exception, &[])?;
    /// assert!(matches!(outcome, Outcome::Thrown(exception) if exception.tag == cancel));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_throw(
        &self,
        store: &mut impl AsStoreMut,
        exception: &Exception,
        handlers: &[Tag],
    ) -> Result<Outcome, Error> {
        let handlers: SmallVec<[Handler; 4]> = handlers.iter().map(|&tag| tag.into()).collect();
        // SAFETY: we have sole access to the store.
        unsafe { resume::resume(store.raw(), self, With::Exception(exception), &handlers) }
    }

    /// Binds arguments for its first parameters, as `cont.bind` does: the handle
    /// is used up, the result takes the parameters that are left.
    ///
    /// # Errors
    /// As [`ContHandle::resume`]; more arguments than parameters.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Outcome, Store, Val};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let text = b"(module (func (export \"sub\") (param i32 i32) (result i32)
    /// #     (i32.sub (local.get 0) (local.get 1))))";
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let sub = instance.func(&store, "sub").expect("it is exported");
    /// let from_ten = sub.continuation(&mut store)?.bind(&mut store, &[Val::I32(10)])?;
    /// let outcome = from_ten.resume(&mut store, &[Val::I32(3)], &[])?;
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(7)]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, store: &mut impl AsStoreMut, args: &[Val]) -> Result<ContHandle, Error> {
        inner_mut(store).bind(self, args)
    }

    /// A second continuation that goes on where this one is suspended: each can be resumed
    /// once. With `Config::continuation_clone` only. What
    /// is suspended inside this one is cloned with it. Locals and operands are copied; the
    /// objects they refer to are the same for both, and so are other continuations. A fresh
    /// one and one with bound arguments can be cloned too.
    ///
    /// A clone counts as a continuation, each record of its chain, and lives as long as
    /// something refers to it, whatever becomes of this one.
    ///
    /// # Errors
    /// [`Error::Usage`] if clones are not allowed, or it is of another store;
    /// [`Error::Trap`] with the reason `continuation already consumed` if it was resumed or
    /// bound before; [`Error::Limit`] if as many continuations live as may, or its stack is
    /// so full that no other has room for as much; [`Error::Resource`] if memory is not to be
    /// had. Nothing has happened then.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Extern, Linker, Module, Outcome, Store, Val};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().continuation_clone(true))?;
    /// let text = br#"(module
    ///     (tag $choose (export "choose") (result i32))
    ///     (func (export "number") (result i32)
    ///         (i32.add (i32.mul (suspend $choose) (i32.const 2)) (suspend $choose))))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let Some(Extern::Tag(choose)) = instance.export(&store, "choose") else { unreachable!() };
    /// let number = instance.func(&store, "number").expect("it is exported");
    ///
    /// // All ways to choose, one after the other.
    /// let (mut open, mut found) = (vec![(number.continuation(&mut store)?, vec![])], vec![]);
    /// while let Some((k, choice)) = open.pop() {
    ///     match k.resume(&mut store, &choice, &[choose])? {
    ///         Outcome::Returned(values) => found.extend(values[0].as_i32()),
    ///         Outcome::Suspended { continuation, .. } => {
    ///             let other = continuation.clone_suspended(&mut store)?;
    ///             open.extend([(other, vec![Val::I32(1)]), (continuation, vec![Val::I32(0)])]);
    ///         }
    ///         other => unreachable!("it neither throws nor is interrupted: {other:?}"),
    ///     }
    /// }
    /// assert_eq!(found, [0, 1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clone_suspended(&self, store: &mut impl AsStoreMut) -> Result<ContHandle, Error> {
        let store = inner_mut(store);
        let reference = self
            .get(store.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        if !store.engine.settings().continuation_clone {
            return Err(Error::usage(
                "continuations are not cloned (Config::continuation_clone)",
            ));
        }
        let clone = store.clone_continuation(reference)?;
        // SAFETY: a clone is of the type of what it was cloned from.
        Ok(unsafe { store.cont_handle(clone, self.ty()) })
    }

    /// The same continuation as one of another type: one that a module declares, in a group
    /// of types that refer to each other for one, where the host knows the continuation by
    /// a type of its own making. It takes no less and gives no more, or the same.
    ///
    /// # Errors
    /// It is of another store, its type is not known, or the other type is none that
    /// fits: [`Error::Usage`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store, TypeIndex, Val};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module
    ///     (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
    ///     (func $body (export "body") (type $f) (ref.is_null (local.get 0)))
    ///     (func (export "run") (param (ref $k)) (result i32)
    ///         (resume $k (ref.null $k) (local.get 0))))"#;
    /// let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let body = instance.func(&store, "body").expect("it is exported");
    /// let run = instance.func(&store, "run").expect("it is exported");
    /// let k = body.continuation(&mut store)?;
    /// assert!(run.call(&mut store, &[Val::Cont(Some(k.clone()))]).is_err());
    /// let k = k.with_type(&mut store, module.type_ids()[1])?;
    /// assert_eq!(run.call(&mut store, &[Val::Cont(Some(k))])?, [Val::I32(1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_type(&self, store: &mut impl AsStoreMut, ty: TypeId) -> Result<ContHandle, Error> {
        let store = inner_mut(store);
        let reference = self
            .get(store.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        let HeapType::Concrete(known) = self.ty().heap else {
            return Err(Error::usage("a continuation whose type is not known"));
        };
        if !store.fits_type(known, ty) {
            return Err(Error::usage(format!(
                "a continuation of type {known} is none of type {ty}"
            )));
        }
        let ty = store.kept_reference_to(ty)?;
        // SAFETY: it takes what that type's do, and gives what they give.
        Ok(unsafe { store.cont_handle(reference, ty) })
    }

    /// What it takes and what it returns; none where that is not known, because
    /// it was received as a `(ref cont)`.
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let module = Module::new(&engine, b"(module (func (export \"f\") (param i32 i64)))")?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let f = instance.func(&store, "f").expect("it is exported");
    /// let fresh = f.continuation(&mut store)?;
    /// let bound = fresh.bind(&mut store, &[Val::I32(1)])?;
    /// let ty = bound.func_type(&store).expect("it is known");
    /// assert_eq!(ty.params, [ValType::I64]);
    /// assert!(fresh.is_consumed(&store)? && !bound.is_consumed(&store)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn func_type(&self, store: &impl AsStore) -> Option<FuncType> {
        let store = inner(store);
        assert!(self.get(store.id).is_some(), "a continuation of this store");
        let HeapType::Concrete(id) = self.ty().heap else {
            return None;
        };
        match store.engine.types().get(id).composite {
            CompositeType::Cont(func) => store.engine.func_type(func),
            _ => None,
        }
    }

    /// Whether it was resumed or bound before, by whomever: to do so again is
    /// the trap `continuation already consumed`.
    ///
    /// # Errors
    /// It is of another store.
    pub fn is_consumed(&self, store: &impl AsStore) -> Result<bool, Error> {
        let store = inner(store);
        let reference = self
            .get(store.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        // SAFETY: a handle of this store has the address of one of its records.
        Ok(unsafe { (*reference.record).revision } != reference.revision)
    }
}
