//! Protobuf as it lies in a file: numbers of variable length, and fields of the three kinds
//! that a timeline needs.

/// A number, seven bits to the byte.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What stands before a field's value: its number, and how the value lies.
fn tag(out: &mut Vec<u8>, field: u32, kind: u32) {
    varint(out, u64::from(field << 3 | kind));
}

/// A field with a number.
pub fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, 0);
    varint(out, value);
}

/// A field of eight bytes.
pub fn fixed(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, 1);
    out.extend(value.to_le_bytes());
}

/// A field with a text.
pub fn text(out: &mut Vec<u8>, field: u32, value: &str) {
    tag(out, field, 2);
    varint(out, value.len() as u64);
    out.extend(value.as_bytes());
}

/// A field with a message, which `write` writes.
pub fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    tag(out, field, 2);
    let at = out.len();
    // As a rule its length is one byte long.
    out.push(0);
    write(out);
    let len = out.len() - at - 1;
    if len < 0x80 {
        out[at] = len as u8;
        return;
    }
    let mut bytes = Vec::with_capacity(5);
    varint(&mut bytes, len as u64);
    out.splice(at..=at, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's documentation.
    #[test]
    fn fields_lie_as_the_format_has_them() {
        let mut out = Vec::new();
        number(&mut out, 1, 150);
        assert_eq!(out, [0x08, 0x96, 0x01]);
        out.clear();
        text(&mut out, 2, "testing");
        assert_eq!(out, b"\x12\x07testing");
        out.clear();
        message(&mut out, 3, |out| number(out, 1, 150));
        assert_eq!(out, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        out.clear();
        fixed(&mut out, 1, 0x0102);
        assert_eq!(out, [0x09, 2, 1, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn long_messages_have_long_lengths() {
        for len in [126, 127, 128, 20_000] {
            let mut out = Vec::new();
            let value = "x".repeat(len);
            message(&mut out, 1, |out| text(out, 1, &value));
            let mut inner = Vec::new();
            text(&mut inner, 1, &value);
            let mut expected = vec![0x0a];
            varint(&mut expected, inner.len() as u64);
            expected.extend(inner);
            assert_eq!(out, expected);
        }
    }
}
