//! Statements of control as WebAssembly text.

use super::ast::{
    By, CAUGHT, Catch, Control, Declarations, EXCEPTIONS, FUNCTIONS, Item, PEERS, Payload,
    Signature, direct,
};
use super::emit_simple::code;
use super::types::{body_type, give_all, param, take, take_all, task_type, with_pair};
use crate::random::ast::{Block, Pair};

/// What is emitted for a statement: text, and a block of statements inside it.
pub struct Emitted<'p> {
    pub before: String,
    pub body: Option<(&'p Block, String)>,
}

/// What the text of a statement depends on beside it.
#[derive(Clone, Copy)]
pub struct Around<'p> {
    pub declarations: &'p Declarations,
    /// How many functions there are.
    pub functions: usize,
}

pub(super) fn give_pair(pair: Pair) -> String {
    format!(
        "(local.get $o{}) (local.get $i{})",
        pair.object, pair.integer
    )
}

pub(super) fn take_pair(pair: Pair) -> String {
    format!("local.set $i{} local.set $o{}", pair.integer, pair.object)
}

pub(super) fn give_payload(payload: &Payload) -> String {
    format!("{} {}", give_all(&payload.items), give_pair(payload.pair))
}

pub(super) fn take_payload(payload: &Payload) -> String {
    format!("{} {}", take_pair(payload.pair), take_all(&payload.items))
}

pub(super) fn burning(code: &str) -> String {
    format!("(if (call $burn) (then {code}))")
}

/// Binds what is left of a shape, in two steps where there is much: the continuation is on
/// the operand stack, and stays there.
pub(super) fn bind_rest(of: &Declarations, shape: usize, from: usize, items: &[Item]) -> String {
    let mut text = String::new();
    let mut at = from;
    let half = items.len().div_ceil(2);
    for step in [&items[..half], &items[half..]] {
        if step.is_empty() {
            continue;
        }
        let (before, after) = (
            task_type(of, shape, at),
            task_type(of, shape, at + step.len()),
        );
        let local = format!("$t{shape}_{at}");
        text += &format!(
            "(local.set {local}) {} (local.get {local}) (local.set {local} (ref.null {before})) \
             cont.bind {before} {after} ",
            give_all(step)
        );
        at += step.len();
    }
    text
}

impl<'p> Around<'p> {
    /// The type of a function.
    pub fn type_of(self, function: usize) -> String {
        match self.declarations.signature(function) {
            Signature::Plain => "$body".to_owned(),
            Signature::Wide { shape, .. } => body_type(self.declarations, *shape, 0),
            Signature::Peer { .. } => "$peer_body".to_owned(),
        }
    }

    /// What a function has as parameters before the pair and behind it; its locals, which may
    /// be among those; and what it does first.
    pub fn function(self, function: usize) -> ((String, String), Vec<String>, String) {
        let (mut before, mut behind, mut moves) = (String::new(), String::new(), String::new());
        match self.declarations.signature(function) {
            Signature::Plain => {}
            Signature::Peer { variable } => {
                behind = format!("(param $s{variable} (ref null $peer)) ");
            }
            Signature::Wide { items, .. } => {
                for (index, (&item, direct)) in items.iter().zip(direct(items)).enumerate() {
                    before += &param(index, item, direct);
                    before.push(' ');
                    if !direct {
                        moves += &format!("(local.get $x{index}) {} ", take(item));
                    }
                }
            }
        }
        let functions = (0..FUNCTIONS).map(|index| format!("(local $p{index} (ref null $body))"));
        let exceptions = (0..EXCEPTIONS).map(|index| format!("(local $e{index} exnref)"));
        let peers = (0..PEERS).filter(|_| self.declarations.switches);
        let peers = peers.map(|index| format!("(local $s{index} (ref null $peer))"));
        let locals = functions.chain(exceptions).chain(peers).collect();
        ((before, behind), locals, moves)
    }

    /// The locals that hold continuations on their way through `text`.
    pub fn passing_locals(self, text: &str) -> Vec<String> {
        let mut locals = Vec::new();
        for (shape, kinds) in self.declarations.shapes.iter().enumerate() {
            for from in 0..kinds.len() {
                if text.contains(&format!("$t{shape}_{from}")) {
                    let ty = task_type(self.declarations, shape, from);
                    locals.push(format!("(local $t{shape}_{from} (ref null {ty}))"));
                }
            }
        }
        locals
    }

    /// The text of a statement.
    pub fn emit(self, control: &'p Control) -> Emitted<'p> {
        let simple = |before| Emitted { before, body: None };
        match control {
            Control::Spawn {
                slot,
                function,
                give,
                first,
                body,
            } => self.spawn(*slot, *function, (give, *first), body),
            Control::Resume {
                source,
                way,
                clauses,
                take,
                outcome,
            } => simple(self.resume(*source, way, clauses, *take, *outcome)),
            Control::Try {
                clauses,
                body,
                outcome,
            } => self.catching(clauses, body, *outcome),
            Control::Suspend { tag, give, take } => simple(format!(
                "(suspend $tag{tag} {}) {}",
                give_payload(give),
                take_payload(take)
            )),
            Control::Call {
                by,
                function,
                give,
                take,
            } => {
                let call = self.call("", *by, *function, give);
                simple(burning(&format!("{call} {}", take_pair(*take))))
            }
            Control::Tail { by, function, give } => {
                simple(burning(&self.call("return_", *by, *function, give)))
            }
            Control::Stop(fault) => simple(fault.code(self.functions)),
            other => simple(code(other)),
        }
    }

    fn spawn(
        self,
        slot: u8,
        function: usize,
        (give, first): (&[Item], usize),
        body: &'p Block,
    ) -> Emitted<'p> {
        let of = self.declarations;
        let Signature::Wide { shape, .. } = of.signature(function) else {
            unreachable!("function {function} takes no shape");
        };
        let (fresh, bound) = (task_type(of, *shape, 0), task_type(of, *shape, first));
        Emitted {
            before: format!(
                "(if (call $burn) (then (i32.const {slot}) {} (cont.new {fresh} (ref.func $f{function})) \
                 cont.bind {fresh} {bound}",
                give_all(&give[..first])
            ),
            body: Some((
                body,
                format!(
                    "{} (table.set $slots)))",
                    bind_rest(of, *shape, first, &give[first..])
                ),
            )),
        }
    }

    fn call(self, how: &str, by: By, function: usize, give: &Payload) -> String {
        let given = give_payload(give);
        let ty = self.type_of(function);
        match by {
            By::Index => format!("({how}call $f{function} {given})"),
            By::Table => {
                format!(
                    "({how}call_indirect $functions (type {ty}) {given} (i32.const {function}))"
                )
            }
            By::Reference => format!("({how}call_ref {ty} {given} (ref.func $f{function}))"),
        }
    }

    /// A block for each clause, the `try_table` in the innermost.
    fn catching(self, clauses: &[Catch], body: &'p Block, outcome: u8) -> Emitted<'p> {
        let of = self.declarations;
        let (mut open, mut listed, mut close) = (String::new(), String::new(), String::new());
        for (index, clause) in clauses.iter().enumerate() {
            let (mut types, mut taken) = (String::new(), String::new());
            if let Some((tag, payload)) = &clause.tag {
                types = with_pair(&of.shapes[of.exceptions[*tag]]);
                taken = take_payload(payload);
            }
            let (form, name) = match (&clause.tag, clause.reference) {
                (Some((tag, _)), None) => ("catch", format!("$x{tag} ")),
                (Some((tag, _)), Some(_)) => ("catch_ref", format!("$x{tag} ")),
                (None, None) => ("catch_all", String::new()),
                (None, Some(_)) => ("catch_all_ref", String::new()),
            };
            let reference = clause
                .reference
                .map(|variable| format!("(local.set $e{variable})"));
            let exn = if reference.is_some() { "exnref" } else { "" };
            listed += &format!(" ({form} {name}$c{index})");
            open = format!("(block $c{index} (result {types} {exn}) ") + &open;
            close += &format!(
                ") {} {taken} (local.set $i{outcome} (i64.const {})) (br $out)\n  ",
                reference.unwrap_or_default(),
                CAUGHT + index as i64
            );
        }
        Emitted {
            before: format!("(block $out {open}\n  (try_table{listed}"),
            body: Some((body, format!(") (br $out)\n  {close})"))),
        }
    }
}
