//! The program's text.

use super::shape::{
    ARGUMENTS, Frame, Held, Kind, OPERANDS, Shape, TOKEN_IN, TOKEN_OUT, Via, phase_number,
    slot_number,
};
use crate::programs::module;

const OBJECTS: &str = include_str!("../../../programs/suspended_objects.wat");
const DRIVER: &str = include_str!("../../../programs/suspended_driver.wat");

/// The whole module.
pub fn program(shape: &Shape) -> String {
    let mut text = OBJECTS.to_owned();
    text.push_str(&format!(
        "\n  (global $chain i64 (i64.const {}))\n  (global $phases i32 (i32.const {}))\n",
        shape.chain(),
        shape.phases
    ));
    for (index, frame) in shape.frames.iter().enumerate() {
        text.push_str(&types(index, frame));
    }
    for (index, frame) in shape.frames.iter().enumerate() {
        let last = index + 1 == shape.frames.len();
        text.push_str(&settle(index, frame, last));
        text.push_str(&function(shape, index, frame));
    }
    let innermost = shape.frames.len() - 1;
    text.push('\n');
    text.push_str(&driver(&shape.frames[0], innermost));
    module(shape.salt, &text)
}

/// Static type of a reference.
fn ty(held: Held) -> &'static str {
    match held.kind {
        _ if held.loose => "anyref",
        Kind::Box => "(ref $box)",
        Kind::Pair => "(ref $pair)",
        Kind::Longs => "(ref $longs)",
        Kind::I31 => "(ref i31)",
        Kind::Null => "(ref null $box)",
    }
}

/// Names the helpers for an object: `$new_box`, `$check_box`.
fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Box => "box",
        Kind::Pair => "pair",
        Kind::Longs => "longs",
        Kind::I31 => "i31",
        Kind::Null => "null",
    }
}

fn types_of(held: &[Held]) -> String {
    held.iter().map(|&held| format!(" {}", ty(held))).collect()
}

/// The function and continuation type of a frame.
fn types(index: usize, frame: &Frame) -> String {
    format!(
        "  (type $frame{index} (func (param i64{}) (result i64)))\n  \
         (type $start{index} (cont $frame{index}))\n  \
         (elem declare func $frame{index})\n",
        types_of(&frame.arguments)
    )
}

/// The number of an object of continuation `$i`, as an expression.
fn number(frame: usize, slot: usize, phase: u32) -> String {
    let constant = slot_number(frame, slot) + phase_number(phase);
    format!("(call $number (local.get $i) (i64.const {constant}))")
}

/// Expressions that make the objects of these slots.
fn make(held: &[Held], frame: usize, first: usize, phase: u32) -> String {
    held.iter()
        .enumerate()
        .map(|(index, held)| {
            let number = number(frame, first + index, phase);
            format!("    (call $new_{} {number})\n", noun(held.kind))
        })
        .collect()
}

/// Folds the checked contents of a variable into `$sum`.
fn read(held: Held, variable: &str, frame: usize, slot: usize, phase: &str) -> String {
    let constant = slot_number(frame, slot);
    let number = format!("(i64.add (call $number (local.get $i) (i64.const {constant})) {phase})");
    format!(
        "    (local.set $sum (call $fold (local.get $sum)\n      \
         (call $check_{} (local.get ${variable}) {number})))\n",
        noun(held.kind)
    )
}

/// `$settleN`: takes the operands a frame held, what its call returned, and the
/// twin of the first operand; checks all and returns their sum.
fn settle(index: usize, frame: &Frame, last: bool) -> String {
    let mut params = String::new();
    for (operand, &held) in frame.operands.iter().enumerate() {
        params.push_str(&format!(" (param $o{operand} {})", ty(held)));
    }
    let inner = if last { "(ref null $box)" } else { "i64" };
    let mut text = format!(
        "\n  (func $settle{index}{params} (param $inner {inner}) (param $twin (ref $box))\n    \
         (param $i i64) (param $phase i64) (result i64)\n    (local $sum i64)\n"
    );
    for (operand, &held) in frame.operands.iter().enumerate() {
        let (variable, slot) = (format!("o{operand}"), OPERANDS + operand);
        text.push_str(&read(held, &variable, index, slot, "(local.get $phase)"));
    }
    let first = if frame.operands[0].loose {
        "(ref.cast (ref null eq) (local.get $o0))"
    } else {
        "(local.get $o0)"
    };
    text.push_str(&format!(
        "    (if (i32.eqz (ref.eq {first} (local.get $twin)))\n      \
         (then (call $fault {} (i64.const -2))))\n",
        number(index, OPERANDS, 0)
    ));
    let inner = if last {
        format!(
            "(call $check_box (local.get $inner) (i64.add {} (local.get $phase)))",
            number(index, TOKEN_IN, 0)
        )
    } else {
        "(local.get $inner)".to_owned()
    };
    text + &format!("    (call $fold (local.get $sum) {inner}))\n")
}

/// `$frameN`: makes its objects, calls (or suspends) with all of them live, and
/// reads them again.
fn function(shape: &Shape, index: usize, frame: &Frame) -> String {
    let mut text = format!("\n  (func $frame{index} (type $frame{index}) (param $i i64)");
    for (argument, &held) in frame.arguments.iter().enumerate() {
        text.push_str(&format!(" (param $a{argument} {})", ty(held)));
    }
    text.push_str(" (result i64)\n    (local $sum i64) (local $twin (ref $box))\n");
    text.push_str("    (local $inner i64) (local $float f64) (local $vector v128)\n");
    for (local, &held) in frame.locals.iter().enumerate() {
        text.push_str(&format!("    (local $l{local} {})\n", ty(held)));
    }
    for (local, held) in frame.locals.iter().enumerate() {
        let make = make(std::slice::from_ref(held), index, local, 0);
        text.push_str(&format!("    (local.set $l{local}\n  {make}    )\n"));
    }
    if frame.scalars {
        text.push_str(
            "    (local.set $float (f64.convert_i64_s (local.get $i)))\n    \
             (local.set $vector (i64x2.splat (local.get $i)))\n",
        );
    }
    match shape.frames.get(index + 1) {
        Some(next) => text.push_str(&calling(index, frame, next)),
        None => (0..shape.phases).for_each(|phase| {
            text.push_str(&suspending(index, frame, phase));
        }),
    }
    for (argument, &held) in frame.arguments.iter().enumerate() {
        let variable = format!("a{argument}");
        text.push_str(&read(
            held,
            &variable,
            index,
            ARGUMENTS + argument,
            "(i64.const 0)",
        ));
    }
    for (local, &held) in frame.locals.iter().enumerate() {
        text.push_str(&read(
            held,
            &format!("l{local}"),
            index,
            local,
            "(i64.const 0)",
        ));
    }
    if frame.scalars {
        text.push_str(&format!(
            "    (if (i32.or\n        \
             (f64.ne (local.get $float) (f64.convert_i64_s (local.get $i)))\n        \
             (i64.ne (i64x2.extract_lane 1 (local.get $vector)) (local.get $i)))\n      \
             (then (call $fault {} (i64.const -3))))\n",
            number(index, 0, 0)
        ));
    }
    text.push_str("    (local.get $sum))\n");
    text
}

/// Operands on the stack, then the call of the next frame, then `$settleN` takes them all.
fn calling(index: usize, frame: &Frame, next: &Frame) -> String {
    let callee = index + 1;
    let call = match frame.via {
        Via::Call => format!("    call $frame{callee}\n"),
        Via::CallRef => format!("    ref.func $frame{callee}\n    call_ref $frame{callee}\n"),
        Via::Resume => format!(
            "    (cont.new $start{callee} (ref.func $frame{callee}))\n    resume $start{callee}\n"
        ),
    };
    format!(
        "{operands}    local.get $i\n{arguments}{call}{settle}",
        operands = operands(index, frame, 0),
        arguments = make(&next.arguments, callee, ARGUMENTS, 0),
        settle = settled(index, 0),
    )
}

/// The same around a `suspend`.
fn suspending(index: usize, frame: &Frame, phase: u32) -> String {
    format!(
        "{operands}    (call $new_box {token})\n    suspend $pause\n{settle}",
        operands = operands(index, frame, phase),
        token = number(index, TOKEN_OUT, phase),
        settle = settled(index, phase),
    )
}

/// Makes the operands; the first becomes the twin as well.
fn operands(index: usize, frame: &Frame, phase: u32) -> String {
    let first = make(&frame.operands[..1], index, OPERANDS, phase);
    let rest = make(&frame.operands[1..], index, OPERANDS + 1, phase);
    format!("{first}    local.tee $twin\n{rest}")
}

fn settled(index: usize, phase: u32) -> String {
    format!(
        "    local.get $twin\n    local.get $i\n    i64.const {}\n    call $settle{index}\n    \
         local.set $inner\n    (local.set $sum (call $fold (local.get $sum) (local.get $inner)))\n",
        phase_number(phase)
    )
}

/// The loops around it all, with the first frame's arguments filled in.
fn driver(outermost: &Frame, innermost: usize) -> String {
    DRIVER
        .replace(
            "    ;; ARGUMENTS\n",
            &make(&outermost.arguments, 0, ARGUMENTS, 0),
        )
        .replace("$TOKEN_OUT", &slot_number(innermost, TOKEN_OUT).to_string())
        .replace("$TOKEN_IN", &slot_number(innermost, TOKEN_IN).to_string())
}
