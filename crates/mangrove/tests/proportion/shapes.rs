//! Modules that grow in one direction each.

use std::fmt::Write;

/// A kind of module, and the size it is measured at.
pub struct Shape {
    pub name: &'static str,
    /// The smaller of the two sizes for memory, large enough that nothing that
    /// grows with its square is hidden by what does not grow.
    pub size: usize,
    /// The smaller of the two sizes for time.
    pub size_for_time: usize,
    /// The module of a size.
    pub module: fn(usize) -> Vec<u8>,
}

pub const fn shape(
    name: &'static str,
    size: usize,
    size_for_time: usize,
    module: fn(usize) -> Vec<u8>,
) -> Shape {
    Shape {
        name,
        size,
        size_for_time,
        module,
    }
}

/// All of them.
pub const SHAPES: &[Shape] = &[
    shape("functions", 2_000, 8_000, |n| {
        let one = |i: usize| format!("(func (result i32) (i32.const {i}))");
        module(&each(n, one))
    }),
    shape("callees of one function", 3_000, 20_000, |n| {
        let calls = each(n, |i| format!("(call $f{i})"));
        module(&format!(
            "{}(func {calls})",
            each(n, |i| format!("(func $f{i})"))
        ))
    }),
    shape("calls of one function", 5_000, 40_000, |n| {
        module(&format!(
            "(func $f) (func {})",
            each(n, |_| "(call $f)".into())
        ))
    }),
    shape("struct types, each of the one before", 3_000, 20_000, |n| {
        let one = |i: usize| format!("(type $s{} (struct (field (ref null $s{i}) i32)))", i + 1);
        module(&format!("(type $s0 (struct)) {}", each(n, one)))
    }),
    shape("subtypes in chains of 60", 2_000, 20_000, |n| {
        let one = |i: usize| {
            let above = match i % 60 {
                0 => String::new(),
                _ => format!("$s{}", i - 1),
            };
            format!(
                "(type $s{i} (sub {above} (struct {})))",
                "(field i32)".repeat(i % 60)
            )
        };
        module(&each(n, one))
    }),
    shape("types of one recursion group", 3_000, 30_000, |n| {
        let one = |i: usize| {
            let other = (i * 7 + 3) % n;
            format!("(type $s{i} (struct (field i32 (ref null $s{other}))))")
        };
        module(&format!("(rec {})", each(n, one)))
    }),
    shape("recursion groups that are all equal", 2_000, 30_000, |n| {
        let one = |i: usize| {
            format!(
                "(rec (type $a{i} (struct (field (ref null $b{i})))) (type $b{i} (array (ref null $a{i}))))"
            )
        };
        module(&each(n, one))
    }),
    shape("exports", 5_000, 50_000, |n| {
        let one = |i: usize| format!("(export \"a name, and its number is {i}\" (func $f))");
        module(&format!("(func $f) {}", each(n, one)))
    }),
    shape("branch hints", 2_000, 50_000, |n| {
        let one = "(@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then))";
        module(&format!("(func (param i32) {})", one.repeat(n)))
    }),
    shape("imports", 5_000, 50_000, |n| {
        module(&each(n, |_| "(import \"mangrove\" \"gc\" (func))".into()))
    }),
    shape("globals, each of the one before", 5_000, 50_000, |n| {
        let one = |i: usize| format!("(global $g{} i32 (global.get $g{i}))", i + 1);
        module(&format!("(global $g0 i32 (i32.const 1)) {}", each(n, one)))
    }),
    shape("names of functions and locals", 1_500, 10_000, |n| {
        let one = |i: usize| {
            format!("(func $function_number_{i} (param $first i32) (local $second_of_{i} i64))")
        };
        module(&each(n, one))
    }),
    shape("data segments", 5_000, 50_000, |n| {
        let one = |i: usize| format!("(data (i32.const {}) \"data\")", i % 1000);
        module(&format!("(memory 1) {}", each(n, one)))
    }),
    shape("element segments", 5_000, 50_000, |n| {
        let one = |i: usize| format!("(elem (i32.const {}) $f $f)", i % 1000);
        module(&format!("(table 2000 funcref) (func $f) {}", each(n, one)))
    }),
    shape(
        "items of an element segment that make objects",
        5_000,
        100_000,
        |n| {
            let one = |i: usize| format!("(item (struct.new $s (i32.const {i})))");
            module(&format!(
                "(type $s (struct (field i32))) (elem anyref {})",
                each(n, one)
            ))
        },
    ),
    shape("a constant expression's operators", 10_000, 300_000, |n| {
        let more = each(n, |i| format!("i32.const {i} i32.add "));
        module(&format!("(global i32 i32.const 1 {more})"))
    }),
    shape("operands of constant arrays", 20, 1_000, |n| {
        let one = format!(
            "(global (ref $a) (array.new_fixed $a 1000 {}))",
            each(1000, |i| format!("(i32.const {i})"))
        );
        module(&format!(
            "(type $a (array i32)) {}",
            each(n, |_| one.clone())
        ))
    }),
    shape("straight-line arithmetic", 5_000, 40_000, |n| {
        let more = each(n, |i| {
            format!("(i32.mul (i32.const {i})) (i32.add (local.get 0))")
        });
        module(&format!(
            "(func (param i32) (result i32) (local.get 0) {more})"
        ))
    }),
    shape(
        "nested blocks, all targets of a br_table",
        3_000,
        30_000,
        |n| {
            let targets = each(n, |i| format!("{i} "));
            module(&format!(
                "(func (param i32) {} (br_table {targets} 0 (local.get 0)) {})",
                "(block ".repeat(n),
                ")".repeat(n)
            ))
        },
    ),
    shape(
        "targets of a br_table with 400 values",
        2_000,
        20_000,
        |n| {
            let results = " i64".repeat(400);
            module(&format!(
                "(func (param i32) (result {results}) (block $b (result {results}) {} (br_table {} $b (local.get 0))))",
                each(400, |i| format!("(i64.const {i})")),
                "$b ".repeat(n),
            ))
        },
    ),
    shape("blocks that hand on 500 values", 300, 1_000, |n| {
        let values = " i64".repeat(500);
        module(&format!(
            "(type $t (func (param {values}) (result {values})))
             (func (type $t) {} {})",
            each(500, |i| format!("(local.get {i})")),
            "block (type $t) end ".repeat(n)
        ))
    }),
    shape("nested loops that count in locals", 1_000, 3_000, |n| {
        let locals = "(local i32)".repeat(n);
        let heads = each(n, |i| {
            format!("(loop (local.set {i} (i32.add (local.get {i}) (i32.const 1)))")
        });
        let feet = each(n, |i| {
            format!(
                "(br_if 0 (i32.lt_u (local.get {}) (i32.const 9))))",
                n - 1 - i
            )
        });
        module(&format!("(func {locals} {heads} {feet})"))
    }),
    shape("nested ifs", 2_000, 24_000, |n| {
        module(&format!(
            "(func (param i32) (result i32) {} (i32.const 1) {})",
            "(if (result i32) (local.get 0) (then ".repeat(n),
            ") (else (i32.const 2)))".repeat(n)
        ))
    }),
    shape("ifs that set one local", 2_000, 8_000, |n| {
        let one = "(if (local.get 0) (then (local.set 0 (i32.sub (local.get 0) (i32.const 1))))
                   (else (local.set 0 (i32.const 5))))";
        module(&format!(
            "(func (param i32) (result i32) {} (local.get 0))",
            one.repeat(n)
        ))
    }),
    shape("ifs that set a local each", 2_000, 8_000, |n| {
        let one = |i: usize| {
            format!(
                "(if (local.get 0) (then (local.set {} (i32.const {i}))))",
                i + 1
            )
        };
        let sum = each(n, |i| format!("(i32.xor (local.get {}))", i + 1));
        module(&format!(
            "(func (param i32) (result i32) {} {} (local.get 0) {sum})",
            "(local i32)".repeat(n),
            each(n, one)
        ))
    }),
    shape(
        "functions that declare 50,000 locals",
        500,
        5_000,
        many_locals,
    ),
    shape("casts", 1_000, 4_000, |n| {
        let one = |i: usize| {
            let ty = format!("$s{}", i % 50);
            format!("(i32.add (struct.get {ty} 0 (ref.cast (ref {ty}) (local.get $x))))")
        };
        let ty = |i: usize| {
            let above = match i {
                0 => String::new(),
                _ => format!("$s{}", i - 1),
            };
            format!("(type $s{i} (sub {above} (struct (field i32))))")
        };
        module(&format!(
            "{} (func (param $x anyref) (result i32) (i32.const 0) {})",
            each(50, ty),
            each(n, one)
        ))
    }),
    shape("small try_tables", 4_000, 20_000, |n| {
        let one =
            "(block $b (result i32) (try_table (catch $e $b) (call $f)) (i32.const 7)) i32.add ";
        module(&format!(
            "(tag $e (param i32)) (func $f) (func (result i32) (i32.const 0) {})",
            one.repeat(n)
        ))
    }),
    shape("nested try_tables with calls", 1_000, 5_000, |n| {
        module(&format!(
            "(tag $e) (func $f) (func (block $out {} {}))",
            "(try_table (catch $e $out) (call $f) ".repeat(n),
            ")".repeat(n)
        ))
    }),
    shape("clauses and calls in 20 try_tables", 200, 2_000, |n| {
        let clauses = "(catch $e $out)".repeat(n / 10);
        module(&format!(
            "(tag $e) (func $f) (func (block $out {} {} {}))",
            format!("(try_table {clauses} ").repeat(20),
            "(call $f)".repeat(n),
            ")".repeat(20)
        ))
    }),
    shape(
        "references that live over calls, in locals",
        1_000,
        4_000,
        |n| {
            let set = |i: usize| format!("(local.set $l{i} (call $new))");
            let get = |i: usize| format!("(i32.add (struct.get $s 0 (local.get $l{i})))");
            module(&format!(
            "(type $s (struct (field i32))) (func $new (result (ref $s)) (struct.new_default $s))
             (func (result i32) {} {} (i32.const 0) {})",
            each(n, |i| format!("(local $l{i} (ref null $s))")),
            each(n, set),
            each(n, get)
        ))
        },
    ),
    shape(
        "references that live over calls, as operands",
        1_000,
        8_000,
        |n| {
            module(&format!(
            "(type $s (struct (field i32))) (func $new (result (ref $s)) (struct.new_default $s))
             (func {} {})",
            "(call $new)".repeat(n),
            "drop ".repeat(n)
        ))
        },
    ),
    shape("numbers that live over caught calls", 4_000, 20_000, |n| {
        module(&format!(
            "(tag $e) (func $f (result i32) (i32.const 1))
             (func (result i32) (block $out
                (try_table (result i32) (catch $e $out) {} {}) (return)) (i32.const 0))",
            "(call $f)".repeat(n),
            "i32.add ".repeat(n - 1)
        ))
    }),
    shape("resumes of 20 clauses", 150, 1_000, |n| {
        let clauses = each(20, |i| format!("(on $t{i} $on)"));
        let one = format!(
            "(block $on (result (ref $k)) (resume $k {clauses} (cont.new $k (ref.func $f))) (ref.null $k) (ref.as_non_null)) (drop)"
        );
        module(&format!(
            "(type $f (func)) (type $k (cont $f)) {} (func $f) (elem declare func $f) (func {})",
            each(20, |i| format!("(tag $t{i})")),
            one.repeat(n)
        ))
    }),
    shape("clauses of a resume", 1_000, 4_500, |n| {
        module(&format!(
            "(type $f (func)) (type $k (cont $f)) {} (func $f) (elem declare func $f)
             (func (block $on (result (ref $k)) (resume $k {} (cont.new $k (ref.func $f))) (return)) (drop))",
            each(n, |i| format!("(tag $t{i})")),
            each(n, |i| format!("(on $t{i} $on)"))
        ))
    }),
    shape("suspensions with a live reference", 500, 4_000, |n| {
        let one = "(local.set $x (suspend $t (local.get $x)))";
        module(&format!(
            "(type $s (struct (field i32))) (tag $t (param (ref null $s)) (result (ref null $s)))
             (func (param $x (ref null $s)) (result (ref null $s)) {} (local.get $x))",
            one.repeat(n)
        ))
    }),
    shape("switches", 500, 3_000, |n| {
        let one = "(local.set $k (switch $k $t (local.get $k)))";
        module(&format!(
            "(rec (type $f (func (param (ref null $k)))) (type $k (cont $f))) (tag $t)
             (func (param $k (ref null $k)) {})",
            one.repeat(n)
        ))
    }),
    shape("structs of 1,000 fields with defaults", 300, 4_000, |n| {
        module(&format!(
            "(type $s (struct {})) (func {})",
            "(field i64)".repeat(1000),
            "(drop (struct.new_default $s))".repeat(n)
        ))
    }),
    shape("arrays of fixed length", 50, 300, |n| {
        let one = format!(
            "(drop (array.new_fixed $a 100 {}))",
            "(ref.i31 (i32.const 1))".repeat(100)
        );
        module(&format!(
            "(type $a (array anyref)) (func {})",
            one.repeat(n)
        ))
    }),
    shape("calls through a table", 1_000, 8_000, |n| {
        module(&format!(
            "(type $f (func (param i32) (result i32))) (table 10 funcref)
             (func (result i32) (i32.const 0) {})",
            "(call_indirect (type $f) (i32.const 1))".repeat(n)
        ))
    }),
];

pub fn module(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {fields})")).expect("text of a module")
}

/// Functions that declare 50,000 locals, the most there may be, in four bytes.
fn many_locals(n: usize) -> Vec<u8> {
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection, ValType};
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..n {
        functions.function(0);
        let mut body = Function::new([(50_000, ValType::I64)]);
        body.instructions().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module.finish()
}

pub fn each(n: usize, one: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, i| {
        let _ = write!(text, "{} ", one(i));
        text
    })
}
