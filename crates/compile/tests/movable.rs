//! Compiled code keeps no address of its stack: a suspended stack can move.
//!
//! What is looked for in the machine code is an address of a stack slot in a
//! register, `lea r, [rsp + n]` or `mov r, rsp`: nothing the compiler emits
//! needs one, so that none may be there at all, be it kept over a call or not. The
//! one exception is the store that touches the stack below a frame, whose address
//! nobody else uses.

use iced_x86::{Code, Decoder, DecoderOptions, Instruction, Register};
use mangrove_abi::{CodeImage, FunctionKind};
use mangrove_compile::{Hooks, Interruption, OptLevel, Options, compile};
use mangrove_validate::ParsedModule;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn options(opt_level: OptLevel, switches: bool, interrupted: bool) -> Options {
    Options {
        opt_level,
        hooks: Hooks {
            calls: false,
            switches,
        },
        interruption: Interruption {
            epochs: interrupted,
            fuel: interrupted,
        },
        canonical_nans: false,
        slot_names: false,
        checked_memories: false,
        verify_clif: true,
        defect: None,
        stubs: mangrove_stack::arch::stub_image(),
    }
}

/// Whether the instruction puts an address of the stack into a register other
/// than the frame's own two.
fn takes_stack_address(instruction: &Instruction) -> bool {
    let target = instruction.op0_register();
    match instruction.code() {
        Code::Lea_r64_m | Code::Lea_r32_m => {
            let base = instruction.memory_base();
            matches!(base, Register::RSP | Register::RBP)
                && !matches!(target, Register::RSP | Register::RBP)
        }
        Code::Mov_r64_rm64 | Code::Mov_rm64_r64 => {
            instruction.op1_register() == Register::RSP && target != Register::RBP
        }
        _ => false,
    }
}

/// Whether the second instruction stores below the stack pointer that the first
/// has put into a register, as far as a stub's call can reach.
fn touches_below(pointer: &Instruction, store: &Instruction) -> bool {
    let depth = u64::from(mangrove_stack::arch::stub_image().depth);
    let register = pointer.op0_register();
    pointer.code() == Code::Mov_rm64_r64
        && store.code() == Code::Mov_rm64_r64
        && store.memory_base() == register
        && store.op1_register() == register
        && store.memory_displacement64() == depth.wrapping_neg()
}

/// Every instruction of the module's own code that does so, as text.
fn stack_addresses(image: &CodeImage) -> Vec<String> {
    let mut found = Vec::new();
    for function in &image.functions {
        if matches!(function.kind, FunctionKind::Stubs) {
            continue;
        }
        let code = &image.text[function.start.index()..][..function.len as usize];
        let decoder = Decoder::with_ip(64, code, function.start.address(0), DecoderOptions::NONE);
        let instructions: Vec<Instruction> = decoder.into_iter().collect();
        let next = instructions.iter().skip(1).chain(instructions.last());
        for (instruction, next) in instructions.iter().zip(next) {
            if takes_stack_address(instruction) && !touches_below(instruction, next) {
                let at = instruction.ip();
                found.push(format!(
                    "{:?} at {at:#x}: {:?}",
                    function.kind,
                    instruction.code()
                ));
            }
        }
    }
    found
}

/// Compiles a module in every way and expects no stack address in it. A module
/// that does not validate is somebody else's test.
fn check(name: &str, bytes: Vec<u8>) -> usize {
    let Ok(module) = ParsedModule::parse(bytes) else {
        return 0;
    };
    for (level, switches, interrupted) in [
        (OptLevel::Speed, false, false),
        (OptLevel::Speed, true, false),
        (OptLevel::Speed, false, true),
        (OptLevel::None, false, true),
        (OptLevel::Frame, true, false),
    ] {
        let image = compile(&module, &options(level, switches, interrupted)).unwrap();
        let found = stack_addresses(&image);
        assert!(found.is_empty(), "{name}, {level:?}: {found:#?}");
    }
    1
}

/// A function of many references that stay live over calls, used by the
/// arithmetic that loads like to be sunk into.
fn random_function(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let references = 1 + below(12);
    let mut text = String::from("(func");
    for index in 0..references {
        write!(text, " (param $r{index} (ref null $s))").unwrap();
    }
    text.push_str(" (param $n i32) (param $k (ref null $k)) (result i32)\n");
    for _ in 0..6 + below(24) {
        let (a, b) = (below(references), below(references));
        let step = match below(8) {
            0 | 1 => "(call $g)".into(),
            2 => format!(
                "(local.set $n (i32.add (local.get $n) (ref.eq (local.get $r{a}) (local.get $r{b}))))"
            ),
            3 => format!(
                "(local.set $n (i32.xor (struct.get $s 0 (local.get $r{a})) (local.get $n)))"
            ),
            4 => format!("(local.set $r{a} (struct.get $s 1 (local.get $r{b})))"),
            5 => format!("(struct.set $s 1 (local.get $r{a}) (local.get $r{b}))"),
            6 => format!(
                "(if (ref.eq (local.get $r{a}) (local.get $r{b})) (then (call $g) (local.set $n (ref.is_null (local.get $r{a})))))"
            ),
            _ => "(suspend $t (local.get $n)) (local.set $n)".into(),
        };
        text.push_str(&step);
        text.push('\n');
    }
    for index in 0..references {
        write!(
            text,
            "(local.set $n (i32.add (local.get $n) (ref.eq (local.get $r{index}) (local.get $r0))))"
        )
        .unwrap();
    }
    text.push_str("(drop (ref.is_null (local.get $k))) local.get $n)\n");
    text
}

#[test]
fn random_functions_keep_no_stack_address() {
    for module in 0..20_u64 {
        let mut text = String::from(
            "(module (rec (type $s (struct (field (mut i32)) (field (mut (ref null $s))))))
               (type $f (func)) (type $k (cont $f)) (tag $t (param i32) (result i32)) (func $g)\n",
        );
        for function in 0..20 {
            text.push_str(&random_function(1 + 20 * module + function));
        }
        text.push(')');
        let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(check(&format!("module {module}"), bytes), 1);
    }
}

/// All files below a folder of the repository with one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let mut folders = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn programs_keep_no_stack_address() {
    let mut checked = 0;
    for path in files("tools/bench/programs", &["wat"]) {
        checked += check(&path.display().to_string(), wat::parse_file(&path).unwrap());
    }
    assert!(checked >= 5, "{checked} programs");
}

#[test]
fn test_cases_keep_no_stack_address() {
    let mut checked = 0;
    for path in files("gc-tests/cases", &["wat", "wast"]) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        if path.extension().is_some_and(|extension| extension == "wat") {
            checked += check(&name, wat::parse_str(&text).unwrap());
            continue;
        }
        let buffer = wast::parser::ParseBuffer::new(&text).unwrap();
        // A script that cannot be read is found by those who run it.
        let Ok(script) = wast::parser::parse::<wast::Wast<'_>>(&buffer) else {
            continue;
        };
        for directive in script.directives {
            if let wast::WastDirective::Module(mut module) = directive {
                checked += check(&name, module.encode().unwrap());
            }
        }
    }
    assert!(checked >= 20, "{checked} modules");
}

/// The functions of a module, in order, and whether each touches the stack.
fn touching(text: &str) -> Vec<bool> {
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    let image = compile(&module, &options(OptLevel::Speed, false, false)).unwrap();
    let touches = |&index: &u32| {
        let function = &image.functions[index as usize];
        let code = &image.text[function.start.index()..][..function.len as usize];
        let decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
        let instructions: Vec<Instruction> = decoder.into_iter().collect();
        let mut pairs = instructions.windows(2);
        pairs.any(|pair| touches_below(&pair[0], &pair[1]))
    };
    image.defined.iter().map(touches).collect()
}

/// What changes words that have to agree, and what does not.
#[test]
fn steps_that_must_not_be_cut_touch_the_stack_first() {
    let kept = [
        "(drop (cont.new $k (ref.func $g)))",
        "(drop (cont.bind $kp $k (i32.const 1) (cont.new $kp (ref.func $p))))",
        "(resume $k (global.get $c))",
        "(resume_throw $k $e (global.get $c))",
        "(resume_throw_ref $k (ref.null exn) (global.get $c))",
        "(suspend $t)",
        "(drop (switch $ks $swap (ref.null $ks)))",
        "(global.set $c (ref.null $k))",
        "(table.set $conts (i32.const 0) (ref.null $k))",
        "(struct.set $box 0 (global.get $box) (global.get $c))",
        "(array.set $boxes (global.get $boxes) (i32.const 0) (global.get $c))",
        "(array.fill $boxes (global.get $boxes) (i32.const 0) (global.get $c) (i32.const 3))",
    ];
    let free = [
        "(call $g)",
        "(throw $e)",
        "(global.set $s (struct.new $s (i32.const 1)))",
        "(table.set $any (i32.const 0) (global.get $s))",
        "(drop (table.get $conts (i32.const 0)))",
        "(drop (struct.get $box 0 (global.get $box)))",
        "(global.set $box (struct.new $box (global.get $c)))",
        "(global.set $boxes (array.new $boxes (global.get $c) (i32.const 9)))",
        "(throw $ek (global.get $c))",
    ];
    let mut text = String::from(
        "(module (type $s (struct (field i32))) (type $f (func)) (type $k (cont $f))
           (type $fp (func (param i32))) (type $kp (cont $fp))
           (rec (type $fs (func (param (ref null $ks)))) (type $ks (cont $fs)))
           (tag $t) (tag $e) (tag $swap) (tag $ek (param (ref null $k)))
           (type $box (struct (field (mut (ref null $k))))) (type $boxes (array (mut (ref null $k))))
           (global $box (mut (ref null $box)) (ref.null $box))
           (global $boxes (mut (ref null $boxes)) (ref.null $boxes))
           (table $conts 1 (ref null $k)) (table $any 1 anyref)
           (global $c (mut (ref null $k)) (ref.null $k)) (global $s (mut (ref null $s)) (ref.null $s))
           (elem declare func $g $p) (func $g) (func $p (type $fp))",
    );
    for body in kept.iter().chain(&free) {
        write!(text, "(func {body})").unwrap();
    }
    text.push(')');
    let found = touching(&text).split_off(2);
    for (body, touches) in kept.iter().chain(&free).zip(found) {
        assert_eq!(touches, kept.contains(body), "{body}");
    }
}
