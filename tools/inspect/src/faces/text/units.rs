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

/// A number of bytes: `136 bytes`, `9.8 kB`, `40 MB`.
pub fn bytes(number: u64) -> String {
    crate::questions::bytes_text(number)
}

/// How much of a whole something is: `97%`, `0.3%`.
pub fn share(part: u64, whole: u64) -> String {
    match part {
        0 => "0%".to_owned(),
        part => crate::questions::percent(part as f64 / whole.max(1) as f64),
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
        let sizes = [0, 999, 1000, 10_200, 40_000_000].map(bytes);
        assert_eq!(sizes, ["0 bytes", "999 bytes", "1.0 kB", "10 kB", "40 MB"]);
        assert_eq!(
            [(0, 0), (0, 5), (1, 300), (97, 100)].map(|(part, all)| share(part, all)),
            ["0%", "0%", "0.3%", "97%"]
        );
    }
}
