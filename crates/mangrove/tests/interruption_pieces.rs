//! Operations on many bytes and elements are interrupted between their pieces: their range
//! is checked before the first byte, what is done by then is done, and what is handed to the
//! host goes on there.

mod common;

use common::{call, instance_with};
use mangrove::{
    ArrayRef, Config, Error, Extern, Func, Instance, Memory, OptLevel, Outcome, Store, Table,
    TrapReason, UpdateDeadline, Val,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// As `mangrove_abi::libcall::pieces` says: bytes of a memory, and elements.
const BYTES: u64 = 16 << 20;
const ELEMENTS: u64 = 1 << 20;

const LEVELS: [OptLevel; 4] = [
    OptLevel::Inline,
    OptLevel::Speed,
    OptLevel::None,
    OptLevel::Frame,
];

/// Bytes of the memory: more than three pieces.
const MEMORY: usize = 900 << 16;

const PROGRAM: &str = r#"(module
    (memory (export "memory") 900) (memory $other 900)
    (type $bytes (array (mut i8)))
    (type $refs (array (mut anyref)))
    (func (export "works") (result i32) (i32.const 7))
    (func (export "memory.fill") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "memory.copy") (param i32 i32 i32)
        (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "there and back") (param i32 i32 i32)
        (memory.copy $other 0 (local.get 0) (local.get 1) (local.get 2))
        (memory.copy 0 $other (local.get 1) (local.get 0) (local.get 2)))
    (func (export "new bytes") (param i32) (result (ref $bytes))
        (array.new $bytes (i32.const 1) (local.get 0)))
    (func (export "new refs") (param i32) (result (ref $refs))
        (array.new $refs (ref.i31 (i32.const 1)) (local.get 0)))
    (func (export "array.fill") (param (ref $bytes) i32 i32 i32)
        (array.fill $bytes (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "array.fill refs") (param (ref $refs) i32 anyref i32)
        (array.fill $refs (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "array.copy") (param (ref $refs) i32 (ref $refs) i32 i32)
        (array.copy $refs $refs (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
"#;

/// With tables, which every collection looks through.
const TABLES: &str = r#"
    (table $anys (export "anys") 3500000 anyref)
    (table $funcs (export "funcs") 3500000 funcref)
    (func (export "table.fill") (param i32 anyref i32)
        (table.fill $anys (local.get 0) (local.get 1) (local.get 2)))
    (func (export "table.copy") (param i32 i32 i32)
        (table.copy $anys $anys (local.get 0) (local.get 1) (local.get 2)))
"#;

/// A store whose callback counts how often it is asked, and answers by `answer`.
fn world(
    level: OptLevel,
    more: &str,
    answer: impl Fn(u64) -> UpdateDeadline + Send + 'static,
) -> (Store<()>, Instance, Arc<AtomicU64>) {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .opt_level(level)
        .verify_heap(true);
    let (mut store, instance) = instance_with(&config, &format!("{PROGRAM}{more})"));
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(move |mut caller| {
        // References are moved while the operation waits.
        caller.gc()?;
        Ok(answer(count.fetch_add(1, Ordering::Relaxed) + 1))
    });
    (store, instance, asked)
}

fn memory(store: &Store<()>, instance: Instance) -> Memory {
    match instance.export(store, "memory") {
        Some(Extern::Memory(memory)) => memory,
        other => panic!("{other:?}"),
    }
}

fn table(store: &Store<()>, instance: Instance, name: &str) -> Table {
    match instance.export(store, name) {
        Some(Extern::Table(table)) => table,
        other => panic!("{other:?}"),
    }
}

fn pattern() -> Vec<u8> {
    let mut bytes = (0..251).collect::<Vec<u8>>().repeat(MEMORY / 251 + 1);
    bytes.truncate(MEMORY);
    bytes
}

fn words<const N: usize>(words: [usize; N]) -> [Val; N] {
    words.map(|word| Val::I32(word as i32))
}

/// How often code looks that calls one function with one operation on so many: at the entry,
/// before the operation, and between two of its pieces.
fn looks(len: u64, piece: u64) -> u64 {
    2 + len.div_ceil(piece) - 1
}

fn going_on(_: u64) -> UpdateDeadline {
    UpdateDeadline::Continue(0)
}

#[test]
fn memories_are_filled_and_copied_as_at_once() {
    for level in LEVELS {
        let (mut store, instance, asked) = world(level, "", going_on);
        let memory = memory(&store, instance);
        let (low, high, len) = (3_000_000, 23_000_007, 35_000_001);
        let pieces = looks(len as u64, BYTES);
        assert_eq!(pieces, 2 + 2);
        // Up, down, and onto itself; the ranges overlap.
        for [to, from] in [[low, high], [high, low], [low, low]] {
            let mut model = pattern();
            memory.data_mut(&mut store).copy_from_slice(&model);
            model.copy_within(from..from + len, to);
            asked.store(0, Ordering::Relaxed);
            call(&mut store, instance, "memory.copy", &words([to, from, len])).unwrap();
            assert!(
                memory.data(&store) == model,
                "{level:?} to {to} from {from}"
            );
            assert_eq!(asked.load(Ordering::Relaxed), pieces);
            // Between two memories the order of the pieces is the same.
            model = pattern();
            memory.data_mut(&mut store).copy_from_slice(&model);
            model.copy_within(from..from + len, from);
            call(
                &mut store,
                instance,
                "there and back",
                &words([to, from, len]),
            )
            .unwrap();
            assert!(
                memory.data(&store) == model,
                "{level:?} to {to} from {from}"
            );
        }
        let mut model = pattern();
        memory.data_mut(&mut store).copy_from_slice(&model);
        model[low..low + len].fill(9);
        asked.store(0, Ordering::Relaxed);
        call(&mut store, instance, "memory.fill", &words([low, 9, len])).unwrap();
        assert!(memory.data(&store) == model, "{level:?}");
        assert_eq!(asked.load(Ordering::Relaxed), pieces);
    }
}

#[test]
fn a_range_is_checked_before_the_first_byte() {
    for level in LEVELS {
        let (mut store, instance, asked) = world(level, "", going_on);
        let beyond = words([1, 9, MEMORY]);
        let error = call(&mut store, instance, "memory.fill", &beyond).unwrap_err();
        assert!(error.to_string().contains("out of bounds"), "{error}");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let memory = memory(&store, instance);
        assert!(memory.data(&store).iter().all(|&byte| byte == 0));
        let beyond = words([1, 0, MEMORY]);
        assert!(call(&mut store, instance, "memory.copy", &beyond).is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }
}

#[test]
fn what_was_done_before_the_interruption_is_done() {
    for level in LEVELS {
        // At the entry, before the operation, and after two pieces.
        let (mut store, instance, _) = world(level, "", |asked| match asked {
            4 => UpdateDeadline::Interrupt,
            _ => UpdateDeadline::Continue(0),
        });
        let ended = call(
            &mut store,
            instance,
            "memory.fill",
            &words([5, 9, 50 << 20]),
        );
        match ended {
            Err(Error::Trap(trap)) => assert_eq!(trap.reason, TrapReason::Interrupt),
            other => panic!("{other:?}"),
        }
        let data = memory(&store, instance).data(&store);
        let done = 5 + 2 * BYTES as usize;
        assert!(data[5..done].iter().all(|&byte| byte == 9));
        assert!(data[done..].iter().all(|&byte| byte == 0));
        store.set_epoch_deadline(1);
        let works = call(&mut store, instance, "works", &[]).unwrap();
        assert_eq!(works, [Val::I32(7)]);
    }
}

#[test]
fn what_is_handed_to_the_host_goes_on_where_it_was() {
    for level in LEVELS {
        let (mut store, instance, _) = world(level, "", |_| UpdateDeadline::Yield(0));
        let fill = instance.func(&store, "memory.fill").unwrap();
        let memory = memory(&store, instance);
        let mut outcome = fill
            .call_with_handlers(&mut store, &words([0, 9, MEMORY]), &[])
            .unwrap();
        let mut filled = vec![];
        while let Outcome::Interrupted(rest) = outcome {
            filled.push(memory.data(&store).partition_point(|&byte| byte == 9) as u64);
            outcome = rest.resume(&mut store, &[], &[]).unwrap();
        }
        assert!(matches!(outcome, Outcome::Returned(_)), "{outcome:?}");
        assert_eq!(filled, [0, 0, BYTES, 2 * BYTES, 3 * BYTES]);
        assert!(memory.data(&store).iter().all(|&byte| byte == 9));
    }
}

fn array(store: &mut Store<()>, instance: Instance, name: &str, len: u64) -> ArrayRef {
    let new = instance
        .get_typed_func::<i32, ArrayRef>(store, name)
        .unwrap();
    new.call(store, len as i32).unwrap()
}

/// Elements at both sides of each border between pieces, and at the ends.
fn samples(len: u64) -> impl Iterator<Item = u32> {
    let borders = (0..=len / ELEMENTS).map(|piece| piece * ELEMENTS);
    borders
        .flat_map(|at| [at.saturating_sub(1), at, at + 1])
        .chain([len - 1])
        .filter(move |&at| at < len)
        .map(|at| at as u32)
}

#[test]
fn arrays_are_filled_and_copied_while_they_move() {
    let len = 3 * ELEMENTS + 5;
    for level in LEVELS {
        let (mut store, instance, asked) = world(level, "", going_on);
        let bytes = array(&mut store, instance, "new bytes", len);
        let fill = instance.func(&store, "array.fill").unwrap();
        asked.store(0, Ordering::Relaxed);
        let value = Val::from(bytes.clone());
        let operands = [value, Val::I32(1), Val::I32(7), Val::I32(len as i32 - 2)];
        fill.call(&mut store, &operands).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), looks(len - 2, ELEMENTS));
        for at in samples(len) {
            let expected = if (1..len - 1).contains(&u64::from(at)) {
                7
            } else {
                1
            };
            assert_eq!(
                bytes.get(&mut store, at).unwrap(),
                Val::I32(expected),
                "{at}"
            );
        }
        let refs = array(&mut store, instance, "new refs", len);
        let fill = instance.func(&store, "array.fill refs").unwrap();
        let operands = [
            Val::from(refs.clone()),
            Val::I32(0),
            Val::from(bytes.clone()),
            Val::I32(2 * ELEMENTS as i32 + 9),
        ];
        fill.call(&mut store, &operands).unwrap();
        let is_bytes = |store: &mut Store<()>, refs: &ArrayRef, at: u32| {
            let Val::Any(Some(value)) = refs.get(store, at).unwrap() else {
                panic!("an element")
            };
            value.same_object(store, bytes.handle()).unwrap()
        };
        for at in samples(len) {
            let expected = u64::from(at) < 2 * ELEMENTS + 9;
            assert_eq!(is_bytes(&mut store, &refs, at), expected, "{at}");
        }
        // Up by one: from the end.
        let copy = instance.func(&store, "array.copy").unwrap();
        let value = Val::from(refs.clone());
        let operands = [
            value.clone(),
            Val::I32(1),
            value,
            Val::I32(0),
            Val::I32(len as i32 - 1),
        ];
        asked.store(0, Ordering::Relaxed);
        copy.call(&mut store, &operands).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), looks(len - 1, ELEMENTS));
        for at in samples(len) {
            let expected = u64::from(at) < 2 * ELEMENTS + 10;
            assert_eq!(is_bytes(&mut store, &refs, at), expected, "{at}");
        }
    }
}

#[test]
fn tables_are_filled_copied_and_initialised() {
    let len = ELEMENTS + 100;
    let items = "$two ".repeat(len as usize);
    let more = format!(
        "{TABLES} (func $two (export \"two\") (result i32) (i32.const 2)) (elem $items func {items})
         (func (export \"table.init\") (param i32 i32 i32)
            (table.init $funcs $items (local.get 0) (local.get 1) (local.get 2)))"
    );
    let (mut store, instance, asked) = world(OptLevel::Speed, &more, going_on);
    let run = |store: &mut Store<()>, name: &str, operands: &[Val]| {
        asked.store(0, Ordering::Relaxed);
        call(store, instance, name, operands).unwrap();
        asked.load(Ordering::Relaxed)
    };
    let object = Val::from(array(&mut store, instance, "new bytes", 3));
    let fill = [Val::I32(10), object.clone(), Val::I32(2 * ELEMENTS as i32)];
    assert_eq!(run(&mut store, "table.fill", &fill), 3);
    let copy = words([20, 10, 2 * ELEMENTS as usize + 1]);
    assert_eq!(run(&mut store, "table.copy", &copy), 4);
    let anys = table(&store, instance, "anys");
    for (at, there) in [
        (9, false),
        (10, true),
        (ELEMENTS, true),
        (ELEMENTS + 9, true),
    ]
    .into_iter()
    .chain([(2 * ELEMENTS + 19, true), (2 * ELEMENTS + 20, false)])
    {
        let value = anys.get(&mut store, at).unwrap().unwrap();
        assert_eq!(matches!(value, Val::Any(Some(_))), there, "{at}");
    }
    let beyond = words([1, 0, 3_500_000]);
    assert!(call(&mut store, instance, "table.copy", &beyond).is_err());
    let init = words([7, 50, ELEMENTS as usize + 50]);
    assert_eq!(run(&mut store, "table.init", &init), 3);
    let funcs = table(&store, instance, "funcs");
    let two: Func = instance.func(&store, "two").unwrap();
    for (at, there) in [
        (6, false),
        (7, true),
        (ELEMENTS + 56, true),
        (ELEMENTS + 57, false),
    ] {
        let value = funcs.get(&mut store, at).unwrap();
        assert_eq!(value == Some(Val::Func(Some(two))), there, "{at}");
    }
}

#[test]
fn data_is_written_in_pieces_and_a_segment_that_is_dropped_meanwhile_is_empty() {
    let bytes = "x".repeat(BYTES as usize + 100);
    let more = format!(
        "(data $d \"{bytes}\")
         (func (export \"memory.init\") (param i32 i32 i32)
            (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
         (func (export \"array.init_data\") (param (ref $bytes) i32 i32 i32)
            (array.init_data $bytes $d
                (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
         (func (export \"drop\") (data.drop $d))"
    );
    let (mut store, instance, asked) = world(OptLevel::Speed, &more, going_on);
    let memory = memory(&store, instance);
    let len = BYTES as usize + 50;
    call(&mut store, instance, "memory.init", &words([3, 20, len])).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    let data = memory.data(&store);
    assert!(data[3..3 + len].iter().all(|&byte| byte == b'x'));
    assert_eq!((data[2], data[3 + len]), (0, 0));

    let array = array(&mut store, instance, "new bytes", 3 * ELEMENTS);
    let operands = [
        Val::from(array.clone()),
        Val::I32(5),
        Val::I32(0),
        Val::I32(2 * ELEMENTS as i32 + 9),
    ];
    call(&mut store, instance, "array.init_data", &operands).unwrap();
    for (at, byte) in [
        (4, 1),
        (5, 120),
        (ELEMENTS + 5, 120),
        (2 * ELEMENTS + 13, 120),
    ]
    .into_iter()
    .chain([(2 * ELEMENTS + 14, 1)])
    {
        let value = array.get(&mut store, at as u32).unwrap();
        assert_eq!(value, Val::I32(byte), "{at}");
    }

    let drop = instance.func(&store, "drop").unwrap();
    let mut asked = 0;
    store.epoch_deadline_callback(move |mut caller| {
        asked += 1;
        if asked == 3 {
            caller.set_epoch_deadline(1);
            drop.call(&mut caller, &[])?;
        }
        Ok(UpdateDeadline::Continue(0))
    });
    memory.data_mut(&mut store).fill(0);
    let error = call(&mut store, instance, "memory.init", &words([3, 20, len])).unwrap_err();
    assert!(error.to_string().contains("out of bounds"), "{error}");
    let done = memory.data(&store).iter().filter(|&&byte| byte == b'x');
    assert_eq!(done.count() as u64, BYTES);
}
