//! Old objects that come to refer to young ones, at random: an oracle says what each
//! place must hold after any number of collections of either kind.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Instance, Store, Val};
use std::collections::HashMap;

/// Holders of four sizes, a global, a table, and stacks; each place holds a box or null.
const PLACES: &str = r#"(module
    (type $box (struct (field i32)))
    (type $cell (struct (field (mut (ref null $box))) (field (mut (ref null $box)))))
    (type $array (array (mut (ref null $box))))
    (type $sleeps (func (param (ref null $box)) (result i32))) (type $k (cont $sleeps))
    (type $gives (func (result i32))) (type $kg (cont $gives))
    (type $wakes (func (param (ref null $box)) (result i32))) (type $kw (cont $wakes))
    (tag $sleep (result (ref null $box)))
    (global $g (mut (ref null $box)) (ref.null $box))
    (table $t 1500 (ref null $box))
    (table $cells 8 (ref null $cell))
    (table $arrays 8 (ref null $array))
    (table $sleepers 8 (ref null $kw))
    (table $bound 8 (ref null $kg))
    (elem declare func $sleeper $value)
    (func $new (param $n i32) (result (ref null $box)) (struct.new $box (local.get $n)))
    (func $value (type $sleeps)
        (if (ref.is_null (local.get 0)) (then (return (i32.const -1))))
        (struct.get $box 0 (local.get 0)))
    (func (export "make") (param $h i32) (param $len i32) (param $n i32)
        (table.set $cells (local.get $h) (struct.new $cell (call $new (local.get $n)) (ref.null $box)))
        (table.set $arrays (local.get $h) (array.new $array (call $new (local.get $n)) (local.get $len))))
    (func (export "set") (param $h i32) (param $i i32) (param $n i32)
        (if (i32.and (local.get $n) (i32.const 1))
            (then (struct.set $cell 1 (table.get $cells (local.get $h)) (call $new (local.get $n)))))
        (array.set $array (table.get $arrays (local.get $h)) (local.get $i) (call $new (local.get $n))))
    (func (export "fill") (param $h i32) (param $i i32) (param $n i32) (param $len i32)
        (array.fill $array (table.get $arrays (local.get $h)) (local.get $i)
            (call $new (local.get $n)) (local.get $len)))
    (func (export "copy") (param $h i32) (param $i i32) (param $from i32) (param $j i32) (param $len i32)
        (array.copy $array $array (table.get $arrays (local.get $h)) (local.get $i)
            (table.get $arrays (local.get $from)) (local.get $j) (local.get $len)))
    (func (export "get") (param $h i32) (param $i i32) (result i32)
        (call $value (array.get $array (table.get $arrays (local.get $h)) (local.get $i))))
    (func (export "cell") (param $h i32) (result i32)
        (call $value (struct.get $cell 1 (table.get $cells (local.get $h)))))
    (func (export "set_global") (param $n i32) (global.set $g (call $new (local.get $n))))
    (func (export "global") (result i32) (call $value (global.get $g)))
    (func (export "set_table") (param $i i32) (param $n i32)
        (table.set $t (local.get $i) (call $new (local.get $n))))
    (func (export "fill_table") (param $i i32) (param $n i32) (param $len i32)
        (table.fill $t (local.get $i) (call $new (local.get $n)) (local.get $len)))
    (func (export "copy_table") (param $i i32) (param $j i32) (param $len i32)
        (table.copy $t $t (local.get $i) (local.get $j) (local.get $len)))
    (func (export "table") (param $i i32) (result i32) (call $value (table.get $t (local.get $i))))
    ;; Keeps what it is given, and what it is woken with, in its frame.
    (func $sleeper (type $sleeps) (local $second (ref null $box))
        (local.set $second (suspend $sleep))
        (loop $again
            (drop (suspend $sleep))
            (br $again))
        (i32.add (call $value (local.get 0)) (call $value (local.get $second))))
    (func $to_sleep (param $h i32) (param $k (ref null $kg))
        (local $asleep (ref null $kw))
        (block $on (result (ref $kw))
            (drop (resume $kg (on $sleep $on) (local.get $k)))
            (unreachable))
        (local.set $asleep)
        (table.set $sleepers (local.get $h) (local.get $asleep)))
    (func (export "sleep") (param $h i32) (param $n i32)
        (call $to_sleep (local.get $h)
            (cont.bind $k $kg (call $new (local.get $n)) (cont.new $k (ref.func $sleeper)))))
    (func (export "wake") (param $h i32) (param $n i32)
        (if (ref.is_null (table.get $sleepers (local.get $h))) (then (return)))
        (call $to_sleep (local.get $h)
            (cont.bind $kw $kg (call $new (local.get $n)) (table.get $sleepers (local.get $h)))))
    (func (export "bind") (param $h i32) (param $n i32)
        (table.set $bound (local.get $h)
            (cont.bind $k $kg (call $new (local.get $n)) (cont.new $k (ref.func $value)))))
    (func (export "bound") (param $h i32) (result i32) (local $k (ref null $kg))
        (local.set $k (table.get $bound (local.get $h)))
        (table.set $bound (local.get $h) (ref.null $kg))
        (resume $kg (local.get $k)))
    (func (export "churn") (param $n i32)
        (loop $next
            (drop (struct.new $box (i32.const -13)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

/// Elements of the holders: without cards, with, large.
const SIZES: [i32; 8] = [3, 40, 1100, 1600, 3000, 9000, 17000, 30000];
const TABLE: i32 = 1500;

/// A place of the module, and what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Element(i32, i32),
    Cell(i32),
    Global,
    Table(i32),
    Bound(i32),
}

struct World {
    store: Store<()>,
    instance: Instance,
    random: u64,
    expected: HashMap<Place, i32>,
}

impl World {
    fn new(config: &Config, seed: u64) -> Self {
        let (store, instance) = instance_with(config, PLACES);
        let mut world = Self {
            store,
            instance,
            random: seed,
            expected: HashMap::new(),
        };
        (0..SIZES.len() as i32).for_each(|h| world.make(h));
        world
    }

    /// A number below `end`.
    fn below(&mut self, end: i32) -> i32 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.random >> 33) % end as u64) as i32
    }

    fn call(&mut self, name: &str, args: &[i32]) -> Option<i32> {
        let args: Vec<_> = args.iter().map(|&arg| Val::I32(arg)).collect();
        let results = call(&mut self.store, self.instance, name, &args)
            .unwrap_or_else(|error| panic!("{name} {args:?}: {error}"));
        results.first().and_then(Val::as_i32)
    }

    fn make(&mut self, h: i32) {
        let len = SIZES[h as usize];
        let n = self.below(1 << 30);
        self.call("make", &[h, len, n]);
        (0..len).for_each(|i| self.expect(Place::Element(h, i), n));
        self.expect(Place::Cell(h), -1);
    }

    fn expect(&mut self, place: Place, n: i32) {
        self.expected.insert(place, n);
    }

    /// A stretch of a sequence of that length.
    fn stretch(&mut self, len: i32) -> (i32, i32) {
        let at = self.below(len);
        let most = (len - at).min(300);
        (at, self.below(most + 1))
    }

    fn step(&mut self) {
        let h = self.below(SIZES.len() as i32);
        let size = SIZES[h as usize];
        let n = self.below(1 << 30);
        match self.below(16) {
            0 => self.make(h),
            1 => {
                let (at, len) = self.stretch(size);
                self.call("fill", &[h, at, n, len]);
                (at..at + len).for_each(|i| self.expect(Place::Element(h, i), n));
            }
            2 => {
                let from = self.below(SIZES.len() as i32);
                let (to, len) = self.stretch(size);
                let at = self.below(SIZES[from as usize]);
                let len = len.min(SIZES[from as usize] - at);
                self.call("copy", &[h, to, from, at, len]);
                let copied: Vec<_> = (at..at + len)
                    .map(|i| self.expected[&Place::Element(from, i)])
                    .collect();
                (to..)
                    .zip(copied)
                    .for_each(|(i, n)| self.expect(Place::Element(h, i), n));
            }
            3 => {
                self.call("set_global", &[n]);
                self.expect(Place::Global, n);
            }
            4 => {
                let (at, len) = self.stretch(TABLE);
                self.call("fill_table", &[at, n, len]);
                (at..at + len).for_each(|i| self.expect(Place::Table(i), n));
            }
            5 => {
                let (to, len) = self.stretch(TABLE);
                let at = self.below(TABLE - len + 1);
                self.call("copy_table", &[to, at, len]);
                let copied: Vec<_> = (at..at + len)
                    .map(|i| self.expected.get(&Place::Table(i)).copied().unwrap_or(-1))
                    .collect();
                (to..)
                    .zip(copied)
                    .for_each(|(i, n)| self.expect(Place::Table(i), n));
            }
            6 | 7 => {
                let at = self.below(TABLE);
                self.call("set_table", &[at, n]);
                self.expect(Place::Table(at), n);
            }
            8 => drop(self.call("sleep", &[h, n])),
            9 => drop(self.call("wake", &[h, n])),
            10 => {
                self.call("bind", &[h, n]);
                self.expect(Place::Bound(h), n);
            }
            11 => {
                let n = self.below(2000) + 1;
                self.call("churn", &[n]);
            }
            12 if n % 8 == 0 => self.store.gc().unwrap(),
            _ => {
                let at = self.below(size);
                self.call("set", &[h, at, n]);
                self.expect(Place::Element(h, at), n);
                if n % 2 == 1 {
                    self.expect(Place::Cell(h), n);
                }
            }
        }
    }

    /// Looks at one place, by its name; what is bound is gone then.
    fn look(&mut self, place: Place) -> i32 {
        let found = match place {
            Place::Element(h, i) => self.call("get", &[h, i]),
            Place::Cell(h) => self.call("cell", &[h]),
            Place::Global => self.call("global", &[]),
            Place::Table(i) => self.call("table", &[i]),
            Place::Bound(h) => self.call("bound", &[h]),
        };
        found.expect("a number")
    }

    fn check(&mut self) {
        let expected: Vec<_> = self
            .expected
            .iter()
            .map(|(&place, &n)| (place, n))
            .collect();
        for (place, n) in expected {
            assert_eq!(self.look(place), n, "{place:?}");
            if matches!(place, Place::Bound(_)) {
                self.expected.remove(&place);
            }
        }
    }
}

fn play(config: &Config, seed: u64, steps: u32) -> u64 {
    let mut world = World::new(config, seed);
    for step in 1..=steps {
        world.step();
        if step % (steps / 4) == 0 {
            world.check();
        }
    }
    world.store.collections()
}

#[test]
fn every_place_holds_what_was_put_there() {
    for seed in 0..4 {
        let mut config = Config::new();
        config
            .young_min(64 << 10)
            .young_max(256 << 10)
            .verify_heap(true);
        let collections = play(&config, seed, 6000);
        assert!(collections > 20, "{collections}");
    }
}

#[test]
fn and_so_under_zeal() {
    for (seed, zeal) in (10..).zip(["alloc:50,minor", "alloc:50,switch,move,minor"]) {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).young_min(64 << 10);
        play(&config, seed, 100);
    }
}

/// The least a heap can have, a young space of nothing, and one that is more than its most.
#[test]
fn any_size_of_the_young_space_will_do() {
    for (least, most) in [
        (0, 0),
        (1, 1),
        (0, u64::MAX),
        (u64::MAX, 0),
        (u64::MAX, u64::MAX),
    ] {
        let mut config = Config::new();
        config.young_min(least).young_max(most).verify_heap(true);
        play(&config, 77, 40);
    }
}

/// More old objects come to refer to young ones than the log has places for.
#[test]
fn a_log_that_is_full_loses_nothing() {
    const MANY: &str = r#"(module
        (type $box (struct (field i32)))
        (type $cell (struct (field (mut (ref null $box)))))
        (type $array (array (mut (ref null $cell))))
        (global $cells (mut (ref null $array)) (ref.null $array))
        (func (export "make") (param $n i32)
            (global.set $cells (array.new_default $array (local.get $n)))
            (loop $next
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (array.set $array (global.get $cells) (local.get $n) (struct.new $cell (ref.null $box)))
                (br_if $next (local.get $n))))
        (func (export "set") (param $n i32)
            (local $box (ref null $box))
            (local.set $box (struct.new $box (local.get $n)))
            (loop $next
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (struct.set $cell 0 (array.get $array (global.get $cells) (local.get $n)) (local.get $box))
                (br_if $next (local.get $n))))
        (func (export "churn") (param $n i32)
            (loop $next
                (drop (struct.new $box (i32.const -13)))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "right") (param $n i32) (result i32) (local $right i32) (local $all i32)
            (local.set $all (local.get $n))
            (loop $next
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (local.set $right (i32.add (local.get $right) (i32.eq (local.get $all)
                    (struct.get $box 0 (struct.get $cell 0
                        (array.get $array (global.get $cells) (local.get $n)))))))
                (br_if $next (local.get $n)))
            (local.get $right)))"#;
    let mut config = Config::new();
    config
        .young_min(1 << 20)
        .young_max(1 << 20)
        .verify_heap(true);
    let (mut store, instance) = instance_with(&config, MANY);
    let n = Val::I32(400_000);
    call(&mut store, instance, "make", std::slice::from_ref(&n)).unwrap();
    for _ in 0..3 {
        call(&mut store, instance, "set", std::slice::from_ref(&n)).unwrap();
        call(&mut store, instance, "churn", std::slice::from_ref(&n)).unwrap();
        let right = call(&mut store, instance, "right", std::slice::from_ref(&n)).unwrap();
        assert_eq!(right, std::slice::from_ref(&n));
    }
}
