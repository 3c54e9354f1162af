//! Numbers for people.

/// A number with its digits in groups: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 root`, `12,345 roots`.
pub fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{} {what}s", count(number)),
    }
}

/// A number of bytes in the largest unit it has ten of, or one with a fraction: `136 B`,
/// `9.8 KiB`, `40 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut rest = number as f64;
    while rest >= 999.5 && unit + 1 < UNITS.len() {
        rest /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{number} B"),
        _ if rest < 9.95 => format!("{rest:.1} {}", UNITS[unit]),
        _ => format!("{rest:.0} {}", UNITS[unit]),
    }
}

/// How much of a whole something is: `97 %`, `0.3 %`.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    match percent {
        _ if part == 0 => "0 %".to_owned(),
        _ if percent < 0.1 => "< 0.1 %".to_owned(),
        _ if percent < 9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups_and_units() {
        let counts = [0, 7, 999, 1000, 12345, 1_234_567, u64::MAX].map(count);
        assert_eq!(
            counts,
            [
                "0",
                "7",
                "999",
                "1,000",
                "12,345",
                "1,234,567",
                "18,446,744,073,709,551,615"
            ]
        );
        assert_eq!(counted(1, "root"), "1 root");
        assert_eq!(counted(2000, "root"), "2,000 roots");
        let sizes = [0, 999, 1000, 10_000, 10_200, 1_048_000, 40 << 20, u64::MAX].map(bytes);
        assert_eq!(
            sizes,
            [
                "0 B",
                "999 B",
                "1.0 KiB",
                "9.8 KiB",
                "10 KiB",
                "1.0 MiB",
                "40 MiB",
                "16777216 TiB"
            ]
        );
        assert_eq!(
            [(0, 0), (0, 5), (1, 10_000), (1, 300), (97, 100)].map(|(part, all)| share(part, all)),
            ["0 %", "0 %", "< 0.1 %", "0.3 %", "97 %"]
        );
    }
}
