//! Where each statement's instruction is in the module: its function, and its offset.
//!
//! The instructions a frame can stand at are found in the binary, in order; the
//! statements they were made from are gone through in the same order.

use crate::random::ast::{Block, Program, Statement};
use crate::random::control::ast::{By, Control, Fault, Way};
use crate::random::heap::ast::{Bare, Heap, Via};
use mangrove::Error;
use std::collections::HashMap;
use wasmparser::{Operator, Parser, Payload, TypeRef, ValType};

/// The imports that collect: of a program for the suite, and of one for every engine.
const COLLECTS: [(&str, &str); 2] = [("oracle", "gc"), crate::export::COLLECT];

/// The places of a program.
#[derive(Debug)]
pub struct Places {
    of: HashMap<*const Statement, (u32, u32)>,
    /// The globals that hold references, in order.
    pub globals: Vec<u32>,
}

/// What a statement's instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instruction {
    Collect,
    Call,
    Resume,
    Suspend,
    New,
    ResumeThrow,
    ResumeThrowRef,
    Switch,
    Throw,
    CallRef,
    CallIndirect,
}

impl Places {
    /// Function and offset of the instruction that a statement was made into.
    ///
    /// # Panics
    /// If nothing ever stands there.
    pub fn of(&self, statement: &Statement) -> (u32, u32) {
        self.of[&std::ptr::from_ref(statement)]
    }

    /// Finds the places of a program in the module it was made into.
    ///
    /// # Errors
    /// The module is none, or not what this program is made into.
    pub fn find(program: &Program, binary: &[u8]) -> Result<Self, Error> {
        let module = Module::read(binary).map_err(|error| Error::Usage(error.to_string()))?;
        let mut of = HashMap::new();
        // The program's functions are the last but one.
        let first = (module.functions.len() - 1).checked_sub(program.functions.len());
        let first = first.ok_or_else(|| Error::Usage("functions are missing".to_owned()))?;
        for (body, (function, found)) in program.functions.iter().zip(&module.functions[first..]) {
            let mut statements = Vec::new();
            list(body, &mut statements);
            let kinds = statements.iter().map(|&(kind, _)| kind);
            if !kinds.eq(found.iter().map(|&(kind, _)| kind)) {
                let message = format!("func {function} has not the instructions it was made of");
                return Err(Error::Usage(message));
            }
            let pairs = statements.iter().zip(found);
            of.extend(pairs.map(|(&(_, statement), &(_, offset))| {
                (std::ptr::from_ref(statement), (*function, offset))
            }));
        }
        let globals = module.globals;
        Ok(Self { of, globals })
    }
}

/// The statements of a block that a frame can stand at, in the order of their instructions.
fn list<'p>(block: &'p Block, into: &mut Vec<(Instruction, &'p Statement)>) {
    for statement in block {
        let kind = match statement {
            Statement::Collect => Some(Instruction::Collect),
            Statement::Call { .. } => Some(Instruction::Call),
            Statement::Resume { .. } => Some(Instruction::Resume),
            Statement::Suspend { .. } => Some(Instruction::Suspend),
            Statement::New { .. } => Some(Instruction::New),
            Statement::Control(control) => of_control(control),
            Statement::Heap(heap) => of_heap(heap),
            _ => None,
        };
        into.extend(kind.map(|kind| (kind, statement)));
        for inner in statement.blocks() {
            list(inner, into);
        }
    }
}

/// The instruction of a statement of control that a frame can stand at.
fn of_control(control: &Control) -> Option<Instruction> {
    Some(match control {
        Control::Resume { way, .. } => match way {
            Way::Values { .. } | Way::Bound { .. } => Instruction::Resume,
            Way::Throw { .. } => Instruction::ResumeThrow,
            Way::ThrowRef { .. } => Instruction::ResumeThrowRef,
        },
        Control::Suspend { .. } | Control::Yield { .. } => Instruction::Suspend,
        Control::Switch { .. } => Instruction::Switch,
        Control::Throw { .. } => Instruction::Throw,
        Control::Call { by, .. } => match by {
            By::Index => Instruction::Call,
            By::Table => Instruction::CallIndirect,
            By::Reference => Instruction::CallRef,
        },
        Control::CallVariable { .. } => Instruction::CallRef,
        Control::Stop(fault) => match fault {
            Fault::ResumeNull | Fault::ResumeConsumed => Instruction::Resume,
            Fault::ThrowIntoNull | Fault::ThrowIntoConsumed => Instruction::ResumeThrow,
            Fault::SwitchNull | Fault::SwitchConsumed | Fault::SwitchUnhandled => {
                Instruction::Switch
            }
            Fault::SuspendUnhandled => Instruction::Suspend,
            Fault::CallNull => Instruction::CallRef,
            Fault::CallUndefined | Fault::CallUninitialized | Fault::CallMismatch => {
                Instruction::CallIndirect
            }
            Fault::Uncaught => Instruction::Throw,
            _ => return None,
        },
        _ => return None,
    })
}

/// The instruction of a statement on objects that a frame can stand at.
fn of_heap(heap: &Heap) -> Option<Instruction> {
    match heap {
        heap if heap.allocates() => Some(Instruction::New),
        Heap::CallLeaf { via, .. } | Heap::CallFunction { via, .. } => Some(match via {
            Via::Reference => Instruction::CallRef,
            Via::Table => Instruction::CallIndirect,
        }),
        Heap::Bare { bare, .. } => match bare {
            Bare::CallRef => Some(Instruction::CallRef),
            Bare::CallIndirect => Some(Instruction::CallIndirect),
            _ => None,
        },
        _ => None,
    }
}

/// What is to be known of a module.
#[derive(Default)]
struct Module {
    imported: u32,
    /// The import that collects.
    collect: Option<u32>,
    globals: Vec<u32>,
    /// By function: its index, and the instructions in it that a frame can stand at.
    functions: Vec<(u32, Vec<(Instruction, u32)>)>,
}

impl Module {
    fn read(binary: &[u8]) -> Result<Self, wasmparser::BinaryReaderError> {
        let mut module = Self::default();
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(binary) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        if matches!(import.ty, TypeRef::Func(_)) {
                            let collects = COLLECTS.contains(&(import.module, import.name));
                            module.collect = module.collect.or(collects.then_some(module.imported));
                            module.imported += 1;
                        }
                    }
                }
                Payload::GlobalSection(globals) => {
                    for (index, global) in (0..).zip(globals) {
                        let is_reference = matches!(global?.ty.content_type, ValType::Ref(_));
                        module.globals.extend(is_reference.then_some(index));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        for (index, body) in (module.imported..).zip(bodies) {
            let mut found = Vec::new();
            for operator in body.get_operators_reader()?.into_iter_with_offsets() {
                let (operator, offset) = operator?;
                let kind = match operator {
                    Operator::Call { function_index } if Some(function_index) == module.collect => {
                        Some(Instruction::Collect)
                    }
                    // Functions of the program call those behind them; helpers come before.
                    Operator::Call { function_index } if function_index > index => {
                        Some(Instruction::Call)
                    }
                    Operator::Resume { .. } => Some(Instruction::Resume),
                    Operator::Suspend { .. } => Some(Instruction::Suspend),
                    Operator::StructNew { .. }
                    | Operator::StructNewDefault { .. }
                    | Operator::ArrayNew { .. }
                    | Operator::ArrayNewDefault { .. }
                    | Operator::ArrayNewFixed { .. }
                    | Operator::ArrayNewData { .. }
                    | Operator::ArrayNewElem { .. } => Some(Instruction::New),
                    Operator::ResumeThrow { .. } => Some(Instruction::ResumeThrow),
                    Operator::ResumeThrowRef { .. } => Some(Instruction::ResumeThrowRef),
                    Operator::Switch { .. } => Some(Instruction::Switch),
                    Operator::Throw { .. } => Some(Instruction::Throw),
                    Operator::CallRef { .. } => Some(Instruction::CallRef),
                    Operator::CallIndirect { .. } => Some(Instruction::CallIndirect),
                    _ => None,
                };
                found.extend(kind.map(|kind| (kind, offset as u32)));
            }
            module.functions.push((index, found));
        }
        Ok(module)
    }
}
