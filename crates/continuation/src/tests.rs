//! Lives of continuations, one by one.

use crate::testing::{Record, World, is_current, parent};
use crate::{End, Ends, RegistryViolation, State};
use mangrove_abi::{ContRecord, ContRef, SlotKind, TransferSlot};
use std::ptr;

/// A world in which Wasm runs.
fn running() -> (World, Record) {
    let mut world = World::new(1000);
    let main = world.enter().unwrap();
    (world, main)
}

/// A continuation that was resumed and has suspended.
fn suspended(world: &mut World) -> ContRef {
    let cont = world.new_by_runtime().unwrap();
    world.resume(cont);
    world.suspend(0).unwrap()
}

#[test]
fn a_life_from_new_to_returned() {
    let (mut world, main) = running();
    assert_eq!(world.state(main), State::Running);
    let cont = world.new_by_runtime().unwrap();
    let record = cont.record;
    assert_eq!(world.state(record), State::Fresh);
    world.resume(cont);
    assert_eq!(
        (world.state(record), world.state(main)),
        (State::Running, State::Parent)
    );
    let again = world.suspend(0).unwrap();
    assert_eq!(
        (world.state(record), world.state(main)),
        (State::Suspended, State::Running)
    );
    assert!(!is_current(cont) && is_current(again));
    world.resume(again);
    world.check();
    world.finish();
    assert_eq!(
        (world.state(record), world.state(main)),
        (State::Gone, State::Running)
    );
    world.finish();
    assert_eq!(world.state(main), State::Gone);
    world.check();
    let report = world.registry.report(&world.ctx);
    assert_eq!((report.created, report.live, report.calls), (1, 0, 1));
    let returned = Ends {
        returned: 1,
        ..Ends::default()
    };
    assert_eq!((report.ended, report.calls_ended), (returned, returned));
    assert_eq!((report.idle, report.activations), (1, 0));
}

#[test]
fn a_chain_suspends_and_goes_on_as_one() {
    let (mut world, main) = running();
    let outer = world.new_by_runtime().unwrap();
    let inner = world.new_by_runtime().unwrap();
    world.resume(outer);
    world.resume(inner);
    let both = world.suspend(1).unwrap();
    assert_eq!(both.record, inner.record);
    assert_eq!(world.state(outer.record), State::Suspended);
    assert_eq!(parent(inner.record), outer.record);
    assert!(parent(outer.record).is_null());
    world.check();
    assert_eq!(world.collect(&[both]), 0, "one reference keeps both");
    world.resume(both);
    assert_eq!(parent(outer.record), main);
    assert_eq!(world.state(outer.record), State::Parent);
    world.check();
    let both = world.suspend(1).unwrap();
    assert_eq!(world.collect(&[]), 2);
    assert!(!is_current(both));
    world.check();
}

#[test]
fn a_switch_takes_the_place_of_who_executes_it() {
    let (mut world, main) = running();
    let target = suspended(&mut world);
    let first = world.new_by_runtime().unwrap();
    world.resume(first);
    let first = world.switch(target, 0).unwrap();
    assert_eq!(world.state(first.record), State::Suspended);
    assert_eq!(world.state(target.record), State::Running);
    assert_eq!(parent(target.record), main);
    world.check();
}

#[test]
fn records_and_stacks_are_reused_at_once_and_stale_references_never_match() {
    let (mut world, _) = running();
    let first = world.new_by_runtime().unwrap();
    let mut stale = vec![first];
    world.resume(first);
    world.finish();
    for _ in 0..100 {
        let next = world.new_inline().expect("the one that returned");
        assert_eq!(next.record, first.record);
        assert!(stale.iter().all(|&old| !is_current(old)));
        stale.push(next);
        world.resume(next);
        stale.push(world.suspend(0).unwrap());
        assert_eq!(
            world.collect(&stale[..stale.len() - 1]),
            1,
            "stale ones keep nothing"
        );
        world.check();
    }
    assert_eq!(world.registry.report(&world.ctx).idle, 1);
}

#[test]
fn every_end_is_counted_once() {
    let (mut world, _) = running();
    for _ in 0..2 {
        suspended(&mut world);
    }
    let kept = suspended(&mut world);
    assert_eq!(world.collect(&[kept]), 2);
    let thrown = world.new_by_runtime().unwrap();
    world.resume(thrown);
    let inner = world.new_by_runtime().unwrap();
    world.resume(inner);
    world.throw(1);
    let never_ran = world.new_by_runtime().unwrap();
    world.resume_throw_fresh(never_ran);
    world.check();
    world.resume(kept);
    world.trap();
    world.check();
    // A call that ends by an exception, and one that is still under way.
    world.enter().unwrap();
    world.throw(0);
    world.enter().unwrap();
    suspended(&mut world);
    world.check();
    let report = world.registry.report(&world.ctx);
    let ended = Ends {
        returned: 0,
        thrown: 3,
        trapped: 1,
        collected: 2,
    };
    assert_eq!((report.created, report.live, report.ended), (7, 1, ended));
    let calls_ended = Ends {
        returned: 0,
        thrown: 1,
        trapped: 1,
        collected: 0,
    };
    assert_eq!((report.calls, report.calls_ended), (3, calls_ended));
    assert_eq!(
        (report.running, report.suspended, report.activations),
        (1, 1, 1)
    );
    assert_eq!(report.stack_bytes, 64, "what the suspended one uses");
}

#[test]
fn activations_nest() {
    let (mut world, outer) = running();
    let inner = world.enter().unwrap();
    assert_eq!(
        (world.state(outer), world.state(inner)),
        (State::Parent, State::Running)
    );
    assert!(world.suspend(0).is_none(), "not beyond the host");
    let cont = world.new_by_runtime().unwrap();
    world.resume(cont);
    world.check();
    assert_eq!(world.collect(&[]), 0, "all of it runs");
    world.trap();
    assert_eq!(world.state(outer), State::Running);
    assert_eq!(world.state(cont.record), State::Gone);
    world.check();
}

#[test]
fn the_limit_is_on_live_ones_and_exact() {
    let mut world = World::new(3);
    world.enter().unwrap();
    let conts = [(); 2].map(|()| world.new_by_runtime().unwrap());
    let error = world.new_by_runtime().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the limit of 3 live continuations is reached (continuations_max)"
    );
    assert_eq!(error.limit(), Some(("continuations", 3)));
    world.check();
    // One returns, and there is room for one: for compiled code, which does
    // not ask, as for the runtime.
    world.resume(conts[0]);
    world.finish();
    assert!(world.new_inline().is_some());
    assert!(world.new_inline().is_none());
    assert!(world.new_by_runtime().is_err());
    assert!(world.enter().is_err());
    assert_eq!(world.collect(&[conts[1]]), 1);
    assert!(world.new_by_runtime().is_ok());
    world.check();
}

#[test]
fn a_refusal_of_the_arena_names_its_limit() {
    let mut config = crate::testing::config(1000);
    config.stacks.max_stacks = 1;
    let mut world = World::new(1000);
    world.registry = crate::Registry::new(config);
    world.new_by_runtime().unwrap();
    let error = world.new_by_runtime().unwrap_err();
    assert_eq!(error.limit(), Some(("stacks", 1)));
    assert!(
        error.to_string().contains("the limit of 1 stacks"),
        "{error}"
    );
    world.check();
}

#[test]
fn idle_stacks_can_be_taken_off_and_come_back() {
    let (mut world, _) = running();
    for _ in 0..100 {
        suspended(&mut world);
    }
    assert_eq!(world.collect(&[]), 100);
    world.registry.trim(&mut world.ctx, 10);
    world.check();
    assert_eq!(world.registry.report(&world.ctx).idle, 10);
    for _ in 0..10 {
        assert!(world.new_inline().is_some());
    }
    assert!(world.new_inline().is_none());
    let ids = |world: &World| world.registry.states(&world.ctx).count();
    let records = ids(&world);
    for _ in 0..90 {
        // SAFETY: a fresh one's stack, up to its top.
        let words = unsafe {
            let record = world.new_by_runtime().unwrap().record;
            let sp = ptr::with_exposed_provenance::<u64>((*record).sp as usize);
            assert_eq!((*record).sp + 16, (*record).stack_top);
            [sp.read(), sp.add(1).read()]
        };
        assert_eq!(words, [0x1000, 0], "trampoline, end of the walk");
    }
    assert_eq!(ids(&world), records, "no new records");
    world.check();
}

#[test]
fn a_stack_is_ready_for_compiled_code_even_after_another_use() {
    let (mut world, _) = running();
    let cont = suspended(&mut world);
    world.collect(&[]);
    world.registry.trim(&mut world.ctx, 0);
    // SAFETY: taken, and not used otherwise.
    unsafe {
        let record = world.registry.take(&mut world.ctx).unwrap();
        assert_eq!(record, cont.record);
        let top = ptr::with_exposed_provenance::<u64>((*record).stack_top as usize);
        assert_eq!(top.sub(1).read(), 0);
    }
}

#[test]
fn only_who_waits_has_bound_arguments() {
    let (mut world, main) = running();
    let values = crate::BoundArguments {
        values: vec![TransferSlot::from_u64(7)],
        kinds: vec![None],
    };
    // As a verb leaves it that resumes without taking them.
    // SAFETY: a record of this registry.
    unsafe {
        world.registry.bound.insert((*main).id, values);
        (*main).unready |= 1;
    }
    let fault = world.registry.verify(&world.ctx).unwrap_err();
    assert!(fault.to_string().contains("has bound arguments"), "{fault}");
}

#[test]
fn bound_arguments_live_as_long_as_they_wait() {
    let (mut world, _) = running();
    let cont = suspended(&mut world);
    let record = cont.record;
    let (a, b) = (TransferSlot::from_u64(7), TransferSlot::from_u64(8));
    let ctx = &mut world.ctx;
    world.registry.bind(ctx, record, [(a, None)]).unwrap();
    world
        .registry
        .bind(
            ctx,
            record,
            [(b, Some(SlotKind::Ref)), (a, Some(SlotKind::Cont))],
        )
        .unwrap();
    world.registry.bind(ctx, record, []).unwrap();
    world.check();
    for (index, kind, slot) in world.registry.bound_mut(record).unwrap().references() {
        let expected = [(1, SlotKind::Ref, b), (2, SlotKind::Cont, a)];
        assert_eq!((index, kind, *slot), expected[index as usize - 1]);
        slot.words[0] += 10;
    }
    // SAFETY: a record of the registry.
    assert_eq!(unsafe { (*record).bound_count() }, 3);
    let bound = world.registry.bound_mut(record).unwrap();
    assert_eq!([0, 1, 2].map(|n| bound.values()[n].words[0]), [7, 18, 17]);
    assert_eq!(world.registry.report(&world.ctx).bound_arguments, 3);
    world.resume(cont);
    assert!(world.registry.bound_mut(record).is_none());
    let cont = world.suspend(0).unwrap();
    world
        .registry
        .bind(&mut world.ctx, record, [(a, None)])
        .unwrap();
    assert_eq!(world.registry.bound_mut(cont.record).unwrap().values(), [a]);
    world.collect(&[]);
    assert!(
        world.registry.bound_mut(record).is_none(),
        "dropped with the continuation"
    );
    world.check();
}

#[test]
fn marks_last_for_one_collection() {
    let (mut world, _) = running();
    let cont = suspended(&mut world);
    for _ in 0..3 {
        world.registry.begin_marking();
        assert!(!world.registry.is_marked(cont.record));
        assert_eq!(world.registry.mark(cont), Some(cont.record));
        assert_eq!(world.registry.mark(cont), None, "once");
        assert!(world.registry.is_marked(cont.record));
        assert_eq!(world.registry.mark(ContRef::NULL), None);
        let stale = ContRef {
            revision: cont.revision - 1,
            ..cont
        };
        assert_eq!(world.registry.mark(stale), None);
    }
    // The number of collections wraps around without a mark coming back.
    world.registry.epoch = u32::MAX;
    world.registry.begin_marking();
    assert_eq!(world.registry.epoch, 1);
    assert!(!world.registry.is_marked(cont.record));
}

#[test]
#[should_panic(expected = "cannot end a continuation that is Suspended")]
fn an_end_the_table_does_not_know_is_refused() {
    let (mut world, _) = running();
    let cont = suspended(&mut world);
    // SAFETY: refused before anything happens.
    unsafe {
        world
            .registry
            .release(&mut world.ctx, cont.record, End::Returned)
    };
}

#[test]
fn verification_finds_what_is_wrong() {
    type Damage = fn(&mut World, Record);
    fn set(record: Record, change: fn(&mut ContRecord)) {
        // SAFETY: a record of the world's, which nothing else looks at now.
        change(unsafe { &mut *record });
    }
    fn set_base(record: Record) {
        // SAFETY: the highest word of its stack.
        unsafe {
            let base = (*record).stack_top as usize - 8;
            ptr::with_exposed_provenance_mut::<u64>(base).write(1);
        }
    }
    let damages: [(Damage, &str); 10] = [
        (
            |w, _| w.ctx.created += 1,
            "live continuations: 2 counted, 3 expected",
        ),
        (|w, r| w.ctx.free_records = r, "not gone"),
        (|_, r| set(r, |r| r.state = 7), "has state 7"),
        (
            |_, r| set(r, |r| r.sp = r.stack_limit - 8),
            "outside its stack",
        ),
        (|_, r| set(r, |r| r.sp = r.stack_top), "outside its stack"),
        (
            |_, r| set(r, |r| r.outermost = ptr::null_mut()),
            "its outermost is no record",
        ),
        (
            |_, r| set(r, |r| r.parent = r),
            "records of suspended chains: 0 counted, 1 expected",
        ),
        (
            |_, r| set(r, |r| r.outermost = ptr::from_mut(r).wrapping_sub(1)),
            "not the end of its chain",
        ),
        (|_, r| set(r, |r| r.unready |= 1), "bound arguments"),
        (|_, r| set_base(r), "base of its stack"),
    ];
    for (damage, message) in damages {
        let (mut world, _) = running();
        let cont = suspended(&mut world);
        world.check();
        damage(&mut world, cont.record);
        let fault: RegistryViolation = world.registry.verify(&world.ctx).unwrap_err();
        assert!(
            fault.to_string().contains(message),
            "{fault}, wanted: {message}"
        );
    }
}

#[test]
fn idle_stacks_are_as_if_newly_mapped_once_trimmed() {
    let (mut world, _) = running();
    let cont = world.new_by_runtime().unwrap();
    world.resume(cont);
    // SAFETY: the record is the registry's, and no code runs on its stack.
    let (limit, top) = unsafe { ((*cont.record).stack_limit, (*cont.record).stack_top) };
    let place = limit as *mut u64;
    assert!(place.addr() + 8 < top as usize);
    // SAFETY: the lowest word of a stack that nobody uses.
    unsafe { place.write(7) };
    world.finish();
    // SAFETY: as above; the stack stays with the record.
    assert_eq!(unsafe { place.read() }, 7, "a stack is used again as it is");
    world.registry.trim(&mut world.ctx, 0);
    world.check();
    let again = world.new_by_runtime().unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { (*again.record).stack_limit }, limit);
    // SAFETY: as above.
    assert_eq!(unsafe { place.read() }, 0);
    world.check();
}

/// A record that is given up, and stands for the host then, is on nobody's chain.
#[test]
fn a_record_given_up_for_the_host_has_no_parent() {
    let mut world = World::new(2);
    world.enter().unwrap();
    // A call that leaves an initial continuation behind for the next.
    world.enter().unwrap();
    world.finish();
    let cont = world.new_by_runtime().unwrap();
    world.resume(cont);
    world.finish();
    assert!(!parent(cont.record).is_null(), "it returned there");
    // The limit is reached: its stack is stolen for the call.
    let inner = world.enter().unwrap();
    world.check();
    let host = world.registry.new_host_record().unwrap();
    assert_eq!(host, cont.record);
    assert!(parent(host).is_null());
    world.registry.release_host_record(host);
    assert_eq!(world.ctx.current, inner);
    world.check();
}

/// The two records of a call stay together, however it ends, and are found again.
#[test]
fn a_call_finds_the_records_of_the_one_before() {
    let mut world = World::new(4);
    let initial = world.enter().unwrap();
    let host = world.ctx.host_record;
    for end in [World::finish, World::trap, |world: &mut World| {
        world.throw(0)
    }] {
        end(&mut world);
        assert_eq!(
            (world.registry.calls(), world.registry.activations()),
            (0, 0)
        );
        world.check();
        assert_eq!(world.enter().unwrap(), initial);
        assert_eq!(world.ctx.host_record, host);
        assert_eq!(
            (world.registry.calls(), world.registry.activations()),
            (1, 1)
        );
        world.check();
    }
}

/// What the host interrupted is part of the running chain.
#[test]
fn a_running_chain_that_is_cut_short_is_a_violation() {
    let (mut world, main) = running();
    world.enter().unwrap();
    world.check();
    let host = world.ctx.host_record;
    // SAFETY: a record of the registry.
    unsafe { (*host).interrupted = ptr::null_mut() };
    let cut = world.registry.verify(&world.ctx).unwrap_err();
    let expected = RegistryViolation::Count {
        what: "activations on the running chain",
        counted: 1,
        expected: 2,
    };
    assert_eq!(cut, expected);
    // SAFETY: as above.
    unsafe { (*host).interrupted = main };
    world.check();
    // SAFETY: as above.
    unsafe { (*main).parent = ptr::null_mut() };
    let open = world.registry.verify(&world.ctx).unwrap_err();
    assert_eq!(open, RegistryViolation::RunningChain);
}
