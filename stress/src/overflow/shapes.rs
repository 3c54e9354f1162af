//! What is executed where the stack ends: one instruction, or a step of the
//! engine, to a shape.

/// Where a shape makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// On any stack.
    Nothing,
    /// A parent with handlers: not on the stack a call from the host begins on.
    Parent,
}

/// An instruction with what it needs, as text: see `programs/overflow.wat`.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The instruction, and what is special about it.
    pub name: &'static str,
    /// Where it makes sense.
    pub needs: Needs,
    /// What is made before, on another stack. Continuations in it are parked.
    pub setup: &'static str,
    /// What is executed.
    pub site: &'static str,
}

const fn anywhere(name: &'static str, setup: &'static str, site: &'static str) -> Shape {
    Shape {
        name,
        needs: Needs::Nothing,
        setup,
        site,
    }
}

const fn under_a_parent(name: &'static str, setup: &'static str, site: &'static str) -> Shape {
    Shape {
        name,
        needs: Needs::Parent,
        setup,
        site,
    }
}

const FRESH: &str = "(global.set $k (cont.new $k (ref.func $run)))";
const SUSPENDED: &str = "(global.set $k (call $suspended (ref.func $gen)))";
const CAUGHT: &str = "(global.set $k (call $suspended (ref.func $caught)))";
const BOUND: &str = "(global.set $k (cont.bind $kb $k (i32.const 1) (global.get $node) (i64.const 2) (cont.new $kb (ref.func $bound))))";
const BOUND_LATER: &str = "(global.set $kb (cont.new $kb (ref.func $boundgen)))";

/// All shapes.
pub const SHAPES: &[Shape] = &[
    // Calls.
    anywhere("call", "", "(call $small)"),
    anywhere("call, arguments on the stack", "", "(call $wide ARGS)"),
    anywhere(
        "call in a try_table",
        "",
        "(block $out (try_table (catch_all $out) (call $wide ARGS)))",
    ),
    anywhere(
        "call_indirect",
        "",
        "(call_indirect $funcs (type $fw) ARGS (i32.const 1))",
    ),
    anywhere("call_ref", "", "(call_ref $fw ARGS (ref.func $wide))"),
    anywhere("call of the host", "", "(call $host (i32.const 0))"),
    anywhere(
        "call of the host, which calls back",
        "",
        "(call $host (i32.const 1))",
    ),
    anywhere("return_call that grows", "", "(return_call $wide ARGS)"),
    anywhere(
        "return_call_indirect that grows",
        "",
        "(return_call_indirect $funcs (type $fw) ARGS (i32.const 1))",
    ),
    anywhere(
        "return_call_ref that grows",
        "",
        "(return_call_ref $fw ARGS (ref.func $wide))",
    ),
    // Allocation.
    anywhere(
        "struct.new",
        "",
        "(global.set $node (struct.new $node (i64.const 5) (struct.new $node (i64.const 6) (global.get $node))))",
    ),
    anywhere(
        "array.new",
        "",
        "(global.set $array (array.new $longs (i64.const 5) (i32.const 100)))",
    ),
    anywhere(
        "array.new that asks the runtime",
        "",
        "(global.set $array (array.new $longs (i64.const 5) (i32.const 200000)))",
    ),
    anywhere(
        "array.new_default",
        "",
        "(global.set $array2 (array.new_default $nodes (i32.const 33)))",
    ),
    anywhere(
        "array.new_fixed",
        "",
        "(global.set $array2 (array.new_fixed $nodes 3 (global.get $node) (ref.null $node) (global.get $node)))",
    ),
    anywhere(
        "array.new_data",
        "",
        "(drop (array.new_data $bytes $data (i32.const 1) (i32.const 9)))",
    ),
    anywhere(
        "array.new_elem",
        "",
        "(global.set $array2 (array.new_elem $nodes $nothing (i32.const 0) (i32.const 2)))",
    ),
    anywhere(
        "array.copy",
        "",
        "(array.copy $nodes $nodes (global.get $array2) (i32.const 1) (global.get $array2) (i32.const 0) (i32.const 5))",
    ),
    anywhere(
        "ref.cast",
        "",
        "(drop (ref.cast (ref $node) (struct.get $node 1 (global.get $node))))",
    ),
    // Memories and tables.
    anywhere("memory.grow", "", "(drop (memory.grow (i32.const 0)))"),
    anywhere(
        "memory.fill",
        "",
        "(memory.fill (i32.const 8) (i32.const 1) (i32.const 300))",
    ),
    anywhere(
        "table.grow",
        "",
        "(drop (table.grow $more (global.get $node) (i32.const 0)))",
    ),
    anywhere(
        "table.set of a continuation",
        FRESH,
        "(table.set $conts (i32.const 1) (global.get $k))",
    ),
    anywhere(
        "global.set of a continuation",
        SUSPENDED,
        "(global.set $k (table.get $conts (i32.const 1)))",
    ),
    // Continuations in objects.
    anywhere(
        "struct.set of a continuation",
        FRESH,
        "(struct.set $box 0 (global.get $box) (global.get $k))",
    ),
    anywhere(
        "struct.get of a continuation",
        SUSPENDED,
        "(global.set $k (struct.get $box 0 (global.get $box)))",
    ),
    anywhere(
        "struct.new with a continuation",
        SUSPENDED,
        "(global.set $box (struct.new $box (global.get $k)))",
    ),
    anywhere(
        "array.set of a continuation",
        SUSPENDED,
        "(array.set $boxes (global.get $boxes) (i32.const 7) (global.get $k))",
    ),
    anywhere(
        "array.fill with a continuation",
        FRESH,
        "(array.fill $boxes (global.get $boxes) (i32.const 1) (global.get $k) (i32.const 6))",
    ),
    anywhere(
        "array.copy of continuations",
        FRESH,
        "(array.copy $boxes $boxes (global.get $boxes) (i32.const 1) (global.get $boxes) (i32.const 0) (i32.const 5))",
    ),
    anywhere(
        "throw of a continuation",
        SUSPENDED,
        "(block $out (try_table (catch_all $out) (throw $ek (global.get $k))))",
    ),
    // Exceptions.
    anywhere("throw", "", "(throw $e (i64.const 1) (global.get $node))"),
    anywhere(
        "throw, caught beside it",
        "",
        "(block $out (try_table (catch_all $out) (throw $e (i64.const 1) (global.get $node))))",
    ),
    anywhere("throw_ref", "", "(throw_ref (global.get $x))"),
    // Continuations.
    anywhere(
        "cont.new",
        "",
        "(global.set $k (cont.new $k (ref.func $run)))",
    ),
    anywhere(
        "cont.bind",
        BOUND_LATER,
        "(global.set $k (cont.bind $kb $k (i32.const 1) (global.get $node) (i64.const 2) (global.get $kb)))",
    ),
    anywhere(
        "resume of a fresh one",
        FRESH,
        "(resume $k (global.get $k))",
    ),
    anywhere(
        "resume of a suspended one",
        SUSPENDED,
        "(resume $k (global.get $k))",
    ),
    anywhere(
        "resume of a bound one",
        BOUND,
        "(resume $k (global.get $k))",
    ),
    anywhere(
        "resume, handled here",
        "(global.set $k (cont.new $k (ref.func $gen)))",
        "(global.set $k (block $on (result (ref $k)) (resume $k (on $t $on) (global.get $k)) (return)))",
    ),
    anywhere(
        "resume_throw, caught inside",
        CAUGHT,
        "(resume_throw $k $e (i64.const 1) (global.get $node) (global.get $k))",
    ),
    anywhere(
        "resume_throw, caught beside it",
        SUSPENDED,
        "(block $out (try_table (catch_all $out) (resume_throw $k $e (i64.const 1) (global.get $node) (global.get $k))))",
    ),
    anywhere(
        "resume_throw, caught outside",
        SUSPENDED,
        "(resume_throw $k $e (i64.const 1) (global.get $node) (global.get $k))",
    ),
    anywhere(
        "resume_throw_ref of a fresh one",
        FRESH,
        "(resume_throw_ref $k (global.get $x) (global.get $k))",
    ),
    anywhere(
        "resume_throw_ref, caught inside",
        CAUGHT,
        "(resume_throw_ref $k (global.get $x) (global.get $k))",
    ),
    under_a_parent("suspend", "", "(suspend $t)"),
    under_a_parent(
        "suspend in a try_table",
        "",
        "(block $out (try_table (catch_all $out) (suspend $t)))",
    ),
    under_a_parent(
        "switch to a fresh one",
        "(global.set $ks (cont.new $ks (ref.func $switched)))",
        "(drop (switch $ks $swap (global.get $ks)))",
    ),
    under_a_parent(
        "switch to a suspended one",
        "(global.set $ks (call $suspended_switch))",
        "(drop (switch $ks $swap (global.get $ks)))",
    ),
    under_a_parent(
        "switch to a bound one",
        "(global.set $ks (cont.bind $ksb $ks (i32.const 7) (cont.new $ksb (ref.func $switchedbound))))",
        "(drop (switch $ks $swap (global.get $ks)))",
    ),
    // Traps of their own.
    anywhere(
        "division by zero",
        "",
        "(drop (i32.div_s (i32.const 1) (global.get $never)))",
    ),
    anywhere(
        "resume of a consumed one",
        "(global.set $k (cont.new $k (ref.func $run))) (resume $k (global.get $k))",
        "(resume $k (global.get $k))",
    ),
    anywhere("suspend that nobody handles", "", "(suspend $other)"),
];
