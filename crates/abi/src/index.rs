//! Numbers that are types of their own, so that one kind does not pass for another.
//!
//! Each is a `u32` in memory, in files and in what people read. There is no
//! arithmetic: `new`, `index` and `as_u32` are where a number becomes an index and
//! an index a number.

use serde::{Deserialize, Serialize};
use std::fmt;

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
