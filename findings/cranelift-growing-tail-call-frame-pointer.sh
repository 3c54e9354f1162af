#!/usr/bin/env bash
# cranelift-codegen 0.135.8, x86-64, CallConv::Tail, preserve_frame_pointers=true.
#
# A guess: with preserve_frame_pointers, once `push rbp; mov rbp, rsp` is done, rbp points to
# the saved frame pointer and the return address above it, until the epilogue.
# What happens: a function that tail-calls with more stack arguments than it got moves its frame
# down in the prologue, and sets rbp to the new place *before* it copies the two words there:
#   push rbp; mov rbp, rsp; sub rsp, n; mov rbp, rsp; mov r11, [rsp+n]; mov [rsp], r11; ...
# Whoever looks between (a profiler's sample; a signal handler, because the first store hits
# the guard page of the stack) finds a frame pointer to memory that holds no frame, or that
# cannot be read.
#
# Needs cargo. Installs into a temporary folder; fails if the order of the instructions changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
cranelift-codegen = { version = "=0.135.8", default-features = false, features = ["std", "x86"] }
cranelift-frontend = "=0.135.8"
iced-x86 = { version = "=1.21.0", default-features = false, features = ["std", "decoder", "gas"] }
target-lexicon = "0.13"
TOML
cat > "$work/src/main.rs" <<'RUST'
use cranelift_codegen::Context;
use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, Function, InstBuilder};
use cranelift_codegen::ir::{Signature, UserExternalName, UserFuncName, types::I64};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter};

fn main() {
    let mut flags = settings::builder();
    flags.set("preserve_frame_pointers", "true").unwrap();
    flags.set("unwind_info", "false").unwrap();
    let isa = cranelift_codegen::isa::lookup("x86_64-unknown-linux-gnu".parse().unwrap())
        .unwrap()
        .finish(settings::Flags::new(flags))
        .unwrap();
    // fn caller() { return_call callee(0, 0, ... twenty of them) }
    let mut function = Function::with_name_signature(
        UserFuncName::default(),
        Signature::new(CallConv::Tail),
    );
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let block = b.create_block();
    b.switch_to_block(block);
    b.seal_block(block);
    let mut signature = Signature::new(CallConv::Tail);
    signature.params = vec![AbiParam::new(I64); 20];
    let signature = b.import_signature(signature);
    let name = b.func.declare_imported_user_function(UserExternalName::new(0, 1));
    let callee = b.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    });
    let zero = b.ins().iconst(I64, 0);
    b.ins().return_call(callee, &[zero; 20]);
    b.finalize(isa.frontend_config());
    let mut compiled = Context::for_function(function);
    let code = compiled.compile(&*isa, &mut Default::default()).unwrap().code_buffer().to_vec();
    let mut formatter = GasFormatter::new();
    for instruction in Decoder::new(64, &code, DecoderOptions::NONE).into_iter().take(8) {
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        println!("{text}");
    }
}
RUST
cargo run --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target" > "$work/seen"
cat "$work/seen"
line() { sed -n "$1p" "$work/seen"; }
[[ "$(line 2)" == *"%rsp,%rbp"* && "$(line 4)" == *"%rsp,%rbp"* && "$(line 6)" == *"%r11,(%rsp)"* ]] || {
    echo "changed: the frame pointer is no longer moved before the words it points to" >&2
    exit 1
}
echo "as found: rbp is moved (4th instruction) before the saved frame pointer is stored there (6th)"
