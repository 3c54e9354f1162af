//! The system refuses memory, at every request it is asked for in turn: a trap or
//! an error that says what failed, exact counts, and a store that goes on.

mod common;

use common::{call, instance_with};
use mangrove::{
    Config, Error, GuardKind, Instance, Outcome, ParkPolicy, Refusal, Request, Store, Val,
};

/// Continuations in a table: fresh ones, suspended ones, and chains of two that
/// are suspended as one.
const PROGRAM: &str = r#"(module
    (type $f (func (result i32))) (type $k (cont $f))
    (type $box (struct (field i32)))
    (rec (type $sf (func (param (ref null $sk)) (result i32))) (type $sk (cont $sf)))
    (tag $wait) (tag $stop) (tag $swap (result i32))
    (table $all 200 (ref null $k))
    (table $partners 20 (ref null $sk))
    (func $inner (export "inner") (result i32) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1)))
        (suspend $wait)
        (struct.get $box 0 (local.get $box)))
    (func $outer (result i32) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1)))
        (block $caught
            (return (i32.add (struct.get $box 0 (local.get $box))
                (try_table (result i32) (catch $stop $caught)
                    (resume $k (cont.new $k (ref.func $inner)))))))
        (i32.const 3))
    (func $partner (type $sf) (param (ref null $sk)) (result i32) (i32.const 1))
    (func $swapper (type $sf) (param $to (ref null $sk)) (result i32)
        (drop (switch $sk $swap (local.get $to)))
        (i32.const 2))
    (elem declare func $inner $outer $partner $swapper)
    (func (export "partner") (param $i i32)
        (table.set $partners (local.get $i) (cont.new $sk (ref.func $partner))))
    (func (export "swap") (param $i i32) (local $to (ref null $sk))
        (local.set $to (table.get $partners (local.get $i)))
        (table.set $partners (local.get $i) (ref.null $sk))
        (if (ref.is_null (local.get $to)) (then (return)))
        (drop (resume $sk (on $swap switch) (local.get $to)
            (cont.new $sk (ref.func $swapper)))))
    (func (export "fresh") (param $i i32)
        (table.set $all (local.get $i) (cont.new $k (ref.func $inner))))
    (func (export "suspend") (param $i i32)
        (table.set $all (local.get $i)
            (block $on (result (ref $k))
                (drop (resume $k (on $wait $on)
                    (if (result (ref $k)) (i32.and (local.get $i) (i32.const 1))
                        (then (cont.new $k (ref.func $outer)))
                        (else (cont.new $k (ref.func $inner))))))
                (unreachable))))
    (func $take (param $i i32) (result (ref null $k))
        (table.get $all (local.get $i))
        (table.set $all (local.get $i) (ref.null $k)))
    (func (export "finish") (param $i i32) (local $k (ref null $k))
        (local.set $k (call $take (local.get $i)))
        (if (ref.is_null (local.get $k)) (then (return)))
        (block $on (result (ref $k))
            (drop (resume $k (on $wait $on) (local.get $k)))
            (return))
        (drop (resume $k)))
    (func (export "stop") (param $i i32) (local $k (ref null $k))
        (local.set $k (call $take (local.get $i)))
        (if (ref.is_null (local.get $k)) (then (return)))
        (block $caught
            (try_table (catch $stop $caught)
                (drop (resume_throw $k $stop (local.get $k))))))
    (func (export "held") (result i32) (local $i i32) (local $held i32)
        (loop $next
            (if (i32.eqz (ref.is_null (table.get $partners (local.get $i))))
                (then (local.set $held (i32.add (local.get $held) (i32.const 1)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 20))))
        (local.set $i (i32.const 0))
        (loop $next
            (if (i32.eqz (ref.is_null (table.get $all (local.get $i))))
                (then (local.set $held (i32.add (local.get $held) (i32.const 1)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 200))))
        (local.get $held))
    (func (export "clear")
        (table.fill $partners (i32.const 0) (ref.null $sk) (i32.const 20))
        (table.fill $all (i32.const 0) (ref.null $k) (i32.const 200))))"#;

/// What a refused request may come out as.
fn is_clear(error: &Error, words: &[&str]) -> bool {
    let message = error.to_string();
    error.resource().is_some()
        && words.iter().any(|word| message.contains(word))
        && message.lines().count() == 1
}

struct World {
    store: Store<()>,
    instance: Instance,
    words: &'static [&'static str],
    failures: Vec<String>,
}

impl World {
    fn new(config: &Config, words: &'static [&'static str]) -> Self {
        let (store, instance) = instance_with(config, PROGRAM);
        Self {
            store,
            instance,
            words,
            failures: Vec::new(),
        }
    }

    /// Whether it succeeded; a failure must be one of the system's.
    #[track_caller]
    fn check<T>(&mut self, what: &str, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(is_clear(&error, self.words), "{what}: {error:?}");
                self.failures.push(format!("{what}: {error}"));
                None
            }
        }
    }

    #[track_caller]
    fn each(&mut self, name: &str, numbers: std::ops::Range<i32>) {
        for number in numbers {
            let result = call(&mut self.store, self.instance, name, &[Val::I32(number)]);
            self.check(name, result);
        }
    }

    /// Everything a program and its host do with continuations.
    fn live_a_life(&mut self) {
        self.each("suspend", 0..40);
        self.each("partner", 0..20);
        self.store.park();
        // These take the stacks of the parked ones.
        self.each("suspend", 40..80);
        self.each("fresh", 80..100);
        let collected = self.store.gc();
        self.check("gc", collected);
        // These want a stack in the middle of a switch, or before an exception is
        // thrown; the fresh ones leave no idle one to take.
        self.each("stop", 0..20);
        self.each("fresh", 100..160);
        self.each("finish", 20..30);
        self.each("fresh", 160..190);
        self.each("swap", 0..20);
        self.each("finish", 30..50);
        let inner = self.instance.func(&self.store, "inner").unwrap();
        let made = inner.continuation(&mut self.store);
        if let Some(made) = self.check("host", made) {
            self.store.park();
            // A suspension without a handler traps, if it gets so far.
            match made.resume(&mut self.store, &[], &[]) {
                Err(error) if error.to_string().contains("unhandled tag") => {}
                other => {
                    let other = self.check("resume", other);
                    assert!(matches!(other, None | Some(Outcome::Returned(_))));
                }
            }
        }
        self.each("finish", 50..190);
    }

    /// Counts agree with each other, with what the program holds, and with what
    /// the registry's own verification finds.
    fn is_exact(&mut self) {
        let report = self.store.report();
        let ended = report.ended;
        let sum = ended.returned + ended.thrown + ended.trapped + ended.collected;
        assert_eq!(report.created, sum + report.live, "{report:?}");
        assert_eq!(report.activations, 0);
        let collected = self.store.gc();
        if self.check("last gc", collected).is_none() {
            return;
        }
        let held = call(&mut self.store, self.instance, "held", &[]);
        if let Some(held) = self.check("held", held) {
            let Val::I32(held) = held[0] else { panic!() };
            // Each is one, or two suspended as one.
            let live = self.store.report().live;
            assert!((held as u64..=2 * held as u64).contains(&live), "{live}");
        }
    }

    /// Nothing is refused any more.
    fn goes_on(&mut self) {
        call(&mut self.store, self.instance, "clear", &[]).unwrap();
        self.failures.clear();
        self.live_a_life();
        assert_eq!(self.failures, [""; 0]);
        self.is_exact();
        assert_eq!(self.store.report().live, 0);
    }
}

fn config(guard: GuardKind) -> Config {
    let mut config = Config::new();
    config.verify_heap(true).guard(guard).stack_size(16 << 10);
    config.park(ParkPolicy::NEVER);
    config
}

/// Refuses `times` requests, beginning with each one in turn; where that is not
/// two, with some of the later ones only. Returns what failed in all.
fn sweep(
    guard: GuardKind,
    request: Request,
    times: u64,
    words: &'static [&'static str],
) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let mut config = config(guard);
        config.refuse(Refusal::Of {
            request,
            after,
            times,
        });
        let mut world = World::new(&config, words);
        world.live_a_life();
        world.is_exact();
        let asked = world.store.requests().made(request);
        all.append(&mut world.failures);
        if times < u64::MAX {
            world.goes_on();
        }
        if asked <= after {
            return all;
        }
        after += if times == 2 { 1 } else { 1 + after / 4 };
    }
}

#[test]
fn guards() {
    for (guard, request, words) in [
        (
            GuardKind::Lightweight,
            Request::LightweightGuard,
            &["cannot guard stack", "Lightweight guard"],
        ),
        (
            GuardKind::Mprotect,
            Request::MprotectGuard,
            &["cannot guard stack", "Mprotect guard"],
        ),
    ] {
        // The second attempt, after a collection, is granted, unless a stack is
        // wanted in the middle of a switch.
        let failed = sweep(guard, request, 1, words);
        assert!(
            failed
                .iter()
                .all(|text| text.contains("limit") || text.contains("no stack"))
        );
        let failed = sweep(guard, request, 2, words);
        for step in ["suspend", "partner", "fresh", "stop", "finish", "swap"] {
            let prefix = format!("{step}: ");
            let any = failed.iter().any(|text| text.starts_with(&prefix));
            assert!(any, "{step} {guard:?}: {failed:#?}");
        }
        assert!(!sweep(guard, request, u64::MAX, words).is_empty());
    }
}

#[test]
fn reservations() {
    let words = &["cannot reserve"];
    assert_eq!(
        sweep(GuardKind::Auto, Request::Reserve, 1, words),
        [""; 0],
        "a smaller one will do"
    );
    assert!(!sweep(GuardKind::Auto, Request::Reserve, 20, words).is_empty());
    let failed = sweep(GuardKind::Auto, Request::Reserve, u64::MAX, words);
    // Without any, even a call has no stack.
    let call = "suspend: no stack for a further continuation, 0 are live: cannot reserve";
    assert!(failed[0].starts_with(call), "{failed:?}");
}

#[test]
fn records() {
    let words = &["no memory for the record"];
    let failed = sweep(GuardKind::Auto, Request::Records, 2, words);
    assert!(!failed.is_empty());
    sweep(GuardKind::Auto, Request::Records, u64::MAX, words);
}

#[test]
fn buffers_and_giving_back() {
    // Who cannot be parked keeps the stack; memory that cannot be given back stays.
    for request in [Request::Buffer, Request::Discard, Request::Unmap] {
        for times in [1, u64::MAX] {
            assert_eq!(sweep(GuardKind::Auto, request, times, &[]), [""; 0]);
        }
    }
}

#[test]
fn heap_memory() {
    for times in [1, 2, 3, 8, u64::MAX] {
        let mut failed = Vec::new();
        for after in 0..20 {
            let mut config = config(GuardKind::Auto);
            config.young_min(4 << 10).young_max(4 << 10);
            config.refuse(Refusal::Of {
                request: Request::HeapCommit,
                after,
                times,
            });
            let mut world = World::new(&config, &["cannot commit"]);
            world.live_a_life();
            world.is_exact();
            failed.append(&mut world.failures);
            if times < 4 {
                // What is still to be refused is used up by a few more attempts.
                for _ in 0..4 {
                    let _ = world.store.gc();
                }
                world.goes_on();
            }
        }
        // A collection makes one refusal good, unless it is the one refused.
        let traps = failed.iter().filter(|text| !text.contains("gc: "));
        assert_eq!(traps.count() > 0, times > 1, "{failed:#?}");
    }
}
