//! The table of programs is the one in the documentation.

use mangrove_xtask::{beside, tidy};

#[test]
fn the_lines_of_the_programs_are_those_in_the_documentation() {
    let (old, new) = beside::document(&tidy::root()).expect("the programs and the document");
    assert_eq!(
        old, new,
        "`cargo run -p mangrove-xtask -- beside` writes it anew"
    );
}
