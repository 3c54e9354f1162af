//! The stack ends in the middle of every instruction.

use mangrove::{Config, OptLevel};
use mangrove_stress::overflow::{SHAPES, applies, settings, sweep};

/// Every shape in some settings; all of them are swept by the test below.
#[test]
fn every_shape_across_the_end_of_a_stack() {
    let settings = settings();
    let mut overflows = 0;
    for (index, shape) in SHAPES.iter().enumerate() {
        let mut chosen = settings.iter().cycle().skip(7 * index);
        let setting = chosen.find(|setting| {
            applies(shape, setting) && setting.bottom > 0 && setting.opt_level == OptLevel::Speed
        });
        let swept = sweep(shape, setting.unwrap(), &Config::new()).unwrap();
        assert_eq!(swept.problem, None);
        assert!(swept.overflows > 0, "{}: {swept:?}", shape.name);
        overflows += swept.overflows;
    }
    // Most shapes call something, from frames of 240 levels.
    assert!(overflows > 100 * SHAPES.len() as u64, "{overflows}");
}

/// Each shape in each setting, and how often it overflowed. Half a minute or so,
/// optimised.
#[test]
#[ignore = "long: see docs/TESTING.md"]
fn every_shape_in_every_setting() {
    let settings = settings();
    let mut total = 0;
    for shape in SHAPES {
        let (mut overflows, mut completed) = (0, 0);
        for setting in settings.iter().filter(|setting| applies(shape, setting)) {
            let swept = sweep(shape, setting, &Config::new())
                .unwrap_or_else(|error| panic!("{} ({setting}): {error}", shape.name));
            assert_eq!(swept.problem, None);
            overflows += swept.overflows;
            completed += swept.completed;
        }
        println!(
            "{overflows:8} overflows {completed:6} completed  {}",
            shape.name
        );
        total += overflows;
    }
    println!(
        "{total:8} overflows, {} shapes, {} settings",
        SHAPES.len(),
        settings.len()
    );
    assert!(total >= 20_000);
}
