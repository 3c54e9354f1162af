//! The embedding API where it needs no compiled code: handles and their scopes, values of the
//! host, weak handles, objects, slices of memories, values of known types, and stores that are
//! reset. They are for Miri too.

use crate::engine::EngineCore;
use crate::error::Error;
use crate::handle::{Global, HeapHandle, Memory, Table};
use crate::heap_type::{ArrayType, StructType};
use crate::id::StorePtr;
use crate::objects::array_ref::ArrayRef;
use crate::objects::extern_ref::ExternRef;
use crate::objects::struct_ref::StructRef;
use crate::objects::weak_ref::{DeathQueue, WeakHandle};
use crate::plan::Plan;
use crate::scope::RootScope;
use crate::settings::Settings;
use crate::setup::new_store;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::typed::{AnyRef, ExpectedList, WasmList};
use crate::value::Val;
use mangrove_heap::CollectionKind;
use mangrove_validate::{
    AbstractHeap, FieldType, GlobalType, HeapType, MemoryType, RefType, StorageType, TableType,
    ValType,
};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store without a face, of an engine without a compiler.
struct Store(NonNull<StoreInner>);

impl Store {
    fn new() -> Self {
        let settings = Settings {
            heap_max: Some(1 << 20),
            address_space: Some(64 << 20),
            verify_heap: true,
            ..Settings::default()
        };
        let plan = Plan::new(&settings);
        let none = |_: &[_], _: &[_], _| Err(Error::internal("there is no compiler"));
        // SAFETY: nothing is compiled, so nothing is loaded; the plan was made for these
        // settings.
        let engine = unsafe { EngineCore::new(settings, plan, Box::new(none)) }.unwrap();
        Self(new_store(&engine, Box::new(())).unwrap())
    }

    fn engine(&self) -> EngineCore {
        inner(self).engine.clone()
    }

    fn collect(&mut self, kind: CollectionKind) {
        inner_mut(self).collect_as(kind).unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: `new_store` made this box for its caller, which is this.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

// SAFETY: the store is this one's alone, and lives as long.
unsafe impl AsStore for Store {
    fn raw(&self) -> StorePtr {
        StorePtr::new(self.0)
    }
}

// SAFETY: as above.
unsafe impl AsStoreMut for Store {}

const KINDS: [CollectionKind; 2] = [CollectionKind::Minor, CollectionKind::Full];

/// Counts how many of it were dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn number(store: &Store, value: &ExternRef) -> usize {
    let data = value.data(store).unwrap().expect("a value of the host");
    *data.downcast_ref().expect("a number")
}

#[test]
fn handles_keep_objects_that_move_and_scopes_end_them() {
    let mut store = Store::new();
    let kept: Vec<_> = (0..20_usize)
        .map(|n| ExternRef::new(&mut store, n).unwrap())
        .collect();
    let outlives = {
        let mut scope = RootScope::new(&mut store);
        let inside: Vec<_> = (20..40_usize)
            .map(|n| ExternRef::new(&mut scope, n).unwrap())
            .collect();
        scope.store().collect(CollectionKind::Full);
        assert_eq!(number(scope.store(), &inside[7]), 27);
        let nested = {
            let mut scope = RootScope::new(&mut scope);
            let nested = ExternRef::new(&mut scope, 99_usize).unwrap();
            nested.owned(&mut scope).unwrap()
        };
        assert_eq!(number(scope.store(), &nested), 99);
        inside[3].owned(&mut scope).unwrap()
    };
    for kind in KINDS {
        store.collect(kind);
        for (n, value) in kept.iter().enumerate() {
            assert_eq!(number(&store, value), n);
        }
        assert_eq!(number(&store, &outlives), 23);
    }
    drop(kept);
    store.collect(CollectionKind::Full);
    assert_eq!(inner_mut(&mut store).heap_walk().unwrap().count(), 1);
}

#[test]
fn values_of_the_host_are_dropped_once() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut store = Store::new();
    let make = |store: &mut Store| ExternRef::new(store, Counted(dropped.clone())).unwrap();
    let count = || dropped.load(Ordering::Relaxed);
    let kept = make(&mut store);
    for _ in 0..10 {
        drop(make(&mut store));
    }
    assert_eq!(count(), 0);
    store.collect(CollectionKind::Minor);
    assert_eq!(count(), 10);
    let data = kept.data_mut(&mut store).unwrap().expect("a value");
    assert!(data.downcast_mut::<Counted>().is_some());
    drop(make(&mut store));
    inner_mut(&mut store).reset(Box::new(())).unwrap();
    assert_eq!(count(), 12, "a reset ends all of them");
    assert!(kept.data(&store).is_err(), "and their handles");
    let last = make(&mut store);
    drop(store);
    drop(last);
    assert_eq!(count(), 13);
}

#[test]
fn what_is_weak_keeps_nothing_and_is_told() {
    let mut store = Store::new();
    let queue = DeathQueue::new(&mut store);
    let objects: Vec<_> = (0..8_u64)
        .map(|n| ExternRef::new(&mut store, n).unwrap())
        .collect();
    let mut weak = vec![];
    for (n, object) in objects.iter().enumerate() {
        weak.push(WeakHandle::new(&mut store, object.handle()).unwrap());
        queue.watch(&mut store, object.handle(), n as u64).unwrap();
    }
    let number = HeapHandle::from_i31(7);
    weak.push(WeakHandle::new(&mut store, &number).unwrap());
    let mut objects: Vec<_> = objects.into_iter().map(Some).collect();
    for kind in KINDS.into_iter().cycle().take(4) {
        // The last two that are left die.
        let dead: Vec<_> = objects
            .iter()
            .rposition(Option::is_some)
            .into_iter()
            .collect();
        for at in dead {
            objects[at] = None;
            objects[at - 1] = None;
        }
        store.collect(CollectionKind::Full);
        store.collect(kind);
        let mut told = vec![];
        while let Some(token) = queue.next(&mut store).unwrap() {
            told.push(token as usize);
            assert!(objects[token as usize].is_none());
        }
        assert_eq!(told.len(), 2);
        for (object, weak) in objects.iter().zip(&weak) {
            let alive = weak.upgrade(&mut store).unwrap();
            assert_eq!(alive.is_some(), object.is_some());
        }
    }
    assert_eq!(weak[8].upgrade(&mut store).unwrap(), Some(number));
    assert!(queue.is_empty(&store).unwrap());
}

fn any() -> RefType {
    RefType {
        nullable: true,
        heap: HeapType::Abstract(AbstractHeap::Any),
    }
}

#[test]
fn objects_are_read_and_written_in_bulk_while_they_move() {
    let mut store = Store::new();
    let engine = store.engine();
    let bytes = ArrayType::new(&engine, FieldType::variable(StorageType::I8)).unwrap();
    let units = ArrayType::new(&engine, FieldType::variable(StorageType::I16)).unwrap();
    let fields = [
        FieldType::variable(StorageType::I8),
        FieldType::variable(ValType::F64),
        FieldType::variable(ValType::Ref(any())),
    ];
    let record = StructType::new(&engine, fields).unwrap();
    let text = ArrayRef::from_utf8(&mut store, &bytes, "héllo").unwrap();
    let wide = ArrayRef::from_utf16(&mut store, &units, "wörld").unwrap();
    let values = [Val::I32(-3), Val::from(2.5), text.clone().into()];
    let object = StructRef::new(&mut store, &record, &values).unwrap();
    for kind in KINDS {
        store.collect(kind);
        assert_eq!(text.to_utf8(&mut store).unwrap(), "héllo");
        assert_eq!(wide.to_utf16(&mut store).unwrap(), "wörld");
        wide.copy_from_slice::<u16>(&mut store, 1, &[b'o'.into()])
            .unwrap();
        let mut some = [0; 2];
        wide.copy_to_slice::<u16>(&mut store, 0, &mut some).unwrap();
        assert_eq!(some, [b'w'.into(), b'o'.into()]);
        wide.copy_from_slice::<u16>(&mut store, 1, &['ö' as u16])
            .unwrap();
        assert_eq!(object.field(&mut store, 1).unwrap(), Val::from(2.5));
        let Val::Any(Some(inside)) = object.field(&mut store, 2).unwrap() else {
            panic!("a reference")
        };
        assert!(inside.same_object(&store, text.handle()).unwrap());
        object
            .set_field(&mut store, 2, &object.clone().into())
            .unwrap();
        object
            .set_field(&mut store, 2, &text.clone().into())
            .unwrap();
    }
    let empty = ArrayRef::from_slice::<u8>(&mut store, &bytes, &[]).unwrap();
    assert_eq!(empty.to_vec::<u8>(&mut store).unwrap(), []);
    assert!(text.copy_from_slice::<u8>(&mut store, 5, &[1, 2]).is_err());
}

#[test]
fn memories_are_slices_until_they_grow() {
    let mut store = Store::new();
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(3))).unwrap();
    let other = Memory::new(&mut store, MemoryType::new(0, None)).unwrap();
    memory.data_mut(&mut store)[65_530..].copy_from_slice(b"abcdef");
    assert!(other.data(&store).is_empty());
    assert_eq!(memory.grow(&mut store, 1).unwrap(), Some(1));
    let data = memory.data(&store);
    assert_eq!(
        (&data[65_530..65_536], data.len()),
        (&b"abcdef"[..], 2 << 16)
    );
    memory.write(&mut store, 65_534, b"ghi").unwrap();
    let mut read = [0; 7];
    memory.read(&store, 65_530, &mut read).unwrap();
    assert_eq!(&read, b"abcdghi");
    assert!(memory.read(&store, (2 << 16) - 1, &mut read).is_err());
    assert_eq!(memory.grow(&mut store, 2).unwrap(), None);
}

#[test]
fn tables_and_globals_hold_references() {
    let mut store = Store::new();
    let ty = TableType::new(any(), 3, Some(9));
    let table = Table::new(&mut store, ty, Val::Any(None)).unwrap();
    let engine = store.engine();
    let bytes = ArrayType::new(&engine, FieldType::constant(StorageType::I8)).unwrap();
    let array = ArrayRef::from_slice::<u8>(&mut store, &bytes, b"xyz").unwrap();
    let ty = GlobalType::variable(ValType::Ref(any()));
    let global = Global::new(&mut store, ty, array.clone().into()).unwrap();
    table.set(&mut store, 1, array.clone().into()).unwrap();
    table.grow(&mut store, 4, array.into()).unwrap();
    for kind in KINDS {
        store.collect(kind);
        let values = [
            table.get(&mut store, 1).unwrap().unwrap(),
            table.get(&mut store, 6).unwrap().unwrap(),
            global.get(&mut store).unwrap(),
        ];
        for value in values {
            let Val::Any(Some(value)) = value else {
                panic!("a reference")
            };
            let array = value.as_array(&store).unwrap().expect("an array");
            assert_eq!(array.to_vec::<u8>(&mut store).unwrap(), b"xyz");
        }
    }
    assert_eq!(table.get(&mut store, 0).unwrap(), Some(Val::Any(None)));
}

/// A list there and back, by the transfer area and the payload register.
fn there_and_back<L: WasmList>(store: &mut Store, list: L) -> L {
    let types = L::types();
    let expected = ExpectedList {
        types: &types,
        is_narrower: false,
    };
    let store = inner_mut(store);
    let first = list.lower(store, expected).unwrap();
    // SAFETY: it has just left values of these types there.
    unsafe { L::lift(store, expected, first) }
}

#[test]
fn values_of_known_types_come_back_as_they_were() {
    let mut store = Store::new();
    there_and_back(&mut store, ());
    assert_eq!(there_and_back(&mut store, -1_i32), -1);
    assert_eq!(there_and_back(&mut store, u64::MAX), u64::MAX);
    assert_eq!(there_and_back(&mut store, u128::MAX - 1), u128::MAX - 1);
    let list = (
        1_u128 << 100,
        i32::MIN,
        1.5_f32,
        -2.5_f64,
        u32::MAX,
        i64::MIN,
    );
    assert_eq!(there_and_back(&mut store, list), list);
    let value = ExternRef::new(&mut store, 7_usize).unwrap();
    let inside = AnyRef::from(HeapHandle::convert_extern(&value));
    let (some, none, back) = there_and_back(&mut store, (Some(value), None::<AnyRef>, inside));
    store.collect(CollectionKind::Minor);
    assert!(none.is_none());
    assert_eq!(number(&store, &some.expect("not null")), 7);
    assert!(back.kind(&store).is_ok());
    // Of another store, and of another type than is expected.
    let mut other = Store::new();
    let foreign = ExternRef::new(&mut other, 7_usize).unwrap();
    let types = <(ExternRef,)>::types();
    let expected = ExpectedList {
        types: &types,
        is_narrower: false,
    };
    assert!((foreign,).lower(inner_mut(&mut store), expected).is_err());
}
