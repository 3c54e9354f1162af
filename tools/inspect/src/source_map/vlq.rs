//! Numbers in mappings: five bits a digit of base 64, the lowest first; the sixth bit says that more follow. The
//! lowest bit of all is the sign.

use super::Fault;

/// The next number of `text` from `at` on, which is moved behind it.
pub fn number(text: &[u8], at: &mut usize) -> Result<i64, Fault> {
    let mut value = 0u64;
    for digit in 0.. {
        let digit_value = text.get(*at).map(|&byte| digit_of(byte));
        let bits = digit_value.ok_or(Fault::Number)?.ok_or(Fault::Digit)?;
        *at += 1;
        // 32 bits and a sign are at most seven digits.
        if digit == 7 {
            return Err(Fault::Number);
        }
        value |= u64::from(bits & 31) << (5 * digit);
        if bits & 32 == 0 {
            break;
        }
    }
    let magnitude = (value >> 1) as i64;
    if magnitude > i64::from(u32::MAX) {
        return Err(Fault::Number);
    }
    Ok(if value & 1 == 1 {
        -magnitude
    } else {
        magnitude
    })
}

fn digit_of(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// A name of the binary format: its length, seven bits a byte, and as many bytes of UTF-8, with nothing behind.
pub fn name(section: &[u8]) -> Option<&str> {
    let (mut len, mut at) = (0u64, 0);
    loop {
        let byte = *section.get(at)?;
        if at == 5 {
            return None;
        }
        len |= u64::from(byte & 0x7f) << (7 * at);
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let text = &section[at..];
    (text.len() as u64 == len).then_some(text)?;
    std::str::from_utf8(text).ok()
}
