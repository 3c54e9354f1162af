//! Making a failing program small: statements and clauses are taken out, blocks
//! unwrapped, as long as it still fails.

use super::ast::{Block, Program, Statement};
use super::control::shrink::take_part;

/// Most candidates to try.
const PATIENCE: usize = 2_000;

/// The smallest program found for which `fails` holds. It must hold for `program`.
pub fn shrink(program: Program, fails: &mut dyn FnMut(&Program) -> bool) -> Program {
    let mut best = program;
    let mut tries = 0;
    loop {
        let before = best.clone();
        for cut in Cut::ALL {
            let mut at = 0;
            while tries < PATIENCE {
                let mut candidate = best.clone();
                if !cut.apply(&mut candidate, at) {
                    break;
                }
                tries += 1;
                if candidate != best && fails(&candidate) {
                    best = candidate;
                } else {
                    at += 1;
                }
            }
        }
        if best == before {
            return best;
        }
    }
}

/// One way to make a program smaller, at the place with a number.
#[derive(Clone, Copy)]
enum Cut {
    /// Empties a whole function.
    Function,
    /// Removes a statement with all in it.
    Statement,
    /// Replaces a statement by the statements in it.
    Unwrap,
    /// Removes a clause, or makes a statement a simpler one of its kind.
    Part,
}

impl Cut {
    const ALL: [Self; 4] = [Self::Function, Self::Statement, Self::Unwrap, Self::Part];

    /// Cuts at place `at`; false if there is no such place.
    fn apply(self, program: &mut Program, at: usize) -> bool {
        if let Self::Function = self {
            let Some(function) = program.functions.get_mut(at) else {
                return false;
            };
            function.clear();
            return true;
        }
        let mut left = at;
        program.functions.iter_mut().any(|body| match self {
            Self::Part => take_part(body, &mut left),
            _ => self.apply_in(body, &mut left),
        })
    }

    /// Counts `left` down over the statements of a block, outer ones first.
    fn apply_in(self, block: &mut Block, left: &mut usize) -> bool {
        for index in 0..block.len() {
            if *left == 0 {
                let inner = self.replacement(&mut block[index]);
                block.splice(index..=index, inner);
                return true;
            }
            *left -= 1;
            if block[index]
                .blocks_mut()
                .into_iter()
                .any(|inner| self.apply_in(inner, left))
            {
                return true;
            }
        }
        false
    }

    fn replacement(self, statement: &mut Statement) -> Block {
        match self {
            Self::Function | Self::Statement | Self::Part => Block::new(),
            Self::Unwrap => {
                let blocks = statement.blocks_mut();
                if blocks.is_empty() {
                    return vec![statement.clone()];
                }
                blocks.into_iter().flat_map(std::mem::take).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Program, Statement, shrink};
    use crate::case::Size;
    use crate::random::control::ast::{Control, Way};
    use crate::random::control::features::Features;
    use crate::random::generator;
    use mangrove::Zeal;
    use mangrove_workers::Rng;

    /// Whether a block has a suspension while something is held.
    fn suspends_holding(block: &Block, holding: bool) -> bool {
        block.iter().any(|statement| match statement {
            Statement::Suspend { .. } => holding,
            Statement::Hold { objects, body, .. } => {
                suspends_holding(body, holding || !objects.is_empty())
            }
            other => other
                .blocks()
                .into_iter()
                .any(|block| suspends_holding(block, holding)),
        })
    }

    #[test]
    fn what_matters_is_all_that_is_left() {
        let mut fails = |program: &Program| {
            program
                .functions
                .iter()
                .any(|body| suspends_holding(body, false))
        };
        let size = Size::new(1.0, Zeal::NONE);
        let programs =
            (0..50).map(|seed| generator::program(&mut Rng::new(seed), size, Features::ALL));
        let failing: Vec<Program> = programs.filter(|program| fails(program)).collect();
        assert!(
            failing.len() > 5,
            "few programs suspend while they hold something"
        );
        for program in failing {
            let smallest = shrink(program, &mut fails);
            assert!(fails(&smallest));
            assert_eq!(smallest.statements(), 2, "{smallest:?}");
        }
    }

    /// Whether something is resumed by a clause for `tag` alone that matters.
    fn handles(block: &Block, tag: usize) -> bool {
        block.iter().any(|statement| match statement {
            Statement::Control(Control::Resume { clauses, .. }) => {
                clauses.iter().any(|clause| clause.is_on(tag))
            }
            other => other.blocks().into_iter().any(|block| handles(block, tag)),
        })
    }

    #[test]
    fn clauses_that_do_not_matter_go() {
        let mut fails = |program: &Program| program.functions.iter().any(|body| handles(body, 1));
        let size = Size::new(1.0, Zeal::NONE);
        for seed in 0..20 {
            let program = generator::program(&mut Rng::new(seed), size, Features::ALL);
            if !fails(&program) {
                continue;
            }
            let smallest = shrink(program, &mut fails);
            let left: Vec<&Statement> = smallest.functions.iter().flatten().collect();
            let [Statement::Control(Control::Resume { clauses, way, .. })] = left[..] else {
                panic!("{left:?}");
            };
            assert_eq!(clauses.len(), 1, "{left:?}");
            assert!(
                !matches!(way, Way::Throw { .. } | Way::Bound { .. }),
                "{left:?}"
            );
        }
    }
}
