//! `arguments`: continuations whose arguments are bound in steps, of every type and number,
//! while what is bound moves.
//!
//! ```text
//!  cont.new ─ bind 3 of 9 ─ collect ─ bind 0 ─ bind 4 ─ collect ─ resume with the last 2
//!                                                  └ its function looks at each of the nine
//! ```
//!
//! Functions of random signatures, up to 40 parameters; every third one waits once and is bound
//! again, to what its suspension takes. Meant to break: what is bound as a root, its order, values wider than a register,
//! values beyond the registers, and bound continuations that nothing else keeps.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module_with, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;
use std::fmt::Write;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "arguments",
    about: "arguments bound in steps, of every type and number, over collections",
    breaks: "bound arguments: as roots, their order, width and number, continuations among them",
    least: 3,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// Types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
    Box,
    Any,
    Extern,
    Func,
    Exn,
    /// A continuation that gives a number, and is resumed for it.
    Cont,
}

const TYPES: [Type; 11] = [
    Type::I32,
    Type::I64,
    Type::F32,
    Type::F64,
    Type::V128,
    Type::Box,
    Type::Any,
    Type::Extern,
    Type::Func,
    Type::Exn,
    Type::Cont,
];

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Box => "(ref $box)",
            Self::Any => "anyref",
            Self::Extern => "externref",
            Self::Func => "funcref",
            Self::Exn => "exnref",
            Self::Cont => "(ref $gives)",
        }
    }

    /// The function that makes the value of a number.
    fn maker(self) -> &'static str {
        match self {
            Self::I32 => "$make_i32",
            Self::I64 => "$value",
            Self::F32 => "$make_f32",
            Self::F64 => "$make_f64",
            Self::V128 => "$make_v128",
            Self::Box | Self::Any => "$new_box",
            Self::Extern => "$make_extern",
            Self::Func => "$make_func",
            Self::Exn => "$make_exn",
            Self::Cont => "$make_cont",
        }
    }

    /// The function that gives a number for a value.
    fn reader(self) -> &'static str {
        match self {
            Self::I32 => "$read_i32",
            Self::I64 => "$read_i64",
            Self::F32 => "$read_f32",
            Self::F64 => "$read_f64",
            Self::V128 => "$read_v128",
            Self::Box | Self::Any => "$check_box",
            Self::Extern => "$read_extern",
            Self::Func => "$read_func",
            Self::Exn => "$read_exn",
            Self::Cont => "$read_cont",
        }
    }

    /// What the reader gives for the value of a number: as in `programs/arguments.wat`.
    fn read(self, salt: i64, number: i64) -> i64 {
        let value = value(salt, number);
        match self {
            Self::I32 => i64::from(value as i32),
            // Bits of these would be those of a number, whatever arithmetic does with it.
            Self::F32 => value & 0x3f_ffff,
            Self::F64 => value & 0xf_ffff_ffff,
            Self::V128 => value ^ value.wrapping_add(1),
            Self::Func => 77,
            Self::I64 | Self::Box | Self::Any | Self::Extern | Self::Exn | Self::Cont => value,
        }
    }
}

/// A function, and how it is bound.
struct Bound {
    params: Vec<Type>,
    /// How many parameters it gets in each step.
    steps: Vec<usize>,
    /// How many come with the `resume`.
    last: usize,
    /// What it waits for once, and is bound to, if it waits.
    waits: Vec<Type>,
}

/// A case: up to 60 functions at full size, each bound many times.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let salt = rng.number() as i64;
    let count = size.of(60, 4) as usize;
    let bound: Vec<Bound> = (0..count).map(|at| random(rng, at)).collect();
    let laps = size.of(40, 4);
    let mut sum = 0;
    for lap in 0..i64::from(laps) {
        for (at, bound) in bound.iter().enumerate() {
            let first = number(lap, at);
            let all = bound.params.iter().chain(&bound.waits);
            let read = (first..)
                .zip(all)
                .fold(0, |sum, (n, ty)| fold(sum, ty.read(salt, n)));
            sum = fold(sum, read);
        }
    }
    let most = bound.iter().map(|bound| bound.params.len()).max();
    Case {
        parameters: format!(
            "functions={count} laps={laps} parameters={}",
            most.unwrap_or(0)
        ),
        wat: module_with(salt, &clones(&bound), &emit(&bound)),
        arguments: vec![laps as i32],
        checksum: sum,
        collections: (laps as usize * count) as u64,
        continuations_in_objects: false,
        continuation_clone: true,
        told: Told::default(),
        place: |number| match number {
            i64::MIN => "the number of live continuations".to_owned(),
            number => format!(
                "lap {}, function {}, argument {}",
                number >> 20,
                number >> 8 & 0xfff,
                number & 0xff
            ),
        },
    }
}

/// What clones continuations of the functions that are cloned when all is bound, and go on in
/// the clone.
fn clones(bound: &[Bound]) -> String {
    let all = (0..).zip(bound).filter(|(at, _)| is_cloned(*at));
    all.fold(String::new(), |text, (at, bound)| {
        let ty = format!("$k{at}_{}", bound.steps.len());
        let ty = format!("(param (ref null {ty})) (result (ref {ty}))");
        text + &format!("(import \"mangrove\" \"clone_cont\" (func $clone{at} {ty}))\n  ")
    })
}

fn is_cloned(function: usize) -> bool {
    function % 4 == 1
}

fn number(lap: i64, function: usize) -> i64 {
    (lap << 20) + ((function as i64) << 8)
}

fn random(rng: &mut Rng, at: usize) -> Bound {
    // Registers take six numbers and eight floats; beyond those lie the others.
    let count = match at % 3 {
        0 => rng.range(1, 4),
        1 => rng.range(5, 16),
        _ => rng.range(17, 40),
    };
    let mut types = |count: u32| -> Vec<Type> {
        // Every other function has few types, so that one fills the registers.
        let few = if at % 2 == 1 {
            &TYPES[5..8]
        } else {
            &TYPES[..]
        };
        (0..count).map(|_| *rng.pick(few)).collect()
    };
    let params = types(count);
    let waits = if at.is_multiple_of(3) {
        types(count % 5)
    } else {
        Vec::new()
    };
    let mut steps = Vec::new();
    let last = rng.below(params.len().min(5));
    let mut left = params.len() - last;
    while left > 0 {
        // Nothing is bound now and then.
        let now = rng.below(left.min(9) + 1);
        steps.push(now);
        left -= now;
    }
    if rng.one_in(2) {
        steps.push(0);
    }
    Bound {
        params,
        steps,
        last,
        waits,
    }
}

fn emit(bound: &[Bound]) -> String {
    let mut text = String::from(include_str!("../../programs/arguments.wat"));
    let mut run = String::from(
        "  (func (export \"run\") (param $laps i32) (result i64)
    (local $lap i64) (local $sum i64)
    (loop $next\n",
    );
    for (at, bound) in bound.iter().enumerate() {
        emit_function(&mut text, at, bound);
        writeln!(
            run,
            "      (local.set $sum (call $fold (local.get $sum) (call $bind{at}
        (i64.add (i64.shl (local.get $lap) (i64.const 20)) (i64.const {})))))",
            at << 8
        )
        .unwrap();
    }
    run.push_str(
        "      (local.set $lap (i64.add (local.get $lap) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $lap) (i64.extend_i32_u (local.get $laps)))))
    (local.get $sum))\n",
    );
    text + &run
}

fn names(types: &[Type]) -> String {
    types
        .iter()
        .fold(String::new(), |text, ty| text + " " + ty.name())
}

/// What reads the values that are locals from `first` on, the first of which has this number.
fn emit_reads(text: &mut String, types: &[Type], first: usize, number: usize) {
    for (index, ty) in types.iter().enumerate() {
        // What it waited for is in locals that are null before.
        let get = match ty {
            Type::Box | Type::Cont => format!("(ref.as_non_null (local.get {}))", first + index),
            _ => format!("(local.get {})", first + index),
        };
        writeln!(
            text,
            "    (local.set $sum (call $fold (local.get $sum)
      (call {} {get} (i64.add (local.get 0) (i64.const {})))))",
            ty.reader(),
            number + index,
        )
        .unwrap();
    }
}

fn emit_function(text: &mut String, at: usize, bound: &Bound) {
    let Bound {
        params,
        steps,
        waits,
        ..
    } = bound;
    // The type after each step, from all parameters to none. The number is a parameter too,
    // the first one, and bound with the others.
    let mut rest: &[Type] = params;
    writeln!(
        text,
        "  (type $f{at}_0 (func (param i64{}) (result i64))) (type $k{at}_0 (cont $f{at}_0))",
        names(params)
    )
    .unwrap();
    for (step, &count) in (1..).zip(steps) {
        rest = &rest[count..];
        writeln!(
            text,
            "  (type $f{at}_{step} (func (param{}) (result i64))) (type $k{at}_{step} (cont $f{at}_{step}))",
            names(rest)
        )
        .unwrap();
    }
    let waiting = names(waits);
    writeln!(
        text,
        "  (type $w{at} (func (param{waiting}) (result i64))) (type $kw{at} (cont $w{at}))
  (type $e{at} (func (result i64))) (type $ke{at} (cont $e{at}))
  (tag $t{at} (result{waiting}))
  (elem declare func $takes{at})
  (func $takes{at} (type $f{at}_0) (local $sum i64) {}",
        waits
            .iter()
            .map(|ty| format!("(local {}) ", nullable(*ty)))
            .collect::<String>()
    )
    .unwrap();
    // Everything it was given is in its frame while it waits.
    if !waits.is_empty() {
        writeln!(text, "    (suspend $t{at})").unwrap();
        // Results are taken from the last on.
        for index in (0..waits.len()).rev() {
            writeln!(text, "    (local.set {})", params.len() + 2 + index).unwrap();
        }
    }
    emit_reads(text, params, 1, 0);
    emit_reads(text, waits, params.len() + 2, params.len());
    text.push_str("    (local.get $sum))\n");
    emit_binding(text, at, bound);
}

fn nullable(ty: Type) -> &'static str {
    match ty {
        Type::Box => "(ref null $box)",
        Type::Cont => "(ref null $gives)",
        ty => ty.name(),
    }
}

/// The function that makes the continuation, binds it step by step, and resumes it.
fn emit_binding(text: &mut String, at: usize, bound: &Bound) {
    let steps = bound.steps.len();
    write!(text, "  (func $bind{at} (param $n i64) (result i64)").unwrap();
    for step in 0..=steps {
        write!(text, " (local $k{step} (ref null $k{at}_{step}))").unwrap();
    }
    writeln!(
        text,
        " (local $kw (ref null $kw{at})) (local $ke (ref null $ke{at}))
    (local.set $k0 (cont.new $k{at}_0 (ref.func $takes{at})))"
    )
    .unwrap();
    let make = |ty: &Type, number: usize| {
        format!(
            "\n        (call {} (i64.add (local.get $n) (i64.const {number})))",
            ty.maker()
        )
    };
    let mut made = 0;
    for (step, &count) in bound.steps.iter().enumerate() {
        let first = if step == 0 { " (local.get $n)" } else { "" };
        let values: String = (made..made + count)
            .map(|number| make(&bound.params[number], number))
            .collect();
        made += count;
        writeln!(
            text,
            "    (local.set $k{} (cont.bind $k{at}_{step} $k{at}_{}{first}{values}
        (local.get $k{step})))",
            step + 1,
            step + 1
        )
        .unwrap();
        if step % 2 == at % 2 {
            text.push_str("    (call $litter (i32.const 5)) (call $gc)\n");
        }
    }
    debug_assert_eq!(made + bound.last, bound.params.len());
    text.push_str("    (call $gc)\n");
    if is_cloned(at) {
        writeln!(
            text,
            "    (local.set $k{steps} (call $clone{at} (local.get $k{steps})))"
        )
        .unwrap();
    }
    // Where nothing was bound yet, the number is still to come.
    let first = if steps == 0 { " (local.get $n)" } else { "" };
    let last: String = (made..bound.params.len())
        .map(|number| make(&bound.params[number], number))
        .collect();
    if bound.waits.is_empty() {
        writeln!(
            text,
            "    (resume $k{at}_{steps}{first}{last} (local.get $k{steps})))"
        )
        .unwrap();
        return;
    }
    let values: String = (bound.params.len()..)
        .zip(&bound.waits)
        .map(|(number, ty)| make(ty, number))
        .collect();
    writeln!(
        text,
        "    (block $on (result (ref $kw{at}))
      (drop (resume $k{at}_{steps} (on $t{at} $on){first}{last} (local.get $k{steps})))
      (unreachable))
    (local.set $kw)
    (local.set $ke (cont.bind $kw{at} $ke{at}{values}
        (local.get $kw)))
    (call $gc)
    (resume $ke{at} (local.get $ke)))"
    )
    .unwrap();
}
