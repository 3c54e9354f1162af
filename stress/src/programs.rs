//! What the suites' programs have in common: their first fields, objects whose contents
//! follow from a number, and checksums. `programs/common.wat` computes the same.

/// A module of these fields, after those that all programs have.
pub(crate) fn module(salt: i64, fields: &str) -> String {
    let common = include_str!("../programs/common.wat").replace("SALT", &salt.to_string());
    format!("(module\n{common}\n{fields})\n")
}

/// The same, which imports what the embedder defines besides.
pub(crate) fn module_with(salt: i64, imports: &str, fields: &str) -> String {
    // Imports come before everything else but types.
    module(salt, fields).replacen("(module\n", &format!("(module\n  {imports}\n"), 1)
}

/// The 64-bit value that stands for `id` in programs made from `salt`: what is
/// left of another object is never right by chance.
pub(crate) fn value(salt: i64, id: i64) -> i64 {
    let mixed = id.wrapping_add(1).wrapping_mul(-7_046_029_254_386_353_131) ^ salt;
    // The low half of a product knows nothing of the high half of its factor.
    mixed ^ (mixed as u64 >> 29) as i64
}

/// Folds a value into a checksum in which order matters.
pub(crate) fn fold(sum: i64, value: i64) -> i64 {
    sum.wrapping_mul(1_099_511_628_211).wrapping_add(value)
}

/// The sum of the array of 1 to 8 values that stands for `id`.
pub(crate) fn longs(salt: i64, id: i64) -> i64 {
    let first = value(salt, id);
    (0..=id & 7).fold(0, |sum: i64, index| {
        sum.wrapping_add(first.wrapping_add(index))
    })
}
