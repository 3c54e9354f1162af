//! What looks at references and passes them on.

use super::Act;
use crate::random::heap::ast::{Branch, Heap};
use crate::random::heap::classes::{Kind, Target};
use crate::random::heap::values::Any;

impl Act<'_, '_> {
    pub(super) fn references(&mut self, heap: &Heap) {
        match *heap {
            Heap::MakeI31 { to, from } => {
                let value = Any::i31(self.integer(from));
                self.set_thing(to, value);
            }
            Heap::GetI31 { to, thing, signed } => {
                if let Any::I31(value) = self.thing(thing) {
                    let value = match signed {
                        true => value,
                        false => value & 0x7fff_ffff,
                    };
                    self.set_integer(to, i64::from(value));
                }
            }
            Heap::Test {
                to,
                thing,
                target,
                nullable,
            } => {
                let is = self.is(self.thing(thing), target, nullable);
                self.set_integer(to, i64::from(is));
            }
            Heap::IsNull { to, kind, from } => {
                let from = usize::from(from);
                let vars = &self.frame.vars;
                let is = match kind {
                    Kind::Function => vars.functions[from].is_none(),
                    Kind::Extern => vars.externs[from] == Any::Null,
                    _ => vars.things[from] == Any::Null,
                };
                self.set_integer(to, i64::from(is));
            }
            Heap::Cast {
                to,
                from,
                target,
                nullable,
            } => {
                let thing = self.thing(from);
                if self.is(thing, target, nullable) {
                    self.set_thing(to, thing);
                }
            }
            Heap::AsNonNull { to, from } => {
                let thing = self.thing(from);
                if thing != Any::Null {
                    self.set_thing(to, thing);
                }
            }
            Heap::Branch {
                branch,
                thing,
                under,
                to,
                also,
                outcome,
            } => {
                let (thing, under) = (self.thing(thing), self.thing(under));
                let hit = match branch {
                    Branch::Cast { target, nullable } | Branch::CastFail { target, nullable } => {
                        self.is(thing, target, nullable)
                    }
                    Branch::Null | Branch::NonNull => thing != Any::Null,
                };
                self.set_thing(to, if hit { thing } else { under });
                if hit {
                    self.set_thing(also, under);
                }
                self.set_integer(outcome, i64::from(hit));
            }
            Heap::SameThings { to, one, other } => {
                let same = self.thing(one) == self.thing(other);
                self.set_integer(to, i64::from(same));
            }
            Heap::Select {
                to,
                one,
                other,
                condition,
            } => {
                let odd = self.integer(condition) & 1 == 1;
                let thing = self.thing(if odd { one } else { other });
                self.set_thing(to, thing);
            }
            ref other => self.moves(other),
        }
    }

    /// What passes references on.
    pub(super) fn moves(&mut self, heap: &Heap) {
        match *heap {
            Heap::Nullify { to } => self.set_thing(to, Any::Null),
            Heap::CopyThing { to, from } => {
                let thing = self.thing(from);
                self.set_thing(to, thing);
            }
            Heap::Externalize { to, from } => {
                self.frame.vars.externs[usize::from(to)] = self.thing(from);
            }
            Heap::Internalize { to, from } => {
                let thing = self.frame.vars.externs[usize::from(from)];
                self.set_thing(to, thing);
            }
            Heap::FromObject { to, from } => {
                let object = self.frame.objects[usize::from(from)];
                self.set_thing(to, object.into());
            }
            Heap::ToObject { to, from } => {
                let thing = self.thing(from);
                if self.is(thing, Target::Node, false) {
                    self.frame.objects[usize::from(to)] = thing.object();
                }
            }
            ref other => unreachable!("{other:?} is executed elsewhere"),
        }
    }
}
