//! Parts of statements of control that a failing program may do without.

use super::ast::{Clause, Control, Way};
use crate::random::ast::{Block, Statement};

/// Takes the part away at place `left`, counted over all statements; false if there is none,
/// and then it is counted down.
pub fn take_part(block: &mut Block, left: &mut usize) -> bool {
    block.iter_mut().any(|statement| {
        if let Statement::Control(control) = statement
            && control.take_part(left)
        {
            return true;
        }
        let mut inner = statement.blocks_mut().into_iter();
        inner.any(|block| take_part(block, left))
    })
}

/// Counts down; true at the place.
fn here(left: &mut usize) -> bool {
    let here = *left == 0;
    *left = left.saturating_sub(1);
    here
}

/// Removes one of a list.
fn remove<T>(list: &mut Vec<T>, left: &mut usize) -> bool {
    match (0..list.len()).find(|_| here(left)) {
        Some(index) => {
            list.remove(index);
            true
        }
        None => false,
    }
}

impl Control {
    fn take_part(&mut self, left: &mut usize) -> bool {
        match self {
            Self::Resume { clauses, way, .. } => {
                if remove::<Clause>(clauses, left) {
                    return true;
                }
                // A plain `resume` is the simplest.
                let give = match way {
                    Way::Bound { give } => *give,
                    Way::Throw { payload, .. } => payload.pair,
                    Way::Values { .. } | Way::ThrowRef { .. } => return false,
                };
                let simpler = here(left);
                if simpler {
                    *way = Way::Values { give };
                }
                simpler
            }
            Self::Try { clauses, .. } => remove(clauses, left),
            _ => false,
        }
    }
}
