//! All verbs in any order: after each, every record is in the state the table
//! says, and the registry verifies.

use crate::testing::{World, is_current};
use crate::{State, Verb};
use mangrove_abi::{ContRef, TransferSlot};
use proptest::prelude::*;

/// Picks what a random number says, if there is anything.
fn pick(list: &mut Vec<ContRef>, choice: usize) -> Option<ContRef> {
    (!list.is_empty()).then(|| list.swap_remove(choice % list.len()))
}

/// One verb, if it can happen now.
fn step(world: &mut World, refs: &mut Vec<ContRef>, verb: Verb, n: usize, choice: usize) {
    if world.ctx.current.is_null() || (verb == Verb::Resume && choice % 8 == 7) {
        let _ = world.enter();
        return;
    }
    match verb {
        Verb::New => {
            let inline = if choice.is_multiple_of(2) {
                world.new_inline()
            } else {
                None
            };
            refs.extend(inline.or_else(|| world.new_by_runtime().ok()));
        }
        Verb::Bind => {
            if let Some(&cont) = refs.get(choice % refs.len().max(1)) {
                let values = [(TransferSlot::from_u64(1), None)];
                world
                    .registry
                    .bind(&mut world.ctx, cont.record, values)
                    .unwrap();
            }
        }
        Verb::Clone => {
            if let Some(&cont) = refs.get(choice % refs.len().max(1)) {
                refs.extend(world.clone_chain(cont).ok());
            }
        }
        Verb::Resume => {
            if let Some(cont) = pick(refs, choice) {
                world.resume(cont);
            }
        }
        Verb::Suspend => refs.extend(world.suspend(n)),
        Verb::Switch => {
            if let Some(cont) = pick(refs, choice) {
                let left = world.switch(cont, n);
                refs.push(left.unwrap_or(cont));
            }
        }
        Verb::ResumeThrow => {
            if let Some(cont) = pick(refs, choice) {
                if world.state(cont.record) == State::Fresh {
                    world.resume_throw_fresh(cont);
                } else {
                    world.resume(cont);
                    world.throw(0);
                }
            }
        }
        Verb::Return => world.finish(),
        Verb::Throw => world.throw(n),
        Verb::Trap => world.trap(),
        Verb::Collect => {
            refs.truncate(choice % (refs.len() + 1));
            world.collect(refs);
        }
    }
}

fn any_verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        8 => Just(Verb::New),
        2 => Just(Verb::Bind),
        4 => Just(Verb::Clone),
        12 => Just(Verb::Resume),
        8 => Just(Verb::Suspend),
        3 => Just(Verb::Switch),
        1 => Just(Verb::ResumeThrow),
        3 => Just(Verb::Return),
        1 => Just(Verb::Throw),
        1 => Just(Verb::Trap),
        1 => Just(Verb::Collect),
    ]
}

proptest! {
    #[test]
    fn any_sequence_of_verbs_follows_the_table(
        steps in proptest::collection::vec((any_verb(), 0..3_usize, any::<usize>()), 1..200)
    ) {
        let mut world = World::new(20);
        let mut refs = Vec::new();
        for (verb, n, choice) in steps {
            step(&mut world, &mut refs, verb, n, choice);
            // Each is used once, so none is stale before.
            prop_assert!(refs.iter().all(|&cont| is_current(cont)));
            world.check();
        }
    }
}
