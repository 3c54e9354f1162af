//! A process that runs out of mappings. In a file of its own: while the test runs,
//! no other could have one.

mod common;

use common::{call, instance_with};
use mangrove::{Cause, Config, GuardKind, ParkPolicy, Val};

#[test]
fn as_many_mappings_as_there_may_be_are_named() {
    let most = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    let most: u64 = most.trim().parse().unwrap();
    if most > 100_000 {
        // Someone has raised it beyond what this test wants to make.
        return;
    }
    let mut config = Config::new();
    config.guard(GuardKind::Mprotect).park(ParkPolicy::NEVER);
    config.stack_size(4 << 10);
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (func $f) (elem declare func $f)
        (table $all 100000 (ref null $k))
        (func (export "make") (param $n i32)
            (loop $next
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (table.set $all (local.get $n) (cont.new $k (ref.func $f)))
                (br_if $next (local.get $n)))))"#;
    let (mut store, instance) = instance_with(&config, text);
    let error = call(&mut store, instance, "make", &[Val::I32(100_000)]).unwrap_err();
    let refused = error.resource().unwrap_or_else(|| panic!("{error:?}"));
    assert!(
        matches!(refused.causes()[..], [Cause::Mappings { limit, .. }] if limit == most),
        "{error}"
    );
}
