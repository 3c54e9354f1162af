//! From a seed to an input: a module, a script or a compiled file that is wrong in
//! some way, or once was.

use crate::corpus::Corpus;
use mangrove_workers::Rng;

/// Bytes that mean something in many places: small numbers, LEB128 that goes on,
/// opcodes of prefixes, types.
const BYTES: [u8; 24] = [
    0x00, 0x01, 0x02, 0x03, 0x0b, 0x1f, 0x3f, 0x40, 0x41, 0x5e, 0x5f, 0x60, 0x63, 0x64, 0x6e, 0x70,
    0x7f, 0x80, 0xe0, 0xe3, 0xe5, 0xfb, 0xfd, 0xff,
];
/// Opcodes of one type each, and small numbers: a module often stays valid if one takes the
/// place of another.
const ALIKE: [std::ops::RangeInclusive<u8>; 9] = [
    0x46..=0x4f, // comparisons of i32
    0x51..=0x5a, // of i64
    0x67..=0x69, // i32 to i32
    0x6a..=0x78, // two i32 to one
    0x7c..=0x8a, // two i64 to one
    0xa0..=0xa6, // two f64 to one
    0x20..=0x22, // locals
    0x0c..=0x0d, // branches
    0x00..=0x06, // indices and numbers
];
/// Words and numbers that change what a script means.
const TOKENS: [&str; 24] = [
    "0",
    "1",
    "-1",
    "4294967295",
    "18446744073709551615",
    "nan",
    "inf",
    "i32",
    "i64",
    "v128",
    "(ref null cont)",
    "(ref null 0)",
    "anyref",
    "suspend",
    "resume",
    "switch",
    "cont.new",
    "struct.new",
    "array.new",
    "throw",
    "call",
    "return_call",
    "module",
    ")",
];

/// What is done with an input.
#[derive(Debug)]
pub enum Input {
    /// Validated, compiled, instantiated and run.
    Module(Vec<u8>),
    /// Run as a script.
    Script(String),
    /// A valid module, whose compiled form is damaged by this seed.
    Compiled(Vec<u8>, u64),
    /// Nothing came of this seed.
    Nothing,
}

impl Input {
    /// The input of a seed, and how it came about.
    pub fn of(seed: u64, corpus: &Corpus) -> (&'static str, Self) {
        let mut rng = Rng::new(seed);
        let start = rng.pick(&corpus.modules).clone();
        match rng.below(100) {
            0..5 => ("truncated", Self::Module(truncate(start, &mut rng))),
            5..50 => ("bytes", Self::Module(bytes(start, &mut rng))),
            50..55 => ("sections", Self::Module(sections(start, corpus, &mut rng))),
            55..60 => ("custom", Self::Module(custom(start, &mut rng))),
            60..72 => ("mutated", generators::mutate(start, &mut rng)),
            72..84 => ("generated", generators::generate(&mut rng)),
            84..94 => (
                "script",
                Self::Script(script(rng.pick::<String>(&corpus.scripts), &mut rng)),
            ),
            _ => ("compiled", Self::Compiled(start, rng.number())),
        }
    }
}

fn truncate(mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    bytes.truncate(rng.below(bytes.len()));
    bytes
}

/// Some bytes replaced, flipped, inserted, removed or copied.
pub fn bytes(mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    let mut times = 1;
    while times < 8 && rng.chance(1, 2) {
        times += 1;
    }
    // The first eight say that it is a module, and are right in most inputs.
    let head = if rng.chance(1, 50) {
        0
    } else {
        8.min(bytes.len())
    };
    for _ in 0..times {
        if rng.chance(1, 2) && alike(&mut bytes[head..], rng) {
            continue;
        }
        let at = head + rng.below(bytes.len() - head);
        if at >= bytes.len() {
            bytes.push(*rng.pick(&BYTES));
            continue;
        }
        match rng.below(8) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.number() as u8,
            2 | 3 => bytes[at] = *rng.pick(&BYTES),
            4 => bytes[at] = bytes[at].wrapping_add(1),
            5 => bytes[at] = bytes[at].wrapping_sub(1),
            6 => {
                let to = bytes.len().min(at + 1 + rng.below(4));
                if rng.chance(1, 2) {
                    bytes.drain(at..to);
                } else {
                    let copied = bytes[at..to].to_vec();
                    bytes.splice(at..at, copied);
                }
            }
            _ => bytes.insert(at, *rng.pick(&BYTES)),
        }
    }
    bytes
}

/// Replaces a byte by one like it; whether one was found.
fn alike(bytes: &mut [u8], rng: &mut Rng) -> bool {
    for _ in 0..16 {
        let at = rng.below(bytes.len());
        let Some(byte) = bytes.get_mut(at) else {
            return false;
        };
        if let Some(class) = ALIKE.iter().find(|class| class.contains(byte)) {
            let count = usize::from(class.end() - class.start()) + 1;
            *byte = class.start() + rng.below(count) as u8;
            return true;
        }
    }
    false
}

/// The places of a binary's sections: id, content, and where it begins and ends.
fn places(module: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    let mut at = 8;
    while at < module.len() {
        let (mut len, mut shift, mut next) = (0_usize, 0, at + 1);
        while let Some(&byte) = module.get(next) {
            next += 1;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 28 {
                break;
            }
        }
        let end = (next + len).min(module.len());
        places.push(at..end);
        at = end;
    }
    places
}

/// A section left out, doubled, moved, or taken from another module.
fn sections(mut module: Vec<u8>, corpus: &Corpus, rng: &mut Rng) -> Vec<u8> {
    let own = places(&module);
    if own.is_empty() {
        return module;
    }
    let place = rng.pick(&own).clone();
    let content = module[place.clone()].to_vec();
    let at = rng.pick(&own).start;
    match rng.below(4) {
        0 => drop(module.drain(place)),
        1 => drop(module.splice(at..at, content)),
        2 => {
            module.drain(place);
            let at = at.min(module.len());
            module.splice(at..at, content);
        }
        _ => {
            let other = rng.pick(&corpus.modules);
            let theirs = places(other);
            if !theirs.is_empty() {
                module.splice(place, other[rng.pick(&theirs).clone()].iter().copied());
            }
        }
    }
    module
}

/// A custom section with a name that is looked at, and content that is not as it should be.
fn custom(mut module: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    const NAMES: [&[u8]; 8] = [
        b"name",
        b"metadata.code.branch_hint",
        b"producers",
        b"target_features",
        b".debug_info",
        b".debug_line",
        b"\xff\xfe",
        b"",
    ];
    let name = *rng.pick(&NAMES);
    let mut content = vec![name.len() as u8];
    content.extend_from_slice(name);
    // Subsections of their own lengths, function and local indices, and names.
    for _ in 0..rng.below(6) {
        content.push(rng.below(12) as u8);
        content.push(rng.below(20) as u8);
        for _ in 0..rng.below(12) {
            content.push(if rng.chance(1, 2) {
                rng.below(8) as u8
            } else {
                *rng.pick(&BYTES)
            });
        }
    }
    let own = places(&module);
    let at = if own.is_empty() || rng.chance(1, 2) {
        module.len()
    } else {
        rng.pick(&own).start
    };
    let len = content.len().min(127);
    content.truncate(len);
    let mut section = vec![0, len as u8];
    section.extend(content);
    module.splice(at..at, section);
    module
}

/// A script with words replaced, removed, doubled or put in.
fn script(text: &str, rng: &mut Rng) -> String {
    let mut words: Vec<&str> = text.split_inclusive([' ', '\n', '(', ')']).collect();
    for _ in 0..=rng.below(4) {
        let at = rng.below(words.len());
        match rng.below(5) {
            0 => drop(words.drain(at..words.len().min(at + 1))),
            1 => words.insert(at, " "),
            2 => words.insert(at, *rng.pick::<&str>(&TOKENS)),
            3 if at < words.len() => words[at] = *rng.pick::<&str>(&TOKENS),
            _ => {
                let other = words.get(rng.below(words.len())).copied().unwrap_or("(");
                words.insert(at, other);
            }
        }
        words.insert((at + 1).min(words.len()), " ");
    }
    let mut text = words.concat();
    if rng.chance(1, 8) {
        let mut raw = text.into_bytes();
        for _ in 0..=rng.below(3) {
            let at = rng.below(raw.len());
            if let Some(byte) = raw.get_mut(at) {
                *byte = rng.number() as u8;
            }
        }
        text = String::from_utf8_lossy(&raw).into_owned();
    }
    text
}

#[cfg(feature = "generators")]
mod generators {
    //! What needs other tools.

    use super::{Input, bytes};
    use arbitrary::Unstructured;
    use mangrove_workers::Rng;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use wasm_mutate::WasmMutate;
    use wasm_smith::{Config, Module};

    /// One of the first changes that wasm-mutate thinks of.
    pub fn mutate(start: Vec<u8>, rng: &mut Rng) -> Input {
        let (seed, skip) = (rng.number(), rng.below(4));
        let preserve = rng.chance(1, 4);
        // What it does not know, or fails at, is changed byte by byte.
        let changed = catch_unwind(AssertUnwindSafe(|| {
            let mut tool = WasmMutate::default();
            tool.seed(seed).fuel(50).preserve_semantics(preserve);
            let mut all = tool.run(&start).ok()?;
            all.nth(skip)?.ok()
        }));
        match changed {
            Ok(Some(changed)) => Input::Module(changed),
            _ => Input::Module(bytes(start, rng)),
        }
    }

    /// A module of wasm-smith, half of them with changed bytes.
    pub fn generate(rng: &mut Rng) -> Input {
        let config = Config {
            compact_imports_enabled: false,
            custom_page_sizes_enabled: false,
            export_everything: true,
            gc_enabled: rng.chance(2, 3),
            exceptions_enabled: rng.chance(1, 2),
            tail_call_enabled: true,
            memory64_enabled: rng.chance(1, 3),
            max_imports: if rng.chance(3, 4) { 0 } else { 10 },
            max_instructions: 20 << rng.below(5),
            max_memory32_bytes: 16 << 16,
            max_memory64_bytes: 16 << 16,
            max_table_elements: 1000,
            relaxed_simd_enabled: rng.chance(1, 2),
            threads_enabled: false,
            wide_arithmetic_enabled: false,
            ..Config::default()
        };
        let size = 1 << (9 + rng.below(6));
        let noise = rng.bytes(size);
        let Ok(mut module) = Module::new(config, &mut Unstructured::new(&noise)) else {
            return Input::Nothing;
        };
        if module.ensure_termination(1000).is_err() {
            return Input::Nothing;
        }
        let module = module.to_bytes();
        Input::Module(if rng.chance(1, 2) {
            bytes(module, rng)
        } else {
            module
        })
    }
}

#[cfg(not(feature = "generators"))]
mod generators {
    //! Without these tools their seeds are left out.

    use super::Input;
    use mangrove_workers::Rng;

    pub fn mutate(_: Vec<u8>, _: &mut Rng) -> Input {
        Input::Nothing
    }

    pub fn generate(_: &mut Rng) -> Input {
        Input::Nothing
    }
}
