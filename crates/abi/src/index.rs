//! Numbers that are types of their own, so that one kind does not pass for another.
//!
//! Each is a `u32` in memory, in files and in what people read. There is no
//! arithmetic but for what the kind is made for: `new`, `index` and `as_u32` are where
//! a number becomes an index and an index a number.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;

/// How an index is written: as the number, but by `Debug` with `$letter` in front.
macro_rules! written {
    ($name:ident, $letter:literal) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::LowerHex for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }
    };
}

/// Makes an index type. `$letter` stands in front of the number in `Debug`.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $letter:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[repr(transparent)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The index with this number.
            #[inline]
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number, to index an array with.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The number.
            #[inline]
            pub const fn as_u32(self) -> u32 {
                self.0
            }
        }

        written!($name, $letter);
    };
}

index! {
    /// Number of a record in its registry.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::RecordId;
    ///
    /// let id = RecordId::new(7);
    /// assert_eq!((id.index(), id.as_u32()), (7, 7));
    /// assert_eq!(format!("{id} {id:?}"), "7 r7");
    /// ```
    RecordId, "r"
}

index! {
    /// Byte offset in an image's text. An address in memory is a `u64` next to it, and
    /// an offset in one function a `u32`: [`CodeOffset::plus`] makes an offset of such.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::CodeOffset;
    ///
    /// let start = CodeOffset::new(64);
    /// let site = start.plus(5);
    /// assert_eq!(site.distance_from(start), Some(5));
    /// assert_eq!(start.distance_from(site), None);
    /// assert_eq!(site.address(0x1000), 0x1045);
    /// ```
    CodeOffset, "c"
}

impl CodeOffset {
    /// What lies so many bytes behind it.
    ///
    /// # Panics
    /// If no offset says that: a text is at most 2 GiB long.
    #[inline]
    pub const fn plus(self, bytes: u32) -> Self {
        Self(self.0 + bytes)
    }

    /// How far behind `start` it is; none if it is in front of it.
    #[inline]
    pub const fn distance_from(self, start: Self) -> Option<u32> {
        self.0.checked_sub(start.0)
    }

    /// Where it is in memory, if the text begins at `base`.
    #[inline]
    pub const fn address(self, base: u64) -> u64 {
        base + self.0 as u64
    }
}

index! {
    /// A function of a module: imported ones first, then those it defines.
    FuncIndex, "f"
}

index! {
    /// A type of a module, as its type section counts them.
    TypeIndex, "t"
}

index! {
    /// A canonical type's number within its engine. Equal types have equal numbers.
    TypeId, "id"
}

index! {
    /// A tag of a module: imported ones first.
    TagIndex, "tag"
}

/// Byte offset of an instruction in a Wasm module. Never 0: a module begins with
/// other things. Where there is no instruction, compiled code and files have a 0, which
/// `Option` of this is.
///
/// # Examples
/// ```
/// use mangrove_abi::WasmOffset;
///
/// let offset = WasmOffset::new(0x2a).unwrap();
/// assert_eq!(format!("{offset:#x} {offset:?}"), "0x2a w42");
/// assert_eq!(WasmOffset::new(0), None);
/// assert_eq!(size_of::<Option<WasmOffset>>(), size_of::<u32>());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(transparent)]
#[serde(transparent)]
pub struct WasmOffset(NonZeroU32);

impl WasmOffset {
    /// The offset with this number; none for 0.
    #[inline]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    #[inline]
    pub const fn as_u32(self) -> u32 {
        self.0.get()
    }
}

written!(WasmOffset, "w");

/// An offset that may be missing, as a number of its own: 0. For `serde`'s `with`.
pub mod or_zero {
    use super::WasmOffset;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes it.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        offset: &Option<WasmOffset>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        offset.map_or(0, WasmOffset::as_u32).serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// There is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<WasmOffset>, D::Error> {
        Ok(WasmOffset::new(u32::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::RecordId;
    use std::mem::{align_of, size_of};

    #[test]
    fn an_index_is_its_number_to_compiled_code_and_files() {
        assert_eq!(size_of::<RecordId>(), size_of::<u32>());
        assert_eq!(align_of::<RecordId>(), align_of::<u32>());
        let (one, two) = (RecordId::new(1), RecordId::new(2));
        assert!(one < two);
        let text = |value: &dyn Fn() -> String| value();
        assert_eq!(text(&|| format!("{one:>3}")), "  1");
    }
}
