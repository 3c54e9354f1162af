//! Programs, each with a function `main`.

/// Three values, then it returns.
pub const GENERATOR: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $yield)
    (func $gen (suspend $yield) (suspend $yield) (suspend $yield))
    (elem declare func $gen)
    (func $main (export "main") (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $gen)))
        (loop $again
            (block $on (result (ref $k))
                (resume $k (on $yield $on) (local.get $k))
                (return))
            (local.set $k)
            (br $again))))"#;

/// Two continuations that switch to each other.
pub const RING: &str = r#"(module
    (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
    (tag $swap)
    (func $a (type $f)
        (drop (switch $k $swap (cont.new $k (ref.func $b))))
        (nop))
    (func $b (type $f) (switch $k $swap (local.get 0)) (drop))
    (elem declare func $a $b)
    (func (export "main")
        (resume $k (on $swap switch) (ref.null $k) (cont.new $k (ref.func $a)))))"#;

/// An exception leaves two continuations and is caught.
pub const THROWS: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $oops)
    (func $inner (throw $oops))
    (func $outer (resume $k (cont.new $k (ref.func $inner))))
    (elem declare func $inner $outer)
    (func (export "main")
        (block $h (try_table (catch $oops $h) (resume $k (cont.new $k (ref.func $outer)))))))"#;

/// A suspended continuation is thrown into, with a chain inside.
pub const THROWN_INTO: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $oops) (tag $stop)
    (func $inner (suspend $stop))
    (func $outer
        (block $h (try_table (catch $oops $h) (resume $k (cont.new $k (ref.func $inner)))))
        (suspend $stop))
    (elem declare func $inner $outer)
    (func (export "main") (local $k (ref null $k))
        (local.set $k (block $on (result (ref $k))
            (resume $k (on $stop $on) (cont.new $k (ref.func $outer))) (return)))
        (local.set $k (block $on (result (ref $k))
            (resume_throw $k $oops (on $stop $on) (local.get $k)) (return)))
        (block $h (try_table (catch $oops $h) (resume_throw $k $oops (local.get $k))))))"#;

/// A trap, two continuations deep.
pub const TRAPS: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (func $inner (unreachable))
    (func $outer (resume $k (cont.new $k (ref.func $inner))))
    (elem declare func $inner $outer)
    (func (export "main") (resume $k (cont.new $k (ref.func $outer)))))"#;

/// A suspension that nobody handles.
pub const UNHANDLED: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $stop) (tag $other)
    (func $inner (suspend $stop))
    (elem declare func $inner)
    (func (export "main")
        (drop (block $on (result (ref $k))
            (resume $k (on $other $on) (cont.new $k (ref.func $inner))) (return)))))"#;

/// Continuations in a table, forty of them, over a minor and a full collection; half of them
/// are parked.
pub const COLLECTIONS: &str = r#"(module
    (type $f (func)) (type $k (cont $f)) (type $s (struct (field i64)))
    (import "mangrove" "gc" (func $gc)) (import "mangrove" "minor" (func $minor))
    (tag $stop)
    (table $t 40 (ref null $k))
    (func $waits (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const 1)))
        (suspend $stop)
        (drop (struct.get $s 0 (local.get $s))))
    (elem declare func $waits)
    (func (export "main") (local $i i32)
        (loop $again
            (table.set $t (local.get $i) (block $on (result (ref $k))
                (resume $k (on $stop $on) (cont.new $k (ref.func $waits))) (return)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                    (i32.const 40))))
        (call $minor)
        (call $gc)))"#;

/// A continuation is forgotten.
pub const FORGETS: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "gc" (func $gc))
    (func $never)
    (elem declare func $never)
    (func (export "main") (drop (cont.new $k (ref.func $never))) (call $gc)))"#;

/// A continuation hands what it does not know on to its own handler, and so on.
pub const NESTED: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $a) (tag $b)
    (func $inner (suspend $a) (suspend $b) (suspend $a))
    (func $middle (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $inner)))
        (loop $again
            (local.set $k (block $on (result (ref $k))
                (resume $k (on $b $on) (local.get $k)) (return)))
            (br $again)))
    (elem declare func $inner $middle)
    (func (export "main") (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $middle)))
        (loop $again
            (local.set $k (block $on (result (ref $k))
                (resume $k (on $a $on) (local.get $k)) (return)))
            (br $again))))"#;

/// By name: the text, and whether it returns.
pub const ALL: &[(&str, &str, bool)] = &[
    ("generator", GENERATOR, true),
    ("ring", RING, true),
    ("throws", THROWS, true),
    ("thrown into", THROWN_INTO, true),
    ("traps", TRAPS, false),
    ("unhandled", UNHANDLED, false),
    ("collections", COLLECTIONS, true),
    ("forgets", FORGETS, true),
    ("nested", NESTED, true),
];

/// A generator of so many turns.
pub fn turns(count: u32) -> String {
    format!(
        r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $yield)
    (func $gen (loop $again (suspend $yield) (br $again)))
    (elem declare func $gen)
    (func $main (export "main") (local $k (ref null $k)) (local $i i32)
        (local.set $k (cont.new $k (ref.func $gen)))
        (loop $again
            (local.set $k (block $on (result (ref $k))
                (resume $k (on $yield $on) (local.get $k)) (return)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                    (i32.const {count}))))))"#
    )
}

/// A chain of so many continuations, suspended and resumed as one so often.
pub fn chain(depth: u32, turns: u32) -> String {
    format!(
        r#"(module
    (type $f (func (param i32))) (type $g (func)) (type $k (cont $f)) (type $r (cont $g))
    (tag $yield)
    (func $link (type $f)
        (if (local.get 0)
            (then (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $link))))
            (else (loop $again (suspend $yield) (br $again)))))
    (elem declare func $link)
    (func $main (export "main") (local $k (ref null $r)) (local $i i32)
        (local.set $k (block $on (result (ref $r))
            (resume $k (on $yield $on) (i32.const {depth}) (cont.new $k (ref.func $link))) (return)))
        (loop $again
            (local.set $k (block $on (result (ref $r))
                (resume $r (on $yield $on) (local.get $k)) (return)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                    (i32.const {turns}))))))"#
    )
}

/// Names with everything in them that a form might stumble over.
pub fn odd_names() -> String {
    let long = "long".repeat(1000);
    let names = [
        r#"\"</script>\01\\\n"#,
        r"\e2\80\aegnp.exe",
        "ä€𝄞",
        &long,
        "",
    ];
    let mut functions = String::new();
    let mut calls = String::new();
    for (index, name) in names.iter().enumerate() {
        functions.push_str(&format!(
            "(func $f{index} (@name \"{name}\") (suspend $t))\n"
        ));
        calls.push_str(&format!(
            "(drop (block $on (result (ref $k)) (resume $k (on $t $on) \
             (cont.new $k (ref.func $f{index}))) (return)))\n"
        ));
    }
    format!(
        "(module (@name \"mod{}\") (type $f (func)) (type $k (cont $f)) (tag $t (@name \"t\\\"g\"))
        {functions} (elem declare func $f0 $f1 $f2 $f3 $f4)
        (func (export \"main\") {calls}))",
        names[0]
    )
}
