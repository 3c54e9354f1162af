//! That random programs execute each instruction, and end in each trap.

use super::ast::{Branch, Heap};
use super::classes::{Row, Target};
use crate::case::Size;
use crate::random::ast::{Program, Statement};
use crate::random::control::features::Features;
use crate::random::emit::{self, Form};
use crate::random::oracle::lifetimes::{Lifetimes, Live};
use crate::random::oracle::{End, Trap};
use crate::random::{generator, oracle};
use mangrove::{Config, ContinuationsInObjects, Engine, Extern, Linker, Module, Store, Val, Zeal};
use mangrove_workers::Rng;
use std::collections::HashMap;

/// Every instruction on objects and references, and on tables of them.
const INSTRUCTIONS: [&str; 53] = [
    "struct.new",
    "struct.new_default",
    "struct.get",
    "struct.get_s",
    "struct.get_u",
    "struct.set",
    "array.new",
    "array.new_default",
    "array.new_fixed",
    "array.new_data",
    "array.new_elem",
    "array.get",
    "array.get_s",
    "array.get_u",
    "array.set",
    "array.len",
    "array.fill",
    "array.copy",
    "array.init_data",
    "array.init_elem",
    "data.drop",
    "elem.drop",
    "ref.i31",
    "i31.get_s",
    "i31.get_u",
    "ref.test",
    "ref.cast",
    "br_on_cast",
    "br_on_cast_fail",
    "br_on_null",
    "br_on_non_null",
    "ref.as_non_null",
    "ref.is_null",
    "ref.null",
    "ref.eq",
    "ref.func",
    "any.convert_extern",
    "extern.convert_any",
    "call_ref",
    "call_indirect",
    "select",
    "global.get",
    "global.set",
    "table.get",
    "table.set",
    "table.grow",
    "table.fill",
    "table.copy",
    "table.init",
    "table.size",
    "loop",
    "unreachable",
    "br_if",
];

fn program(seed: u64) -> Program {
    let size = Size::new(0.02, Zeal::NONE);
    generator::program(&mut Rng::new(seed), size, Features::ALL)
}

/// The module of a program, in whose functions each instruction is counted before it.
fn counted(program: &Program) -> String {
    let text = emit::module(program, i64::MAX as usize, Form::default());
    let first = text.find("(func $f0 ").expect("the main function");
    let last = text.find("(func (export \"run\")").expect("what calls it");
    let mut body = String::new();
    let mut word = String::new();
    for letter in text[first..last].chars() {
        if letter.is_ascii_alphanumeric() || "._$\"".contains(letter) {
            word.push(letter);
            continue;
        }
        count(&mut body, &mut word);
        body.push(letter);
    }
    let mut counters = String::new();
    for index in 0..INSTRUCTIONS.len() {
        let name = format!("$did{index}");
        counters += &format!(
            "(global {name} (export \"did{index}\") (mut i64) (i64.const 0))
             (func {name} (global.set {name} (i64.add (global.get {name}) (i64.const 1))))\n"
        );
    }
    let end = text.rfind(')').expect("the end of the module");
    format!("{}{body}{}{counters})", &text[..first], &text[last..end])
}

/// Puts a word into a body: behind a call, if it is an instruction. Words that are part of
/// a folded instruction follow its parenthesis, which the call has to come before.
fn count(body: &mut String, word: &mut String) {
    let instruction = INSTRUCTIONS.iter().position(|name| name == word);
    if let Some(index) = instruction {
        let folded = body.ends_with('(').then(|| body.pop()).is_some();
        body.push_str(&format!("(call $did{index}) "));
        if folded {
            body.push('(');
        }
    }
    body.push_str(word);
    word.clear();
}

#[test]
fn each_instruction_is_executed() {
    let mut config = Config::new();
    config.continuations_in_objects(ContinuationsInObjects::Trace);
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let mut executed: HashMap<&str, i64> = HashMap::new();
    for seed in 0..300 {
        let text = counted(&program(seed));
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        // Some end in a trap.
        let _ = instance.func(&store, "run").unwrap().call(&mut store, &[]);
        for (index, name) in INSTRUCTIONS.into_iter().enumerate() {
            let global = instance.export(&store, &format!("did{index}"));
            let Some(Extern::Global(global)) = global else {
                panic!("{name} has no counter");
            };
            let Val::I64(count) = global.get(&mut store).unwrap() else {
                panic!("{name} is counted in something else");
            };
            *executed.entry(name).or_default() += count;
        }
    }
    let few = executed.iter().filter(|(_, count)| **count < 3);
    let few: Vec<_> = few.collect();
    assert!(few.is_empty(), "{few:?}");
}

#[test]
fn each_trap_ends_some_program() {
    let mut ended: HashMap<&str, u32> = HashMap::new();
    let mut returned = 0;
    for seed in 0..4_000 {
        match oracle::run(&program(seed)).end {
            End::Trapped(trap) => *ended.entry(trap.name()).or_default() += 1,
            End::Returned => returned += 1,
            End::Thrown => {}
        }
    }
    for trap in [
        Trap::Unreachable,
        Trap::MemoryOutOfBounds,
        Trap::TableOutOfBounds,
        Trap::ArrayOutOfBounds,
        Trap::UndefinedElement,
        Trap::UninitializedElement,
        Trap::IndirectCallMismatch,
        Trap::NullReference,
        Trap::NullFunction,
        Trap::NullStruct,
        Trap::NullArray,
        Trap::NullI31,
        Trap::CastFailure,
        Trap::AllocationTooLarge,
    ] {
        assert!(ended.contains_key(trap.name()), "{trap:?} of {ended:?}");
    }
    assert!(returned > 2_000, "{returned} programs go to their end");
}

/// What is live before a function that consists of these.
fn before(body: Vec<Statement>) -> Live {
    let mut functions = vec![vec![Statement::Collect]];
    functions[0].extend(body);
    let program = Program {
        functions,
        ..Program::default()
    };
    Lifetimes::of(&program).behind(&program.functions[0][0])
}

fn note(from: u8) -> Statement {
    Statement::Heap(Heap::Note { from })
}

/// A function returns its first object.
fn live(things: &[u8]) -> Live {
    let end = Live::default().with(0);
    things.iter().fold(end, |live, &one| live.with_thing(one))
}

#[test]
fn what_lies_below_a_branch_is_needed_where_it_goes() {
    let branch = |to, also| {
        let target = Target::Row(Row::ALL[0]);
        Statement::Heap(Heap::Branch {
            branch: Branch::Cast {
                target,
                nullable: false,
            },
            thing: 0,
            under: 1,
            to,
            also,
            outcome: 0,
        })
    };
    assert_eq!(before(vec![branch(2, 3)]), live(&[0]));
    assert_eq!(before(vec![branch(2, 3), note(2)]), live(&[0, 1]));
    // It stays as it was if the branch is not taken.
    assert_eq!(before(vec![branch(2, 3), note(3)]), live(&[0, 1, 3]));
}

#[test]
fn a_loop_parameter_is_needed_if_it_is_needed_at_its_end() {
    let carry = |body| {
        Statement::Heap(Heap::Carry {
            times: 2,
            into: 1,
            from: 2,
            body,
        })
    };
    assert_eq!(before(vec![carry(vec![])]), live(&[]));
    assert_eq!(before(vec![carry(vec![]), note(1)]), live(&[2]));
    // The next round notes what this one carries.
    assert_eq!(before(vec![carry(vec![note(1)])]), live(&[1, 2]));
}

#[test]
fn conversions_are_moves_and_tests_are_uses() {
    let there = Statement::Heap(Heap::Externalize { to: 0, from: 3 });
    let back = Statement::Heap(Heap::Internalize { to: 1, from: 0 });
    assert_eq!(before(vec![there.clone(), back.clone()]), live(&[]));
    assert_eq!(before(vec![there, back, note(1)]), live(&[3]));
    let test = Statement::Heap(Heap::Test {
        to: 0,
        thing: 2,
        target: Target::None,
        nullable: false,
    });
    assert_eq!(before(vec![test]), live(&[2]));
}
