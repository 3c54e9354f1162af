//! For how long what is in variables is needed, where these statements stand: the part of
//! [`crate::random::oracle`]'s analysis that is about them.

use super::ast::{Bare, Filling, Global, Heap, variable};
use super::classes::{Kind, Storage};
use super::emit::table_kind;
use super::values::THINGS;
use crate::random::ast::{Block, Statement};
use crate::random::oracle::lifetimes::{Lifetimes, Live};

/// What is live with what is in a variable.
fn with(live: Live, kind: Kind, any: u8) -> Live {
    let at = variable(kind, any);
    match kind {
        Kind::Object => live.with(at),
        Kind::Thing => live.with_thing(at),
        Kind::Extern => live.with_extern(at),
        Kind::Integer | Kind::Function => live,
    }
}

fn without(live: Live, kind: Kind, any: u8) -> Live {
    let at = variable(kind, any);
    match kind {
        Kind::Object => live.without(at),
        Kind::Thing => live.without_thing(at),
        Kind::Extern => live.without_extern(at),
        Kind::Integer | Kind::Function => live,
    }
}

fn has(live: Live, kind: Kind, any: u8) -> bool {
    let at = variable(kind, any);
    match kind {
        Kind::Object => live.has_object(at),
        Kind::Thing => live.has_thing(at),
        Kind::Extern => live.has_extern(at),
        Kind::Integer | Kind::Function => false,
    }
}

/// A move: it passes on what its target is needed for.
fn moved(behind: Live, (to_kind, to): (Kind, u8), (from_kind, from): (Kind, u8)) -> Live {
    let needed = has(behind, to_kind, to);
    let before = without(behind, to_kind, to);
    match needed {
        true => with(before, from_kind, from),
        false => before,
    }
}

/// The variables whose values an allocation stores, with their kinds.
pub fn given(heap: &Heap) -> Vec<(Kind, u8)> {
    let of = |storage: Storage, any| (storage.kind(), variable(storage.kind(), any));
    match *heap {
        Heap::MakeStruct {
            class,
            from: Some(from),
            ..
        } => {
            let fields = (0..).zip(class.fields());
            fields
                .map(|(index, field)| of(field.storage, from.wrapping_add(index)))
                .collect()
        }
        Heap::MakeArray {
            row,
            filling: Filling::Value(from),
            ..
        } => vec![of(row.storage, from)],
        Heap::MakeArray {
            row,
            filling: Filling::Fixed(from),
            len,
            ..
        } => (0..len)
            .map(|at| of(row.storage, from.wrapping_add(at as u8)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether there is a call in it, from which a clause around it may go on.
fn calls(heap: &Heap) -> bool {
    matches!(
        heap,
        Heap::MakeStruct { from: None, .. }
            | Heap::GetElement { .. }
            | Heap::SetElement { .. }
            | Heap::Fill { .. }
            | Heap::CopyElements { .. }
            | Heap::Init { .. }
            | Heap::TableFill { .. }
            | Heap::TableCopy { .. }
            | Heap::TableInit { .. }
            | Heap::PassMany { .. }
            | Heap::CallLeaf { .. }
            | Heap::CallFunction { .. }
            | Heap::Note { .. }
            | Heap::Bare {
                bare: Bare::CallRef | Bare::CallIndirect,
                ..
            }
    )
}

/// What a frame that stands at a call or an allocation needs beside its operands.
fn standing(heap: &Heap, behind: Live, caught: Live) -> Live {
    match *heap {
        Heap::MakeStruct { to, .. } | Heap::MakeArray { to, .. } => behind.without_thing(to),
        Heap::CallLeaf { to, .. } => behind.without_thing(to).and(caught),
        Heap::CallFunction { take, .. } => behind.without(take.object).and(caught),
        _ => behind,
    }
}

/// What is live before a statement.
pub fn before(lifetimes: &mut Lifetimes, statement: &Statement, heap: &Heap, behind: Live) -> Live {
    match heap {
        Heap::Hold {
            things,
            externs,
            body,
        } => hold(lifetimes, things, externs, body, behind),
        Heap::Carry {
            into, from, body, ..
        } => {
            let (mut before, mut carried) = (Live::default(), false);
            loop {
                let mut end = behind.and(before);
                if carried {
                    end = end.with_thing(*from);
                }
                // What a round begins with is needed if it is needed at its end.
                let needed = end.has_thing(*into);
                let end = lifetimes.inside(end.without_thing(*into));
                let again = lifetimes.before_block(body, end);
                let ends = lifetimes.ends(again);
                let again = lifetimes.outside(again);
                if (again, needed && ends) == (before, carried) {
                    break;
                }
                (before, carried) = (again, needed && ends);
            }
            lifetimes.carry(statement, carried);
            match carried {
                true => before.with_thing(*from),
                false => before,
            }
        }
        simple => {
            let caught = match calls(simple) {
                true => lifetimes.caught,
                false => Live::default(),
            };
            lifetimes.note_across(statement, standing(simple, behind.and(caught), caught));
            match simple {
                // The call comes behind what it makes is set.
                Heap::MakeStruct { .. } => before_simple(simple, behind.and(caught)),
                _ => before_simple(simple, behind).and(caught),
            }
        }
    }
}

fn hold(
    lifetimes: &mut Lifetimes,
    things: &[u8],
    externs: &[u8],
    body: &Block,
    behind: Live,
) -> Live {
    let held = || {
        let things = things.iter().map(|&any| (Kind::Thing, any));
        things.chain(externs.iter().map(|&any| (Kind::Extern, any)))
    };
    let inside = held().fold(behind, |live, (kind, any)| without(live, kind, any));
    let inside = lifetimes.inside(inside);
    let before = lifetimes.before_block(body, inside);
    let ends = lifetimes.ends(before);
    let before = lifetimes.outside(before);
    // The body begins with null in them; what they held goes on to the end.
    held().fold(before, |live, (kind, any)| {
        let live = without(live, kind, any);
        match ends && has(behind, kind, any) {
            true => with(live, kind, any),
            false => live,
        }
    })
}

/// Statements without blocks.
fn before_simple(heap: &Heap, behind: Live) -> Live {
    let thing = |live: Live, any: u8| live.with_thing(any);
    match *heap {
        Heap::MakeStruct { to, .. } | Heap::MakeArray { to, .. } => {
            let given = given(heap).into_iter();
            given.fold(behind.without_thing(to), |live, (kind, any)| {
                with(live, kind, any)
            })
        }
        // What is set only if a test says so may be there afterwards as it was.
        Heap::GetField { thing: from, .. }
        | Heap::GetElement { thing: from, .. }
        | Heap::Len { thing: from, .. }
        | Heap::GetI31 { thing: from, .. }
        | Heap::Test { thing: from, .. }
        | Heap::Init { thing: from, .. }
        | Heap::Cast { from, .. }
        | Heap::AsNonNull { from, .. }
        | Heap::ToObject { from, .. }
        | Heap::Note { from } => thing(behind, from),
        Heap::SetField {
            thing: to,
            class,
            field,
            from,
        } => {
            let kind = class.fields()[usize::from(field)].storage.kind();
            with(thing(behind, to), kind, from)
        }
        Heap::SetElement {
            thing: to,
            row,
            from,
            ..
        }
        | Heap::Fill {
            thing: to,
            row,
            from,
            ..
        } => with(thing(behind, to), row.storage.kind(), from),
        Heap::CopyElements { to, from, .. } => thing(thing(behind, to), from),
        Heap::IsNull { kind, from, .. } => with(behind, kind, from),
        Heap::SameThings { one, other, .. } => thing(thing(behind, one), other),
        Heap::Select { to, one, other, .. } => thing(thing(behind.without_thing(to), one), other),
        Heap::MakeI31 { to, .. } | Heap::Nullify { to } => behind.without_thing(to),
        Heap::Branch {
            thing: from,
            under,
            to,
            also,
            ..
        } => branch(behind, [from, under, to, also]),
        Heap::CopyThing { to, from } => moved(behind, (Kind::Thing, to), (Kind::Thing, from)),
        Heap::Externalize { to, from } => moved(behind, (Kind::Extern, to), (Kind::Thing, from)),
        Heap::Internalize { to, from } => moved(behind, (Kind::Thing, to), (Kind::Extern, from)),
        Heap::FromObject { to, from } => moved(behind, (Kind::Thing, to), (Kind::Object, from)),
        Heap::SetGlobal { global, from } => with(behind, Global::kind(global), from),
        Heap::GetGlobal { global, to } => without(behind, global.kind(), to),
        Heap::TableGet { table, to, .. } => without(behind, table_kind(table), to),
        Heap::TableSet { table, from, .. }
        | Heap::TableGrow { table, from, .. }
        | Heap::TableFill { table, from, .. } => with(behind, table_kind(table), from),
        // It is passed more things than there are variables. Something may be caught only
        // before the variable is set.
        Heap::PassMany { to, .. } => (0..THINGS).fold(behind.without_thing(to), Live::with_thing),
        Heap::CallFunction { give, .. } => behind.with(give.object),
        // What comes behind it is no code.
        Heap::Bare {
            bare: Bare::Unreachable,
            ..
        } => Live::default(),
        Heap::Bare {
            bare, thing: from, ..
        } if bare.uses_thing() => thing(behind, from),
        Heap::Bare { .. }
        | Heap::DropData { .. }
        | Heap::DropElements { .. }
        | Heap::TableSize { .. }
        | Heap::TableCopy { .. }
        | Heap::TableInit { .. }
        | Heap::MakeFunction { .. }
        | Heap::TestFunction { .. }
        | Heap::CallLeaf { .. } => behind,
        Heap::Hold { .. } | Heap::Carry { .. } => unreachable!("{heap:?} has a block"),
    }
}

/// Either what lay below goes into `to`, or the thing does, and what lay below into `also`.
fn branch(behind: Live, [from, under, to, also]: [u8; 4]) -> Live {
    let taken = behind.without_thing(also).without_thing(to);
    let left = behind.without_thing(to);
    let live = taken.and(left).with_thing(from);
    match behind.has_thing(also) || behind.has_thing(to) {
        true => live.with_thing(under),
        false => live,
    }
}
