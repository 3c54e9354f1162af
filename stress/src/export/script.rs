//! A program as a script that asserts what must come of it.

use super::program::{Ending, Program};
use std::fmt::Write;

/// The function that programs import, doing nothing. An engine that collects in a function
/// of its own leaves this out and has it registered as `gc`.
const COLLECTOR: &str = "(module (func (export \"collect\")))";

/// The reason of a trap that has an assertion of its own.
const UNHANDLED: &str = "unhandled tag";

impl Program {
    /// The script, with the module as text.
    pub fn script(&self) -> String {
        self.asserted(COLLECTOR, &self.wat)
    }

    /// The script, with modules as binary.
    pub fn binary_script(&self) -> String {
        let collector = wat::parse_str(COLLECTOR).unwrap_or_default();
        let collector = format!("(module binary{})\n", literal(&collector));
        self.asserted(
            &collector,
            &format!("(module binary{})\n", literal(&self.wasm)),
        )
    }

    fn asserted(&self, collector: &str, module: &str) -> String {
        let mut text = format!(";; {}: {}\n", self.name(), self.parameters);
        text.push_str(collector);
        text.push_str("\n(register \"gc\")\n");
        text.push_str(module);
        let arguments: String = self
            .arguments
            .iter()
            .map(|value| format!(" (i32.const {value})"))
            .collect();
        let call = format!("(invoke \"run\"{arguments})");
        // Writing to a string cannot fail.
        let _ = match &self.ending {
            Ending::Returns(value) => writeln!(text, "(assert_return {call} (i64.const {value}))"),
            // Scripts tell a suspension that nobody handles from other traps.
            Ending::Traps(UNHANDLED) => {
                writeln!(text, "(assert_suspension {call} \"{UNHANDLED}\")")
            }
            Ending::Traps(reason) => writeln!(text, "(assert_trap {call} \"{reason}\")"),
            Ending::Throws => writeln!(text, "(assert_exception {call})"),
        };
        for (name, value) in &self.globals {
            let _ = writeln!(text, "(assert_return (get \"{name}\") (i64.const {value}))");
        }
        text
    }
}

/// Bytes as strings of a script, in lines.
fn literal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len() + bytes.len() / 8);
    for line in bytes.chunks(32) {
        text.push_str("\n  \"");
        for byte in line {
            let _ = write!(text, "\\{byte:02x}");
        }
        text.push('"');
    }
    text
}
