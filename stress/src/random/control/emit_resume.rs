//! A `resume` and its kin as WebAssembly text: a block for each clause, the instruction in the
//! innermost.

use super::ast::{Clause, Item, Payload, SKIPPED, Source, Way, YIELD};
use super::emit::{Around, bind_rest, give_pair, give_payload, take_pair, take_payload};
use super::types::{task_type, with_pair};
use crate::random::ast::{Pair, RETURNED, SUSPENDED, WAS_EMPTY};

impl Around<'_> {
    pub(super) fn resume(
        self,
        source: Source,
        way: &Way,
        clauses: &[Clause],
        take: Pair,
        outcome: u8,
    ) -> String {
        let done = |result: i64| format!("(local.set $i{outcome} (i64.const {result})) (br $done)");
        let (ty, is_null, taken, reference) = match source {
            Source::Slot(slot) => (
                "$task",
                format!(
                    "(local.set $it (table.get $slots (i32.const {slot}))) (ref.is_null (local.get $it))"
                ),
                format!("(table.set $slots (i32.const {slot}) (ref.null $task))"),
                "(call $resumed (local.get $it))".to_owned(),
            ),
            Source::Peer(slot) => (
                "$peer",
                format!("(ref.is_null (table.get $peers (i32.const {slot})))"),
                String::new(),
                format!(
                    "(table.get $peers (i32.const {slot})) \
                     (table.set $peers (i32.const {slot}) (ref.null $peer))"
                ),
            ),
        };
        let (mut open, mut listed, mut close) = (String::new(), String::new(), String::new());
        for (index, clause) in clauses.iter().enumerate() {
            match clause {
                Clause::Switch => listed += " (on $tag2 switch)",
                Clause::On {
                    tag,
                    take,
                    bind,
                    slot,
                } => {
                    listed += &format!(" (on $tag{tag} $h{index})");
                    open = self.open_handler(index, *tag) + &open;
                    let kept = self.handler(*tag, take, bind, *slot);
                    close += &format!(") {kept} {}\n  ", done(SUSPENDED + *tag as i64));
                }
            }
        }
        let resumed = match way {
            Way::Values { give } => match source {
                Source::Slot(_) => {
                    format!("{} {reference} resume {ty}{listed}", give_pair(*give))
                }
                Source::Peer(_) => format!(
                    "{} (ref.null $peer) {reference} resume {ty}{listed}",
                    give_pair(*give)
                ),
            },
            Way::Bound { give } => format!(
                "{} {reference} cont.bind $task $ready resume $ready{listed}",
                give_pair(*give)
            ),
            Way::Throw { tag, payload } => format!(
                "{} {reference} resume_throw {ty} $x{tag}{listed}",
                give_payload(payload)
            ),
            Way::ThrowRef { variable } => {
                format!("(local.get $e{variable}) {reference} resume_throw_ref {ty}{listed}")
            }
        };
        let run = format!(
            "{taken}\n  (block $done {open}\n  {resumed} {} {}\n  {close})",
            take_pair(take),
            done(RETURNED)
        );
        let run = match way {
            Way::ThrowRef { variable } => format!(
                "(if (ref.is_null (local.get $e{variable})) \
                 (then (local.set $i{outcome} (i64.const {SKIPPED}))) (else {run}))"
            ),
            _ => run,
        };
        format!(
            "{is_null} (if (then (local.set $i{outcome} (i64.const {WAS_EMPTY}))) (else\n  {run}))"
        )
    }

    /// A block that ends with the values of a suspension.
    fn open_handler(self, index: usize, tag: usize) -> String {
        let of = self.declarations;
        let payload = match tag {
            YIELD => String::new(),
            _ => with_pair(of.payload(tag)),
        };
        let ty = task_type(of, of.results(tag), 0);
        format!("(block $h{index} (result {payload} (ref {ty})) ")
    }

    /// Takes those values, and keeps the continuation.
    fn handler(self, tag: usize, take: &Payload, bind: &[Item], slot: u8) -> String {
        let of = self.declarations;
        let taken = match tag {
            YIELD => String::new(),
            _ => take_payload(take),
        };
        let shape = of.results(tag);
        if bind.is_empty() {
            return format!(
                "(local.set $it) {taken} (table.set $slots (i32.const {slot}) (local.get $it))"
            );
        }
        let (local, ty) = (format!("$t{shape}_0"), task_type(of, shape, 0));
        format!(
            "(local.set {local}) {taken} (i32.const {slot}) (local.get {local}) \
             (local.set {local} (ref.null {ty})) {} table.set $slots",
            bind_rest(of, shape, 0, bind)
        )
    }
}
