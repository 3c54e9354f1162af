//! What the compiler tells of the slots of frames: which local, which operand.

use mangrove_abi::{CodeImage, SlotHolds, SlotKind};
use mangrove_compile::{Hooks, Interruption, OptLevel, Options, compile};
use mangrove_validate::ParsedModule;

fn image(text: &str, opt_level: OptLevel, slot_names: bool) -> CodeImage {
    let options = Options {
        opt_level,
        hooks: Hooks::default(),
        interruption: Interruption::default(),
        canonical_nans: false,
        slot_names,
        checked_memories: false,
        verify_clif: true,
        defect: None,
        stubs: mangrove_stack::arch::stub_image(),
    };
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    compile(&module, &options).unwrap()
}

/// What is told of the slots at each call of a defined function, in the order of its code.
fn told(image: &CodeImage, function: usize) -> Vec<Vec<String>> {
    let index = image.defined[function];
    let sites = image
        .sites
        .sites()
        .iter()
        .filter(|site| site.function == index);
    let slots = sites.map(|site| {
        let all = image.sites.slots(site).iter();
        let mut texts: Vec<String> = all
            .map(|slot| {
                let holds = image.slot_names.at(site.pc, site.function, slot.distance());
                let texts = holds.iter().map(|held| {
                    let what = match held.what {
                        SlotHolds::Local(local) => format!("local {local}"),
                        SlotHolds::Operand(depth) => format!("operand {depth}"),
                    };
                    match held.frame {
                        0 => what,
                        outwards => format!("{what} of {outwards}"),
                    }
                });
                let kind = match slot.kind() {
                    SlotKind::Ref => "",
                    SlotKind::Cont => "cont ",
                };
                format!("{kind}{}", texts.collect::<Vec<_>>().join(" and "))
            })
            .collect();
        texts.sort();
        texts
    });
    slots.collect()
}

/// A module with a function to call, and one whose body is this.
fn module(params: &str, body: &str) -> String {
    format!(
        "(module
            (type $s (struct (field i32) (field (ref null $s))))
            (type $f (func)) (type $k (cont $f)) (tag $pause) (tag $e (param (ref $s)))
            (func $call)
            (func $use (param (ref null $s)))
            (func $make (result (ref $s)) unreachable)
            (func $test {params} {body}))"
    )
}

/// The calls of `$test` at which anything is live.
fn of_test(params: &str, body: &str, level: OptLevel) -> Vec<Vec<String>> {
    let image = image(&module(params, body), level, true);
    let told = told(&image, 3);
    told.into_iter().filter(|slots| !slots.is_empty()).collect()
}

#[track_caller]
fn values(params: &str, body: &str, expected: &[&[&str]]) {
    for level in [OptLevel::Speed, OptLevel::None] {
        assert_eq!(of_test(params, body, level), expected, "{level:?}");
    }
}

#[test]
fn a_parameter_and_a_local_are_told_by_their_indices() {
    values(
        "(param i32) (param $x (ref $s)) (local $y (ref null $s))",
        "(local.set $y (call $make))
         (call $call)
         (call $use (local.get $x)) (call $use (local.get $y))",
        &[&["local 1"], &["local 1", "local 2"], &["local 2"]],
    );
}

#[test]
fn a_value_may_be_several_things_at_once() {
    values(
        "(local $x (ref null $s)) (local $y (ref null $s))",
        "(local.tee $x (call $make))
         (local.set $y (local.get $x))
         (call $call)
         (call $use) (call $use (local.get $x)) (call $use (local.get $y))",
        &[
            &["local 0 and local 1 and operand 0"],
            &["local 0 and local 1"],
            &["local 0 and local 1"],
        ],
    );
}

#[test]
fn an_operand_is_told_by_its_depth() {
    values(
        "",
        "(i32.const 5) (call $make) (call $make)
         (call $call)
         (call $use) (call $use) (drop)",
        // While the second is made, the first waits.
        &[&["operand 1"], &["operand 1", "operand 2"], &["operand 1"]],
    );
}

#[test]
fn a_local_that_was_given_another_value_holds_the_old_one_no_more() {
    values(
        "(param $x (ref $s))",
        "(local.get $x)
         (local.set $x (call $make))
         (call $call)
         (call $use) (call $use (local.get $x))",
        &[
            // While the call runs that makes the other one it is still both.
            &["local 0 and operand 0"],
            &["local 0", "operand 0"],
            &["local 0"],
        ],
    );
}

#[test]
fn where_ways_meet_a_local_is_what_it_is_on_either() {
    values(
        "(param $c i32) (param $x (ref null $s)) (param $y (ref null $s))",
        "(if (local.get $c) (then (local.set $x (local.get $y))))
         (call $call)
         (call $use (local.get $x))",
        &[&["local 1"]],
    );
    // The other is the same on both ways.
    values(
        "(param $c i32) (param $x (ref null $s)) (param $y (ref null $s))",
        "(if (local.get $c) (then (local.set $x (call $make))))
         (call $call)
         (call $use (local.get $x)) (call $use (local.get $y))",
        &[&["local 2"], &["local 1", "local 2"], &["local 2"]],
    );
}

#[test]
fn a_local_that_a_loop_carries_is_told_in_it() {
    values(
        "(param $n i32) (param $x (ref null $s)) (param $fixed (ref null $s))",
        "(loop $more
            (call $call)
            (call $use (local.get $x))
            (local.set $x (struct.get $s 1 (local.get $x)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
         (call $use (local.get $fixed))",
        &[&["local 1", "local 2"], &["local 1", "local 2"]],
    );
}

#[test]
fn a_local_of_a_loop_in_a_loop_is_told_where_nothing_reads_it_in_between() {
    values(
        "(param $n i32) (param $x (ref null $s))",
        "(loop $outer
            (loop $inner
                (call $call)
                (br_if $inner (local.get $n)))
            (local.set $x (struct.get $s 1 (local.get $x)))
            (br_if $outer (local.get $n)))
         (call $use (local.get $x))",
        &[&["local 1"]],
    );
}

#[test]
fn what_comes_out_of_a_block_is_an_operand() {
    values(
        "(param $c i32)",
        "(if (result (ref $s)) (local.get $c) (then (call $make)) (else (call $make)))
         (call $call)
         (call $use)",
        &[&["operand 0"]],
    );
}

#[test]
fn an_operand_is_one_until_its_instruction_is_over() {
    // The object that it goes into is allocated meanwhile.
    values(
        "",
        "(call $use (struct.new $s (i32.const 1) (call $make)))",
        &[&["operand 1"]],
    );
}

#[test]
fn continuations_are_told_as_well() {
    values(
        "(param $k (ref null $k)) (local $x (ref null $s))",
        "(local.set $x (call $make))
         (suspend $pause)
         (call $use (local.get $x))
         (resume $k (local.get $k))",
        &[
            &["cont local 0"],
            &["cont local 0", "local 1"],
            &["cont local 0"],
            // The search for a handler, which is seldom made, lies behind the rest.
            &["cont local 0", "local 1"],
        ],
    );
}

#[test]
fn what_is_caught_is_told() {
    values(
        "(param $x (ref $s)) (local $y (ref null $s))",
        "(block $on (result (ref $s))
            (try_table (catch $e $on) (call $call))
            (return))
         (local.set $y)
         (call $call)
         (call $use (local.get $x)) (call $use (local.get $y))",
        &[&["local 0"], &["local 0", "local 1"], &["local 1"]],
    );
}

#[test]
fn homes_are_told_by_what_they_are_for() {
    let told = of_test(
        "(param $x (ref $s)) (param i64) (local $y (ref null $s))",
        "(local.set $y (call $make))
         (call $make) (call $call) (call $use)
         (call $use (local.get $x)) (call $use (local.get $y))",
        OptLevel::Frame,
    );
    assert!(!told.is_empty());
    for slots in told {
        assert_eq!(slots, ["local 0", "local 2", "operand 0"]);
    }
}

/// A body with all kinds of ways and values.
fn varied() -> String {
    module(
        "(param $n i32) (param $x (ref null $s)) (local $y (ref null $s)) (local $k (ref null $k))",
        "(block $out (result (ref null $s))
            (loop $more
                (local.set $y (struct.new $s (local.get $n) (local.get $x)))
                (block $on (result (ref $s))
                    (try_table (catch $e $on)
                        (call $use (local.get $y)) (suspend $pause)
                        (resume $k (local.get $k)))
                    (br $out (local.get $x)))
                (local.set $x)
                (br_if $out (local.get $y) (local.get $n)) (drop)
                (br_if $more (local.get $n)))
            (call $make))
         (call $use)",
    )
}

#[test]
fn the_code_is_the_same_whether_it_is_told_or_not() {
    for level in [OptLevel::Speed, OptLevel::None, OptLevel::Frame] {
        let (without, with) = (
            image(&varied(), level, false),
            image(&varied(), level, true),
        );
        assert_eq!(without.text, with.text);
        assert_eq!(without.sites.sites(), with.sites.sites());
        for site in without.sites.sites() {
            assert_eq!(without.sites.slots(site), with.sites.slots(site));
        }
        for pc in (0..without.text.len() as u32).map(mangrove_abi::CodeOffset::new) {
            assert_eq!(without.wasm_offset_at(pc), with.wasm_offset_at(pc));
        }
        assert_eq!(without.traps, with.traps);
        assert!(without.slot_names.is_empty() && !with.slot_names.is_empty());
    }
}

#[test]
fn too_much_is_not_told_and_takes_no_time_out_of_proportion() {
    // Many operands at many calls, many locals in many blocks.
    let (many, mut locals, mut body) = (1_500, String::new(), String::new());
    for n in 0..many {
        locals += "(local (ref null $s))";
        body += &format!("(local.set {n} (ref.null $s)) (call $call) (block)");
    }
    for _ in 0..many {
        body += "(ref.null $s) (call $call) (if (i32.const 1) (then (call $call)))";
    }
    body += &"(drop)".repeat(many);
    let image = image(&module(&locals, &body), OptLevel::Speed, true);
    assert!(image.sites.sites().len() > many);
}
