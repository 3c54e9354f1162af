//! Numbers as people read them.

use crate::programs::Operation;

/// The middle of sorted figures; the mean of the middle two where they are even in number.
pub fn median(sorted: &[u64]) -> Option<u64> {
    let middle = sorted.len() / 2;
    match sorted {
        [] => None,
        _ if sorted.len() % 2 == 1 => Some(sorted[middle]),
        _ => Some(sorted[middle - 1].midpoint(sorted[middle])),
    }
}

/// Median and best as people read them: time for one operation, or operations
/// in a second.
pub fn figures(median: u64, min: u64, operation: Option<Operation>) -> String {
    let (median, min) = (median as f64, min as f64);
    if let Some(Operation {
        name,
        count,
        rate: true,
    }) = operation
    {
        let per_second = |nanos: f64| significant(count * 1e9 / nanos);
        return format!("{} {name}/s ({})", per_second(median), per_second(min));
    }
    let count = operation.map_or(1.0, |operation| operation.count);
    let (unit, scale) = match median / count {
        ns if ns < 1e3 => ("ns", 1.0),
        ns if ns < 1e6 => ("µs", 1e3),
        _ => ("ms", 1e6),
    };
    let figure = |nanos: f64| significant(nanos / count / scale);
    format!("{} {unit} ({})", figure(median), figure(min))
}

/// Memory as people read it, for one operation.
pub fn bytes(peak: u64, operation: Option<Operation>) -> String {
    let each = peak as f64 / operation.map_or(1.0, |operation| operation.count);
    match each {
        bytes if bytes < 10e3 => format!("{bytes:.0} B"),
        bytes if bytes < 10e6 => format!("{} KiB", significant(bytes / 1024.0)),
        bytes => format!("{} MiB", significant(bytes / (1 << 20) as f64)),
    }
}

/// Three significant digits, more before the point if there are more.
pub fn significant(figure: f64) -> String {
    let decimals = match figure {
        f if f >= 100.0 => 0,
        f if f >= 10.0 => 1,
        f if f >= 0.1 => 2,
        f if f >= 0.01 => 3,
        _ => 4,
    };
    format!("{figure:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::{figures, median};
    use crate::programs::Operation;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1, 5, 100]), Some(5));
        assert_eq!(median(&[1, 5, 7, 100]), Some(6));
    }

    #[test]
    fn figures_have_three_digits_and_the_unit_of_the_median() {
        assert_eq!(figures(248_000_000, 231_400_000, None), "248 ms (231)");
        let mut operation = Operation {
            name: "MiB",
            count: 10.0,
            rate: false,
        };
        assert_eq!(figures(48, 44, Some(operation)), "4.80 ns (4.40)");
        assert_eq!(figures(105_000, 9_000, Some(operation)), "10.5 µs (0.90)");
        operation.rate = true;
        assert_eq!(
            figures(1_000_000_000, 500_000_000, Some(operation)),
            "10.0 MiB/s (20.0)"
        );
    }
}
