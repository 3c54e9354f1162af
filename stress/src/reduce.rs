//! Making a list that fails short: parts of it are left out, large ones first, as long as it
//! still fails.

/// What may be tried, in lengths of the first list.
const PATIENCE: usize = 60;
/// What may be tried in any case, in elements.
const LEAST: usize = 100_000;

/// The shortest list found for which `fails` holds; it must hold for `list`. It says how many
/// elements from the front on were needed for that: what is behind them is left out untried.
pub fn shortest_list<T: Clone>(
    list: Vec<T>,
    fails: &mut dyn FnMut(&[T]) -> Option<usize>,
) -> Vec<T> {
    let mut left = LEAST.saturating_add(list.len().saturating_mul(PATIENCE));
    let mut list = list;
    let mut part = list.len().div_ceil(2);
    while part > 0 {
        let before = list.len();
        let mut at = 0;
        while at < list.len() {
            let end = list.len().min(at + part);
            let candidate = [&list[..at], &list[end..]].concat();
            let Some(rest) = left.checked_sub(candidate.len() + 1) else {
                return list;
            };
            left = rest;
            match fails(&candidate) {
                Some(needed) => {
                    list = candidate;
                    list.truncate(needed);
                }
                None => at = end,
            }
        }
        // One by one again and again, until none can be left out.
        if part > 1 || list.len() == before {
            part /= 2;
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::shortest_list;

    #[test]
    fn what_matters_is_all_that_is_left() {
        let mut tries = 0;
        let mut fails = |list: &[u32]| {
            tries += 1;
            let at = |wanted| list.iter().position(|&element| element == wanted);
            let (first, second) = (at(17)?, at(4_711)?);
            (first < second).then_some(second + 1)
        };
        let list = shortest_list((0..10_000).collect(), &mut fails);
        assert_eq!(list, [17, 4_711]);
        assert!(tries < 100, "{tries}");
    }

    #[test]
    fn patience_ends() {
        let mut tried = 0;
        // Nothing can be left out.
        let mut fails = |list: &[u32]| {
            tried += list.len() + 1;
            (list.len() == 2_000).then_some(2_000)
        };
        assert_eq!(shortest_list((0..2_000).collect(), &mut fails).len(), 2_000);
        assert!(tried <= super::LEAST + 2_000 * super::PATIENCE, "{tried}");
        assert!(tried > 100_000, "{tried}");
    }
}
