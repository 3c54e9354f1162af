//! Values of Wasm as compiled code holds them, and by which way they travel.
//!
//! | way | what travels by it |
//! |-|-|
//! | payload register | the first value of a switch, if it fits 64 bits |
//! | result registers | of a function's results those that fit, from the first on |
//! | transfer area | everything else: each value in the slot of its index |
//!
//! Compiler and runtime both go by what is here, so neither has a rule of its own.

/// How a value is represented in compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repr {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// 32-bit heap reference: a root.
    HeapRef,
    /// 64-bit function reference: no root.
    FuncRef,
    /// 128-bit continuation reference: a root.
    ContRef,
}

/// What a slot that the collector follows holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// A 4-byte heap reference.
    Ref,
    /// A 16-byte continuation reference.
    Cont,
}

/// Parameters that travel as arguments of the call. The `tail` convention has
/// registers for six integers and eight floats; beyond it takes the stack, and the
/// compiler has them all at hand at once.
pub const CALL_PARAMS: usize = 16;
/// Integer registers that results may take; a continuation reference takes two. The
/// compiler's calling convention has eight.
pub const INT_RESULTS: u32 = 6;
/// Float and vector registers that results may take.
pub const FLOAT_RESULTS: u32 = 8;

impl Repr {
    /// Bytes it takes in memory.
    pub const fn size(self) -> u32 {
        match self {
            Self::I32 | Self::F32 | Self::HeapRef => 4,
            Self::I64 | Self::F64 | Self::FuncRef => 8,
            Self::V128 | Self::ContRef => 16,
        }
    }

    /// What the collector follows in such a value; none in a number or a function.
    pub const fn slot_kind(self) -> Option<SlotKind> {
        match self {
            Self::HeapRef => Some(SlotKind::Ref),
            Self::ContRef => Some(SlotKind::Cont),
            Self::I32 | Self::I64 | Self::F32 | Self::F64 | Self::V128 | Self::FuncRef => None,
        }
    }

    /// Whether the first value of a switch travels in the payload register, which
    /// has 64 bits.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::Repr;
    ///
    /// assert!(Repr::F64.in_payload_register());
    /// assert!(!Repr::ContRef.in_payload_register());
    /// ```
    pub const fn in_payload_register(self) -> bool {
        self.size() <= 8
    }
}

/// For each result of a function, whether it travels in registers. A result that
/// finds too few left travels in its transfer slot; a later one may still fit.
///
/// # Examples
/// ```
/// use mangrove_abi::value::results_in_registers;
/// use mangrove_abi::Repr::{ContRef, F64, I32};
///
/// assert_eq!(
///     results_in_registers(&[I32, I32, I32, I32, I32, ContRef, F64, I32]),
///     [true, true, true, true, true, false, true, true]
/// );
/// ```
pub fn results_in_registers(results: &[Repr]) -> Vec<bool> {
    let (mut ints, mut floats) = (INT_RESULTS, FLOAT_RESULTS);
    let fits = results.iter().map(|repr| {
        let (left, takes) = match repr {
            Repr::F32 | Repr::F64 | Repr::V128 => (&mut floats, 1),
            Repr::ContRef => (&mut ints, 2),
            Repr::I32 | Repr::I64 | Repr::HeapRef | Repr::FuncRef => (&mut ints, 1),
        };
        let rest = left.checked_sub(takes);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    });
    fits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Repr; 8] = [
        Repr::I32,
        Repr::I64,
        Repr::F32,
        Repr::F64,
        Repr::V128,
        Repr::HeapRef,
        Repr::FuncRef,
        Repr::ContRef,
    ];

    #[test]
    fn two_kinds_of_values_do_not_travel_in_the_payload_register() {
        let wide = ALL.into_iter().filter(|repr| !repr.in_payload_register());
        assert!(wide.eq([Repr::V128, Repr::ContRef]));
    }

    #[test]
    fn a_root_takes_as_many_bytes_as_its_slot_is_read_by() {
        let size = |repr: Repr| repr.slot_kind().map(|kind| (kind, repr.size()));
        let roots = ALL.into_iter().filter_map(size);
        assert!(roots.eq([(SlotKind::Ref, 4), (SlotKind::Cont, 16)]));
    }

    #[test]
    fn as_many_results_travel_in_registers_as_there_are_registers() {
        for repr in ALL {
            let fits = results_in_registers(&[repr; 20]);
            let count = fits.iter().take_while(|&&fits| fits).count() as u32;
            let expected = match repr {
                Repr::F32 | Repr::F64 | Repr::V128 => FLOAT_RESULTS,
                Repr::ContRef => INT_RESULTS / 2,
                _ => INT_RESULTS,
            };
            assert_eq!(count, expected, "{repr:?}");
            assert!(!fits[count as usize..].contains(&true), "{repr:?}");
        }
        // Integers and floats do not take each other's registers.
        let mixed: Vec<_> = [Repr::I64, Repr::F32].repeat(6);
        assert!(!results_in_registers(&mixed).contains(&false));
    }
}
