//! What `run` prints of results that are references.

use crate::common::run;

const MODULE: &str = r#"(module
  (type $bytes (array i8)) (type $units (array i16)) (type $nums (array i32))
  (type $point (struct (field $x i32) (field $y f64)))
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (type (struct (field i32)))
  (type $f (func)) (type $k (cont $f))
  (tag $t) (tag $e (param i32 anyref))
  (func $gen (suspend $t))
  (elem declare func $gen $text)
  (func $text (export "text") (result anyref)
    (array.new_fixed $bytes 3 (i32.const 0x68) (i32.const 0x69) (i32.const 0x21)))
  (func (export "texts") (result anyref anyref anyref anyref)
    (array.new_fixed $units 2 (i32.const 0xe9) (i32.const 0x22))
    (array.new_fixed $bytes 2 (i32.const 7) (i32.const 0xff))
    (array.new $bytes (i32.const 0) (i32.const 0))
    (array.new $bytes (i32.const 0x41) (i32.const 2000)))
  (func (export "point") (result anyref i31ref eqref)
    (struct.new $point (i32.const 1) (f64.const 2.5)) (ref.i31 (i32.const -3)) (ref.null eq))
  (func (export "unnamed") (result anyref) (struct.new 5 (i32.const 1)))
  (func (export "nums") (param i32) (result anyref) (array.new $nums (i32.const 5) (local.get 0)))
  (func (export "cycle") (result anyref) (local $n (ref null $node))
    (local.set $n (struct.new $node (i32.const 1) (ref.null $node)))
    (struct.set $node $next (local.get $n) (struct.new $node (i32.const 2) (local.get $n)))
    (local.get $n))
  (func (export "list") (param $n i32) (result anyref) (local $l (ref null $node))
    (loop $l
      (local.set $l (struct.new $node (local.get $n) (local.get $l)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $l))
  (func $conts (export "conts") (result (ref $k) contref (ref null $k))
    (local $rest contref) (local $old (ref null $k))
    (local.set $old (cont.new $k (ref.func $gen)))
    (block $h (result (ref $k)) (resume $k (on $t $h) (local.get $old)) (unreachable))
    (local.set $rest)
    (cont.new $k (ref.func $gen)) (local.get $rest) (local.get $old))
  (func (export "others") (param externref) (result externref funcref exnref)
    (local.get 0) (ref.func $text)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (throw $e (i32.const 4) (call $text)))
      (unreachable))
    (return))
)"#;

#[track_caller]
fn prints<const N: usize>(arguments: [&str; N], lines: &str) {
    let file = format!("results_{}.wat", arguments.concat().replace('/', "_"));
    let mut all = vec!["--invoke"];
    all.extend(arguments);
    let ended = crate::common::run_with(&file, MODULE, &all);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), lines),
        "{ended:?}"
    );
}

#[test]
fn arrays_of_text() {
    prints(["text"], "(array $bytes \"hi!\")\n");
    let long = "A".repeat(1024);
    prints(
        ["texts"],
        &format!(
            "(array $units \"é\\\"\")\n(array $bytes 7 255)\n(array $bytes)\n\
             (array $bytes \"{long}…\" … 976 more)\n"
        ),
    );
}

#[test]
fn structs_and_small_integers() {
    prints(
        ["point"],
        "(struct $point $x=1 $y=2.5)\n(ref.i31 -3)\nnull\n",
    );
    prints(["unnamed"], "(struct (type 5) 1)\n");
}

#[test]
fn arrays_are_bounded() {
    prints(["nums", "3"], "(array $nums 5 5 5)\n");
    let shown = " 5".repeat(32);
    prints(
        ["nums", "1000000"],
        &format!("(array $nums{shown} … 999968 more)\n"),
    );
}

#[test]
fn cycles_are_shown() {
    prints(
        ["cycle"],
        "(struct $node $value=1 $next=(struct $node $value=2 $next=(cycle 2 up)))\n",
    );
}

#[test]
fn depth_is_an_option() {
    prints(
        ["list", "3", "--depth", "1"],
        "(struct $node $value=1 $next=(struct $node …))\n",
    );
    prints(["list", "3", "--depth", "0"], "(struct $node …)\n");
    let ended = run(
        "deep.wat",
        MODULE,
        ["--invoke", "list", "200000", "--depth", "4000000000"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // A mebibyte, and a parenthesis for each that was open.
    assert!(ended.stdout.len() < 3 << 19, "{}", ended.stdout.len());
    assert!(ended.stdout.contains(" …)))"));
}

#[test]
fn continuations_tell_where_they_stand() {
    let ended = run("conts.wat", MODULE, ["--invoke", "conts"]);
    let lines: Vec<_> = ended.stdout.lines().collect();
    let [fresh, suspended, consumed] = lines.as_slice() else {
        panic!("{ended:?}")
    };
    let is = |line: &str, start: &str, middle: &str| {
        assert!(line.starts_with(start) && line.contains(middle), "{line}");
    };
    is(
        fresh,
        "(cont $k fresh, of func $gen, made in $conts at 0x",
        ")",
    );
    is(
        suspended,
        "(cont suspended in $gen at 0x",
        ", made in $conts at 0x",
    );
    assert_eq!(*consumed, "(cont $k consumed)");
}

#[test]
fn other_references() {
    prints(
        ["others", "(extern 7)"],
        "(extern 7)\n(func $text)\n(exn $e 4 (array $bytes \"hi!\"))\n",
    );
}
