//! What the programs of some hundred seeds really do.

use super::ast::Fault;
use super::features::Features;
use super::tally::Tally;
use crate::case::Size;
use crate::random::emit::{self, Form};
use crate::random::{End, generator, oracle};
use mangrove::Zeal;
use mangrove_workers::Rng;

fn size() -> Size {
    Size::new(0.02, Zeal::NONE)
}

#[test]
fn everything_is_executed_somewhere() {
    let (mut tally, mut ends) = (Tally::default(), [0, 0, 0]);
    let (mut steps, mut switches) = (0, 0);
    for seed in 0..2_500 {
        let program = generator::program(&mut Rng::new(seed), size(), Features::ALL);
        let (verdict, counted) = oracle::run_counted(&program);
        tally.add(&counted);
        ends[match verdict.end {
            End::Returned => 0,
            End::Trapped(_) => 1,
            End::Thrown => 2,
        }] += 1;
        steps += verdict.steps;
        switches += verdict.switches;
    }
    println!("{ends:?}, {steps} steps, {switches} switches, {tally:#?}");
    assert!(steps > 50_000 && switches > 10_000, "{steps}, {switches}");
    let often = [
        "resume",
        "resume_throw",
        "resume_throw_ref",
        "suspend",
        "suspend of a chain",
        "switch",
        "switch of a chain",
        "cont.bind of a fresh continuation",
        "cont.bind of a suspended continuation",
        "cont.bind of all",
        "the first clause",
        "the second clause",
        "a later clause",
        "on behind switch of the same tag",
        "a clause before its duplicate",
        "throw",
        "throw_ref",
        "try_table",
        "catch",
        "catch_ref",
        "catch_all",
        "catch_all_ref",
        "caught outside of a continuation",
        "call",
        "call_indirect",
        "call_ref",
        "return_call",
        "return_call_indirect",
        "return_call_ref",
    ];
    for what in often {
        assert!(tally.of(what) >= 50, "{what}: {tally:?}");
    }
    let faults = Fault::ALL
        .into_iter()
        .filter(|fault| fault.trap().is_some());
    for what in faults.map(Fault::name).chain(["uncaught exception"]) {
        assert!(tally.of(what) >= 2, "{what}: {tally:?}");
    }
    assert!(ends[0] > 600 && ends[1] > 100 && ends[2] > 20, "{ends:?}");
}

/// What other engines lack is in no program that is made for them.
#[test]
fn what_is_switched_off_is_not_there() {
    let without = |change: fn(&mut Features)| {
        let mut features = Features::ALL;
        change(&mut features);
        let mut text = String::new();
        for seed in 0..200 {
            let program = generator::program(&mut Rng::new(seed), size(), features);
            text += &emit::module(&program, 0, Form::default());
        }
        text
    };
    let all = without(|_| {});
    let check = |words: &[&str], change: fn(&mut Features)| {
        let text = without(change);
        for word in words {
            assert!(all.contains(word), "{word}");
            assert!(!text.contains(word), "{word}");
        }
    };
    check(&["switch ", " switch)", "$peer"], |f| f.switch = false);
    check(&["resume_throw "], |f| f.resume_throw = false);
    check(&["resume_throw_ref "], |f| f.resume_throw_ref = false);
    check(&["return_call"], |f| f.tail_calls = false);
    check(&["(throw", "try_table", "resume_throw"], |f| {
        f.exceptions = false;
    });
    check(&["try_table", "cont.bind", "switch", "$shelves"], |f| {
        f.control = false;
    });
}
