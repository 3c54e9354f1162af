//! What the compiler says about the code it makes.

use mangrove_abi::{CodeImage, CodeOffset, FuncIndex, FunctionKind, SlotKind, TagIndex, TrapCode};
use mangrove_compile::{Hooks, Interruption, OptLevel, Options, Places, compile, compile_with};
use mangrove_validate::ParsedModule;

fn options(opt_level: OptLevel) -> Options {
    Options {
        opt_level,
        hooks: Hooks::default(),
        interruption: Interruption::default(),
        canonical_nans: false,
        slot_names: false,
        checked_memories: false,
        verify_clif: true,
        defect: None,
        stubs: mangrove_stack::arch::stub_image(),
    }
}

fn image(text: &str) -> CodeImage {
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    compile(&module, &options(OptLevel::Speed)).unwrap()
}

/// For each call of a function that is no mere tail call: what is live there.
fn live_kinds(image: &CodeImage, function: u32) -> Vec<Vec<SlotKind>> {
    let index = image.defined[function as usize];
    let sites = image
        .sites
        .sites()
        .iter()
        .filter(|site| site.function == index);
    sites
        .map(|site| {
            image
                .sites
                .slots(site)
                .iter()
                .map(|slot| slot.kind())
                .collect()
        })
        .collect()
}

#[test]
fn a_call_with_nothing_live_has_an_entry_all_the_same() {
    let image = image("(module (func $f) (func call $f call $f))");
    assert_eq!(live_kinds(&image, 1), [[], []]);
}

#[test]
fn a_reference_is_live_exactly_as_long_as_it_is_used() {
    let image = image(
        "(module (type $s (struct (field i32))) (func $f)
           (func (param $x (ref $s)) (result i32)
             call $f
             (struct.get $s 0 (local.get $x))
             call $f))",
    );
    assert_eq!(live_kinds(&image, 1), [vec![SlotKind::Ref], vec![]]);
}

#[test]
fn operands_below_a_call_are_live() {
    let image = image(
        "(module (type $s (struct (field i32))) (func $f (result i32) i32.const 1)
           (func $g (param (ref $s)) (param i32) (result i32) local.get 1)
           (func (param $x (ref $s)) (result i32)
             local.get $x
             call $f
             call $g))",
    );
    assert_eq!(live_kinds(&image, 2), [vec![SlotKind::Ref], vec![]]);
}

#[test]
fn continuations_are_slots_of_their_own_kind() {
    let image = image(
        "(module (type $f (func)) (type $k (cont $f)) (func $g)
           (func (param $x (ref null $k)) (result (ref null $k)) call $g local.get $x))",
    );
    assert_eq!(live_kinds(&image, 1), [vec![SlotKind::Cont]]);
}

#[test]
fn function_references_are_no_roots() {
    let image =
        image("(module (func $g) (func (param funcref) (result funcref) call $g local.get 0))");
    assert_eq!(live_kinds(&image, 1), [vec![]]);
}

#[test]
fn a_switch_is_a_jump_to_a_thunk_that_pushes_its_return_point() {
    let image = image("(module (tag $t) (func suspend $t))");
    let index = image.defined[0];
    let site = image
        .sites
        .sites()
        .iter()
        .filter(|site| site.function == index);
    // The call of the handler search, and the switch.
    let returns: Vec<u32> = site.map(|site| site.pc.as_u32()).collect();
    let jump = returns
        .iter()
        .find(|&&pc| image.text[pc as usize - 5] == 0xe9)
        .unwrap();
    let field = *jump as usize - 4;
    let displacement = i32::from_le_bytes(image.text[field..][..4].try_into().unwrap());
    let thunk = CodeOffset::new(jump.wrapping_add_signed(displacement));
    let (_, stretch) = image.function_at(thunk).unwrap();
    assert_eq!((stretch.kind, stretch.start), (FunctionKind::Stubs, thunk));
    let hole = thunk.plus(mangrove_stack::arch::stub_image().switch_return);
    let back = i32::from_le_bytes(image.text[hole.index()..][..4].try_into().unwrap());
    assert_eq!(hole.plus(4).as_u32().wrapping_add_signed(back), *jump);
}

#[test]
fn code_that_is_interrupted_calls_a_stub_whose_call_is_a_site() {
    let text = "(module (func (loop (br 0))) (func))";
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    let interrupts = |image: &CodeImage| {
        let mut kinds = image.functions.iter().map(|function| function.kind);
        kinds.position(|kind| kind == FunctionKind::Interrupt)
    };
    assert_eq!(interrupts(&image(text)), None);
    for (epochs, fuel) in [(true, false), (false, true), (true, true)] {
        let options = Options {
            interruption: Interruption { epochs, fuel },
            ..options(OptLevel::Speed)
        };
        let image = compile(&module, &options).unwrap();
        let stub = interrupts(&image).expect("a stub") as u32;
        let calls = |function: u32| {
            let sites = image.sites.sites().iter();
            sites.filter(|site| site.function == function).count()
        };
        let each = usize::from(epochs) + usize::from(fuel);
        // At the entry of each, and at the head of the loop.
        let defined = [image.defined[0], image.defined[1]].map(calls);
        assert_eq!(defined, [2 * each, each]);
        assert_eq!(calls(stub), 1);
        let site = image
            .sites
            .sites()
            .iter()
            .find(|site| site.function == stub);
        let field = site.expect("one").pc.as_u32() as usize - 4;
        let distance = i32::from_le_bytes(image.text[field..][..4].try_into().unwrap());
        let target = (field as u32 + 4).wrapping_add_signed(distance);
        assert_eq!(target, mangrove_stack::arch::stub_image().call_host);
    }
}

#[test]
fn equal_clauses_share_a_handler_table() {
    let image = image(
        "(module (type $f (func)) (type $k (cont $f)) (tag $a) (tag $b)
           (func (param (ref $k)) (block $h (result (ref $k)) (resume $k (on $a $h) (local.get 0)) return) drop)
           (func (param (ref $k)) (block $h (result (ref $k)) (resume $k (on $b $h) (on $a $h) (local.get 0)) return) drop)
           (func (param (ref $k)) (block $h (result (ref $k)) (resume $k (on $a $h) (local.get 0)) return) drop)
           (func (param (ref $k)) (resume $k (local.get 0))))",
    );
    let [a, b] = [0, 1].map(TagIndex::new);
    assert_eq!(
        image.handler_tables,
        [vec![(a, false)], vec![(b, false), (a, false)]]
    );
}

#[test]
fn traps_are_recorded_where_they_happen() {
    let image =
        image("(module (memory 1) (func (param i32) (result i32) (i32.load (local.get 0))))");
    let codes: Vec<TrapCode> = image.traps.iter().map(|trap| trap.code).collect();
    assert_eq!(codes, [TrapCode::MemoryOutOfBounds]);
    let trap = image.traps[0];
    assert_eq!(image.trap_at(trap.pc), Some(&trap));
    assert!(image.wasm_offset_at(trap.pc).is_some());
}

#[test]
fn only_functions_that_escape_get_an_entry_trampoline() {
    let image = image("(module (func (export \"f\")) (func (param i32)))");
    assert!(image.entries[0].is_some());
    assert!(image.entries[1].is_none());
}

#[test]
fn results_and_parameters_without_end() {
    let many = "i64 ".repeat(600);
    let text = format!(
        "(module (type $f (func (param {many}) (result {many}))) (type $k (cont $f))
           (import \"\" \"f\" (func $f (type $f)))
           (func (export \"g\") (type $f) {gets} call $f)
           (func (param (ref $k)) (param {many}) (result {many}) {arguments} local.get 0 resume $k))",
        gets = (0..600).map(|i| format!("local.get {i} ")).collect::<String>(),
        arguments = (1..=600).map(|i| format!("local.get {i} ")).collect::<String>(),
    );
    for opt_level in [OptLevel::None, OptLevel::Speed] {
        let module = ParsedModule::parse(wat::parse_str(&text).unwrap()).unwrap();
        compile(&module, &options(opt_level)).unwrap();
    }
}

#[test]
fn hooks_are_compiled_in_where_asked_for() {
    let module = ParsedModule::parse(wat::parse_str("(module (func))").unwrap()).unwrap();
    let mut options = options(OptLevel::Speed);
    assert!(compile(&module, &options).unwrap().sites.sites().is_empty());
    options.hooks.calls = true;
    assert_eq!(compile(&module, &options).unwrap().sites.sites().len(), 1);
}

/// The code of each function that the module defines.
fn code_of(image: &CodeImage) -> Vec<&[u8]> {
    let code = |&index: &u32| {
        let starts = image.functions[index as usize..].iter();
        let starts: Vec<u32> = starts
            .take(2)
            .map(|function| function.start.as_u32())
            .collect();
        let end = starts.get(1).map_or(image.text.len(), |&end| end as usize);
        &image.text[starts[0] as usize..end]
    };
    image.defined.iter().map(code).collect()
}

#[test]
fn a_place_has_a_hook_and_no_other_function_changes() {
    let text = "(module (memory 1)
        (func (param i32) (result i32) (i32.load (local.get 0)))
        (func (param i32) (result i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))
        (func (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3))))";
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    let body = module.bodies[1].range.clone();
    // `i32.sub`, inside of the loop.
    let offset = body.clone().find(|&at| module.bytes[at] == 0x6b).unwrap();
    let entry = Places {
        entries: [FuncIndex::new(1)].into(),
        ..Places::default()
    };
    let instruction = Places {
        offsets: [offset].into(),
        ..Places::default()
    };
    for level in [OptLevel::Speed, OptLevel::None, OptLevel::Frame] {
        let plain = compile(&module, &options(level)).unwrap();
        assert!(plain.sites.sites().is_empty());
        for places in [&entry, &instruction] {
            let hooked = compile_with(&module, &options(level), places).unwrap();
            let differ: Vec<usize> = (0..3)
                .filter(|&index| code_of(&plain)[index] != code_of(&hooked)[index])
                .collect();
            assert_eq!(differ, [1], "{level}");
            let [site] = hooked.sites.sites() else {
                panic!("one call")
            };
            let at = site.wasm_offset.map(|at| at.as_u32() as usize);
            let expected = if places == &entry { body.start } else { offset };
            assert_eq!(at, Some(expected));
        }
        let none = compile_with(&module, &options(level), &Places::default()).unwrap();
        assert_eq!(none.text, plain.text);
    }
}

#[test]
fn a_call_inside_a_try_table_lists_the_clauses_around_it_innermost_first() {
    let image = image(
        "(module (tag $a) (tag $b) (func $f)
           (func (block $h (try_table (catch $a $h) (catch $b $h)
             (try_table (catch $b $h) (call $f)) (call $f) )) (call $f)))",
    );
    let index = image.defined[1];
    let sites = image
        .sites
        .sites()
        .iter()
        .filter(|site| site.function == index);
    let tags: Vec<Vec<Option<TagIndex>>> = sites
        .map(|site| match image.sites.catch_site(site) {
            Some(catch) => image.sites.catches(catch).collect(),
            None => Vec::new(),
        })
        .collect();
    let [a, b] = [0, 1].map(|tag| Some(TagIndex::new(tag)));
    assert_eq!(tags, [vec![b, a, b], vec![a, b], vec![]]);
}

#[test]
fn nothing_is_searched_behind_a_clause_that_catches_all() {
    let image = image(
        "(module (tag $a) (func $f)
           (func (block $h (try_table (catch $a $h) (try_table (catch_all $h) (call $f))))))",
    );
    let site = image.sites.sites()[0];
    let catch = image.sites.catch_site(&site).unwrap();
    let clauses: Vec<_> = image.sites.catches(catch).collect();
    assert_eq!(clauses, [None]);
    assert!(catch.instance_distance <= catch.frame_size);
}

/// A function with `n` references that live in locals over `n` calls.
fn many_live(n: usize) -> String {
    let each = |text: fn(usize) -> String| (0..n).map(text).collect::<String>();
    format!(
        "(module (type $s (struct (field i32))) (func $new (result (ref $s)) (struct.new_default $s))
           (func (result i32) {} {} (i32.const 0) {}))",
        each(|i| format!("(local $l{i} (ref null $s))")),
        each(|i| format!("(local.set $l{i} (call $new))")),
        each(|i| format!("(i32.add (struct.get $s 0 (local.get $l{i})))")),
    )
}

#[test]
fn stack_maps_of_a_large_function_are_one_list() {
    // A small one: each call has those that were set before it and no other.
    let small = live_kinds(&image(&many_live(20)), 1);
    let counts: Vec<usize> = small.iter().map(Vec::len).collect();
    assert_eq!(counts, (0..20).collect::<Vec<_>>());
    // In a large one all locals are roots at every call, and said once.
    let [once, twice] = [2000, 4000].map(|n| {
        let image = image(&many_live(n));
        let large = live_kinds(&image, 1);
        assert_eq!(large.len(), n);
        assert!(large.iter().all(|kinds| kinds.len() >= n));
        image.sites.bytes()
    });
    assert!(twice < once * 23 / 10, "{once} and {twice} bytes");
}

#[test]
fn clauses_and_calls_do_not_multiply() {
    let image = |n: usize| {
        image(&format!(
            "(module (tag $e) (func $f) (func (block $out {} {} {})))",
            format!("(try_table {} ", "(catch $e $out)".repeat(n)).repeat(10),
            "(call $f)".repeat(n),
            ")".repeat(10),
        ))
    };
    let [once, twice] = [200, 400].map(|n| image(n).sites.bytes());
    assert!(twice < once * 23 / 10, "{once} and {twice} bytes");
}

#[test]
fn values_of_a_br_table_are_moved_once_for_a_label() {
    let text = |n: usize| {
        let results = " i64".repeat(100);
        image(&format!(
            "(module (func (param i32) (result {results}) (block $b (result {results})
               {} (br_table {} (local.get 0)))))",
            (0..100)
                .map(|i| format!("(i64.const {i})"))
                .collect::<String>(),
            "$b ".repeat(n),
        ))
        .text
        .len()
    };
    // An entry of the table is four bytes.
    let (few, many) = (text(10), text(1010));
    assert!(many - few <= 8 * 1000, "{few} and {many} bytes");
}
