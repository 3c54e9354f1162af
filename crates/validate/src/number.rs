//! Floats as the text format writes them.

/// A 32-bit float, by its bits: with the fewest digits that tell it apart.
///
/// # Examples
/// ```
/// use mangrove_validate::number::float32;
///
/// assert_eq!(float32(1.0f32.to_bits()), "1.0");
/// assert_eq!(float32(0x7fc0_0000), "nan");
/// assert_eq!(float32(0xff80_0001), "-nan:0x1");
/// ```
pub fn float32(bits: u32) -> String {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 31 != 0, (bits & 0x7f_ffff).into(), 1 << 22);
    }
    format!("{value:?}")
}

/// A 64-bit float, by its bits: with the fewest digits that tell it apart.
///
/// # Examples
/// ```
/// use mangrove_validate::number::float64;
///
/// assert_eq!(float64((-0.0f64).to_bits()), "-0.0");
/// assert_eq!(float64(f64::INFINITY.to_bits()), "inf");
/// assert_eq!(float64(0xfff8_0000_0000_0001), "-nan:0x8000000000001");
/// ```
pub fn float64(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        return nan(bits >> 63 != 0, bits & 0xf_ffff_ffff_ffff, 1 << 51);
    }
    format!("{value:?}")
}

fn nan(negative: bool, payload: u64, canonical: u64) -> String {
    let sign = if negative { "-" } else { "" };
    if payload == canonical {
        format!("{sign}nan")
    } else {
        format!("{sign}nan:0x{payload:x}")
    }
}
