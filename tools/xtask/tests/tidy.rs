//! The rules of the house hold.

use mangrove_xtask::tidy;

#[test]
fn the_house_is_tidy() {
    let report = tidy::check(&tidy::root()).expect("the tree and cargo's metadata are readable");
    assert!(report.errors.is_empty(), "\n{report}");
}
