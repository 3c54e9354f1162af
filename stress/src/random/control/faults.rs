//! Ends before the end: what an instruction does that traps, as text, and what it is.

use super::ast::Fault;
use crate::random::oracle::Trap;

impl Fault {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Unreachable,
        Self::ResumeNull,
        Self::BindNull,
        Self::ThrowIntoNull,
        Self::SwitchNull,
        Self::NewNull,
        Self::ResumeConsumed,
        Self::BindConsumed,
        Self::ThrowIntoConsumed,
        Self::SwitchConsumed,
        Self::SuspendUnhandled,
        Self::SwitchUnhandled,
        Self::ThrowNull,
        Self::CallNull,
        Self::CallUndefined,
        Self::CallUninitialized,
        Self::CallMismatch,
        Self::NullObject,
        Self::NullReference,
        Self::WrongCast,
        Self::Uncaught,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 21] = [
            "unreachable",
            "resume of null",
            "cont.bind of null",
            "resume_throw of null",
            "switch to null",
            "cont.new of null",
            "resume of a used reference",
            "cont.bind of a used reference",
            "resume_throw of a used reference",
            "switch to a used reference",
            "suspend that nobody handles",
            "switch that nobody handles",
            "throw_ref of null",
            "call_ref of null",
            "call_indirect beyond the table",
            "call_indirect of null",
            "call_indirect of another type",
            "struct.get of null",
            "ref.as_non_null of null",
            "ref.cast to another type",
            "throw that nobody catches",
        ];
        NAMES[self as usize]
    }

    /// The trap; none for an exception that nobody may catch.
    pub fn trap(self) -> Option<Trap> {
        Some(match self {
            Self::Unreachable => Trap::Unreachable,
            Self::ResumeNull | Self::BindNull | Self::ThrowIntoNull | Self::SwitchNull => {
                Trap::NullContinuation
            }
            Self::NewNull | Self::CallNull => Trap::NullFunction,
            Self::ResumeConsumed
            | Self::BindConsumed
            | Self::ThrowIntoConsumed
            | Self::SwitchConsumed => Trap::ContinuationConsumed,
            Self::SuspendUnhandled | Self::SwitchUnhandled => Trap::UnhandledTag,
            Self::ThrowNull => Trap::NullException,
            Self::CallUndefined => Trap::UndefinedElement,
            Self::CallUninitialized => Trap::UninitializedElement,
            Self::CallMismatch => Trap::IndirectCallMismatch,
            Self::NullObject => Trap::NullStruct,
            Self::NullReference => Trap::NullReference,
            Self::WrongCast => Trap::CastFailure,
            Self::Uncaught => return None,
        })
    }

    /// Whether its instruction is a call to the compiler: one that a clause around it may
    /// go on from.
    pub fn calls(self) -> bool {
        !matches!(
            self,
            Self::Unreachable
                | Self::BindNull
                | Self::NewNull
                | Self::BindConsumed
                | Self::NullObject
                | Self::NullReference
                | Self::WrongCast
        )
    }

    /// The text; nothing behind it is reached.
    pub(super) fn code(self, functions: usize) -> String {
        let used = "(local.set $it (cont.new $task (ref.func $stub))) \
             (drop (cont.bind $task $task (local.get $it)))";
        let pair = "(ref.null $node) (i64.const 0)";
        let code = match self {
            Self::Unreachable => String::new(),
            Self::ResumeNull => format!("(resume $task {pair} (ref.null $task)) drop drop"),
            Self::BindNull => "(drop (cont.bind $task $task (ref.null $task)))".to_owned(),
            Self::ThrowIntoNull => {
                "(resume_throw $task $plain (ref.null $task)) drop drop".to_owned()
            }
            Self::SwitchNull => {
                format!("(switch $peer $tag2 {pair} (ref.null $peer)) drop drop drop")
            }
            Self::NewNull => "(drop (cont.new $task (ref.null $body)))".to_owned(),
            Self::ResumeConsumed => {
                format!("{used} (resume $task {pair} (local.get $it)) drop drop")
            }
            Self::BindConsumed => {
                format!("{used} (drop (cont.bind $task $task (local.get $it)))")
            }
            Self::ThrowIntoConsumed => {
                format!("{used} (resume_throw $task $plain (local.get $it)) drop drop")
            }
            Self::SwitchConsumed => format!(
                "(local.set $s0 (cont.new $peer (ref.func $peer_stub))) \
                 (drop (cont.bind $peer $peer (local.get $s0))) \
                 (switch $peer $tag2 {pair} (local.get $s0)) drop drop drop"
            ),
            Self::SuspendUnhandled => "(suspend $lost) drop drop".to_owned(),
            Self::SwitchUnhandled => format!(
                "(switch $peer $lost {pair} (cont.new $peer (ref.func $peer_stub))) drop drop drop"
            ),
            Self::ThrowNull => "(throw_ref (ref.null exn))".to_owned(),
            Self::CallNull => format!("(call_ref $body {pair} (ref.null $body)) drop drop"),
            Self::CallUndefined => format!(
                "(call_indirect $functions (type $body) {pair} (i32.const {functions})) drop drop"
            ),
            Self::CallUninitialized => {
                format!("(call_indirect $functions (type $body) {pair} (i32.const 0)) drop drop")
            }
            Self::CallMismatch => {
                "(call_indirect $functions (type $nothing) (i32.const 1))".to_owned()
            }
            Self::NullObject => "(drop (struct.get $node $value (ref.null $node)))".to_owned(),
            Self::NullReference => "(drop (ref.as_non_null (ref.null $node)))".to_owned(),
            Self::WrongCast => "(drop (ref.cast (ref $junk) (global.get $stone)))".to_owned(),
            Self::Uncaught => "(throw $plain)".to_owned(),
        };
        format!("{code} unreachable")
    }
}
