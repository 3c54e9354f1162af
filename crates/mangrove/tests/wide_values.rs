//! Many values of every kind at once, by every way there is: each must arrive in
//! its place, wherever the convention puts it.

mod common;

use common::call;
use mangrove::{Config, Engine, ExternType, Linker, Module, OptLevel, Store, Val, Zeal};

/// Types of the kinds, in the order in which parameters take turns.
const KINDS: [&str; 8] = [
    "i32",
    "(ref null $box)",
    "f64",
    "v128",
    "i64",
    "(ref null $k)",
    "f32",
    "(ref null $number)",
];

/// Objects and exceptions hold no continuations: an `i32` instead, unless `conts`.
fn kind(index: usize, shift: usize, conts: bool) -> usize {
    match (index + shift) % KINDS.len() {
        5 if !conts => 0,
        kind => kind,
    }
}

/// The types of `count` values, beginning with kind `shift`.
fn types(count: usize, shift: usize, conts: bool) -> String {
    (0..count)
        .map(|i| format!(" {}", KINDS[kind(i, shift, conts)]))
        .collect()
}

/// Pushes the values of one list: value `i` tells its index and the list's number.
fn push(from: usize, to: usize, shift: usize, conts: bool) -> String {
    let mut text = String::new();
    for i in from..to {
        let number = i * 2 + shift;
        text += &match kind(i, shift, conts) {
            0 => format!("(i32.const {number})"),
            1 => format!("(struct.new $box (i32.const {number}))"),
            2 => format!("(f64.const {number}.5)"),
            3 => format!("(v128.const i32x4 {number} 7 {i} 9)"),
            4 => format!("(i64.const {})", (number << 33) + i),
            5 => format!("(cont.new $k (ref.func $n{}))", number % 5),
            6 => format!("(f32.const {number}.25)"),
            _ => format!("(ref.func $n{})", number % 5),
        };
    }
    text
}

/// Whether local `i` does not hold value `i` of the list.
fn differs(i: usize, shift: usize, conts: bool) -> String {
    let number = i * 2 + shift;
    match kind(i, shift, conts) {
        0 => format!("(i32.ne (local.get {i}) (i32.const {number}))"),
        1 => format!("(i32.ne (struct.get $box 0 (local.get {i})) (i32.const {number}))"),
        2 => format!("(f64.ne (local.get {i}) (f64.const {number}.5))"),
        3 => format!(
            "(v128.any_true (v128.xor (local.get {i}) (v128.const i32x4 {number} 7 {i} 9)))"
        ),
        4 => format!(
            "(i64.ne (local.get {i}) (i64.const {}))",
            (number << 33) + i
        ),
        5 => format!(
            "(i32.ne (resume $k (local.get {i})) (i32.const {}))",
            number % 5
        ),
        6 => format!("(f32.ne (local.get {i}) (f32.const {number}.25))"),
        _ => format!(
            "(i32.ne (call_ref $number (local.get {i})) (i32.const {}))",
            number % 5
        ),
    }
}

fn checks(count: usize, shift: usize, conts: bool) -> String {
    (0..count)
        .map(|i| {
            format!(
                "(if {} (then (throw $wrong (i32.const {i}))))\n",
                differs(i, shift, conts)
            )
        })
        .collect()
}

/// A module of all ways, for lists of this many values. Arguments are list 0,
/// what comes back is list 3: another kind at each place.
fn module(n: usize, conts: bool) -> String {
    let (there, back) = (types(n, 0, conts), types(n, 3, conts));
    let (args, results) = (push(0, n, 0, conts), push(0, n, 3, conts));
    let gets: String = (0..n).map(|i| format!("(local.get {i})")).collect();
    let rest = types(n - n / 2, n / 2, conts);
    let fields: String = (0..n)
        .map(|i| format!("(field {})", KINDS[kind(i, 0, conts)]))
        .collect();
    let from_struct: String = (0..n)
        .map(|i| format!("(struct.get $s {i} (local.get $s))"))
        .collect();
    let elements: String = (0..n).map(|i| format!("(i64.const {})", i * 3)).collect();
    let taken = format!("(func (param{back}) (result{back}))");
    let objects = match conts {
        true => String::new(),
        false => objects(&there, &args, &fields, &from_struct),
    };
    format!(
        r#"(module
  (type $box (struct (field i32)))
  (type $number (func (result i32))) (type $k (cont $number))
  (type $f (func (param{there}) (result{back}))) (type $kf (cont $f))
  (type $half (func (param{rest}) (result{back}))) (type $khalf (cont $half))
  (type $g (func (result{back}))) (type $kg (cont $g))
  (type $takes (func (param{back}))) (type $ktakes (cont $takes))
  (type $taken {taken}) (type $ktaken (cont $taken))
  (type $fs (func (param{there} (ref null $ktakes)))) (type $ks (cont $fs))
  (type $none (func)) (type $knone (cont $none))
  (type $there (func (param{there}))) (type $same (func (param{there}) (result{there})))
  (type $longs (array i64))
  (tag $wrong (param i32)) (tag $swap)
  (tag $t (param{there}) (result{back}))
  (import "host" "same" (func $same (type $same)))
  (table funcref (elem $f))
  (func $n0 (type $number) (i32.const 0)) (func $n1 (type $number) (i32.const 1))
  (func $n2 (type $number) (i32.const 2)) (func $n3 (type $number) (i32.const 3))
  (func $n4 (type $number) (i32.const 4))
  (elem declare func $n0 $n1 $n2 $n3 $n4 $f $asks $tail $switched $main)
  (func $there (type $there) {})
  (func $back (type $takes) {})
  (func $f (type $f) {gets} (call $there) {results})
  (func $tail (type $f) {gets} (return_call $f))
  (func $grows (param i32) (result{back}) {args} (return_call $f))
  (func $tail_ref (type $f) {gets} (ref.func $f) (return_call_ref $f))
  (func $tail_indirect (type $f) {gets} (i32.const 0) (return_call_indirect (type $f)))
  (func (export "call") {args} (call $f) (call $back))
  (func (export "call_ref") {args} (ref.func $tail) (call_ref $f) (call $back))
  (func (export "call_indirect") {args} (i32.const 0) (call_indirect (type $f)) (call $back))
  (func (export "tails") {args} (call $tail_ref) (call $back) {args} (call $tail_indirect)
    (call $back) (i32.const 1) (call $grows) (call $back))
  (func (export "host") {args} (call $same) (call $there))
  (func (export "resume") {args} (cont.new $kf (ref.func $f)) (resume $kf) (call $back))
  (func $asks (type $g) {args} (suspend $t))
  (func (export "suspend") (local $k (ref null $ktaken))
    (block $on (result{there} (ref null $ktaken))
      (resume $kg (on $t $on) (cont.new $kg (ref.func $asks))) (call $back) (unreachable))
    (local.set $k) (call $there) {results} (local.get $k) (resume $ktaken) (call $back))
  (func (export "bind") {} {} (cont.new $kf (ref.func $f)) (cont.bind $kf $khalf)
    (cont.bind $khalf $kg) (resume $kg) (call $back))
  (func $switched (type $fs) {gets} (call $there) {results} (local.get {n}) (resume $ktakes))
  (func $main (type $none) {args} (cont.new $ks (ref.func $switched)) (switch $ks $swap)
    (call $back))
  (func (export "switch") (resume $knone (on $swap switch) (cont.new $knone (ref.func $main))))
  {objects}
  (func (export "array") (local $a (ref $longs)) (local $i i32)
    (local.set $a (array.new_fixed $longs {n} {elements}))
    (loop $next
      (if (i64.ne (array.get $longs (local.get $a) (local.get $i))
            (i64.mul (i64.const 3) (i64.extend_i32_u (local.get $i))))
        (then (throw $wrong (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const {n})))))
  (func (export "branches") (param $zero i32)
    (block $out (result{there})
      (i64.const 1) (f32.const 1) (struct.new $box (i32.const 99)) {args}
      (br_if $out (local.get $zero)) (br_table $out $out (local.get $zero)))
    (if (param{there}) (result{there}) (local.get $zero)
      (then (unreachable)) (else (loop $again (param{there}) (result{there}) )))
    (call $there)))
"#,
        checks(n, 0, conts),
        // A list that begins with kind 3 has every value three kinds on.
        checks(n, 3, conts),
        push(n / 2, n, 0, conts),
        push(0, n / 2, 0, conts),
    )
}

/// The ways that make objects of the values.
fn objects(there: &str, args: &str, fields: &str, from_struct: &str) -> String {
    format!(
        r#"(type $s (struct {fields})) (tag $e (param{there})) (elem declare func $throws)
  (func $throws (type $none) {args} (throw $e))
  (func (export "throw") (block $l (result{there}) (try_table (catch $e $l)
    (call $throws)) (unreachable)) (call $there))
  (func (export "throw_ref") (local $x exnref)
    (block $l (result{there} exnref) (try_table (catch_ref $e $l) (call $throws)) (unreachable))
    (local.set $x) (call $there)
    (block $l (result{there}) (try_table (catch $e $l) (local.get $x) (throw_ref)) (unreachable))
    (call $there))
  (func $catches (type $none) (block $l (result{there}) (try_table (catch $e $l) (resume $knone
    (cont.new $knone (ref.func $throws)))) (unreachable)) (call $there))
  (func (export "resume_throw") (call $catches)
    (block $l (result{there}) (try_table (catch $e $l) {args}
      (resume_throw $knone $e (cont.new $knone (ref.func $main)))) (unreachable)) (call $there))
  (func (export "struct") (local $s (ref $s)) {args} (local.set $s (struct.new $s))
    {from_struct} (call $there))"#
    )
}

const WAYS: [&str; 15] = [
    "call",
    "call_ref",
    "call_indirect",
    "tails",
    "host",
    "resume",
    "suspend",
    "bind",
    "switch",
    "throw",
    "throw_ref",
    "resume_throw",
    "struct",
    "array",
    "branches",
];

fn check(config: &Config, n: usize) {
    check_with(config, n, true);
    check_with(config, n, false);
}

fn check_with(config: &Config, n: usize, conts: bool) {
    let engine = Engine::new(config).unwrap();
    let text = module(n, conts);
    let module = Module::new(&engine, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    let Some(ExternType::Func(same)) = module.imports().next().map(|import| import.ty()) else {
        panic!("it imports a function")
    };
    linker
        .func("host", "same", same, move |_, args, results| {
            for (index, value) in args.iter().enumerate() {
                let number = index * 2;
                match *value {
                    Val::I32(value) => assert_eq!(value as usize, number),
                    Val::I64(value) => assert_eq!(value as usize, (number << 33) + index),
                    Val::F64(bits) => assert_eq!(f64::from_bits(bits), number as f64 + 0.5),
                    Val::F32(bits) => assert_eq!(f32::from_bits(bits), number as f32 + 0.25),
                    Val::V128(value) => assert_eq!(value as u32 as usize, number),
                    _ => assert!(!value.is_null()),
                }
            }
            results.clone_from_slice(args);
            Ok(())
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    for way in WAYS {
        if instance.func(&store, way).is_none() {
            assert!(conts && ["throw", "throw_ref", "resume_throw", "struct"].contains(&way));
            continue;
        }
        let args: &[Val] = if way == "branches" {
            &[Val::I32(0)]
        } else {
            &[]
        };
        call(&mut store, instance, way, args)
            .unwrap_or_else(|error| panic!("{way} of {n}: {error}"));
    }
}

/// Around the number of arguments a call has, and as many as there may be.
const COUNTS: [usize; 6] = [7, 16, 17, 40, 100, 999];

#[test]
fn values_arrive_in_their_places() {
    for count in COUNTS {
        check(&Config::new(), count);
    }
}

#[test]
fn they_do_so_in_frames_and_unoptimised() {
    for level in [OptLevel::Frame, OptLevel::None] {
        for count in COUNTS {
            check(Config::new().opt_level(level), count);
        }
    }
}

#[test]
fn they_do_so_while_everything_is_collected_and_moved() {
    let none = Zeal::NONE;
    let kinds = [
        Zeal {
            alloc: Some(1),
            ..none
        },
        Zeal { call: true, ..none },
        Zeal {
            switch: true,
            moving: true,
            ..none
        },
    ];
    for zeal in kinds {
        for level in [OptLevel::Frame, OptLevel::Speed] {
            check(Config::new().zeal(zeal).opt_level(level), 40);
        }
    }
}
