//! Heap objects and the types that describe them.
//!
//! ```text
//!  struct   ┌ header u32 ┬ fields … each at the lowest aligned gap …   size rounded up to 8
//!  array    ┌ header u32 ┬ length u32 ┬ elements …                     size rounded up to 8
//!  host     ┌ header u32 ┬ unused u32 ┬ payload u64                    an `externref` from outside
//!  exn      ┌ header u32 ┬ … tag u64, then the payload, laid out like a struct's fields
//!
//!  header    31        30..24      23..0
//!            forwarded collector's TypeId       collector's: WATCHED, CARDED, LISTED
//! ```
//!
//! A heap reference is a 32-bit offset from the heap base. Null is 0. An `i31`
//! has its low bit set (value in the upper 31 bits). Objects are 8-aligned.

pub use crate::index::TypeId;
use core::ops::Range;

/// A heap reference: null, an `i31`, or the offset of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct HeapRef(pub u32);

impl HeapRef {
    /// The null reference.
    pub const NULL: Self = Self(0);

    /// An `i31` reference to the low 31 bits of `value`.
    pub const fn from_i31(value: u32) -> Self {
        Self(value << 1 | 1)
    }

    /// Whether this is null.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// Whether this is an `i31`.
    pub const fn is_i31(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether this is the offset of an object.
    pub const fn is_object(self) -> bool {
        self.0 != 0 && self.0 & 1 == 0
    }

    /// The value of an `i31`, zero-extended.
    pub const fn i31_value(self) -> u32 {
        self.0 >> 1
    }
}

/// Bytes objects are aligned to and sized in.
pub const OBJECT_ALIGN: u64 = 8;
/// Bits of a header that hold the [`TypeId`].
pub const TYPE_MASK: u32 = 0x00ff_ffff;
/// Bits of a header that the collector may set in an object that stays one: who
/// reads a type masks them.
pub const COLLECTOR_BITS: u32 = 0x7f00_0000;
/// Set in an old object as long as a store of a young reference into it must be
/// logged. Clear in young ones, and in old ones that are logged as a whole.
pub const WATCHED: u32 = 0x0100_0000;
/// Set in an old array of [`CARDED_BYTES`] or more whose elements are references: of
/// it not all is logged, but cards.
pub const CARDED: u32 = 0x0200_0000;
/// Set in a carded array that has an entry in the log: cards of it are set.
pub const LISTED: u32 = 0x0400_0000;
/// Bytes from which on an array of references is logged by cards.
pub const CARDED_BYTES: u64 = 4096;
/// Bytes of the heap that a card stands for: a shift.
pub const CARD_SHIFT: u32 = 9;

/// The cards that stand for these bytes, counted from where the cards begin.
///
/// # Examples
/// ```
/// use mangrove_abi::object::{bytes_of_card, cards_of};
///
/// assert_eq!(cards_of(511..1025), 0..3);
/// assert_eq!(bytes_of_card(2), 1024..1536);
/// ```
pub const fn cards_of(bytes: Range<u64>) -> Range<u64> {
    bytes.start >> CARD_SHIFT..bytes.end.div_ceil(1 << CARD_SHIFT)
}

/// The bytes that a card stands for.
pub const fn bytes_of_card(card: u64) -> Range<u64> {
    card << CARD_SHIFT..(card + 1) << CARD_SHIFT
}

/// Objects of more bytes than this are made in the old space at once.
pub const LARGE_OBJECT: u64 = 64 << 10;
/// Set in a header that holds, instead of a type, where the object went
/// (its new offset divided by 8).
pub const FORWARDED: u32 = 0x8000_0000;
/// Offset of an array's length.
pub const ARRAY_LENGTH: u32 = 4;
/// Offset of an array's first element. Elements of 16 bytes are aligned to 8 only.
pub const ARRAY_ELEMENTS: u32 = 8;
/// Offset of a host object's payload.
pub const HOST_PAYLOAD: u32 = 8;
/// Bytes of a host object.
pub const HOST_SIZE: u32 = 16;
/// Largest object, in bytes. Larger requests trap.
pub const MAX_OBJECT: u64 = 1 << 30;
/// Fields below this offset of a null reference are inside the unmapped first
/// page: the access itself is the null check.
pub const NULL_GUARD: u32 = crate::PAGE_MIN as u32;

/// Type number that is never used.
pub const TYPE_INVALID: TypeId = TypeId::new(0);
/// Type number of host objects (an `externref` made by the embedder).
pub const TYPE_HOST: TypeId = TypeId::new(1);
/// Type number of exceptions as a whole. An exception object's header holds a
/// number of its own for each tag type ([`crate::TagDef::exn_type`]), whose
/// descriptor has [`Kind::Exn`].
pub const TYPE_EXN: TypeId = TypeId::new(2);
/// First number given to a type of a module.
pub const TYPE_FIRST: TypeId = TypeId::new(16);
/// One past the largest type number.
pub const TYPE_END: u32 = TYPE_MASK + 1;

/// What a descriptor describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// No type: an unused entry.
    Unused = 0,
    /// A struct.
    Struct = 1,
    /// An array.
    Array = 2,
    /// A host object.
    Host = 3,
    /// An exception object.
    Exn = 4,
    /// A function type: never the type of a heap object.
    Func = 5,
    /// A continuation type: never the type of a heap object.
    Cont = 6,
}

impl Kind {
    /// The kind a descriptor's byte stands for.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::Kind;
    ///
    /// assert_eq!(Kind::from_u8(Kind::Exn as u8), Some(Kind::Exn));
    /// assert_eq!(Kind::from_u8(7), None);
    /// ```
    pub const fn from_u8(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Unused,
            1 => Self::Struct,
            2 => Self::Array,
            3 => Self::Host,
            4 => Self::Exn,
            5 => Self::Func,
            6 => Self::Cont,
            _ => return None,
        })
    }
}

/// Supertypes kept in the descriptor itself.
pub const INLINE_SUPERS: usize = 8;
/// Fills unused entries of a display; never a type number.
pub const NO_TYPE: TypeId = TypeId::new(u32::MAX);

/// One canonical type, as casts and the collector need it. 64 bytes, so that an
/// index is a shift.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct TypeDescriptor {
    /// The display: entry *d* is the ancestor at depth *d* (0 is the root of
    /// the chain), the type itself at its own depth, [`NO_TYPE`] beyond.
    pub supers: [TypeId; INLINE_SUPERS],
    /// The whole display, `depth + 1` entries, for depths the inline one lacks.
    pub all_supers: *const TypeId,
    /// Offsets, from the object's start, of a struct's (or exception's) heap references,
    /// and behind them those of its continuation references. Two lists, so that who
    /// looks for one kind need not ask each offset which it is.
    pub refs: *const u32,
    /// How many heap references.
    pub ref_count: u16,
    /// How many continuation references, of 16 bytes, aligned to 8. Array: whether
    /// elements are such (1) or not (0).
    pub cont_count: u16,
    /// Struct: size of the object in bytes, a multiple of 8. Array: size of an element.
    pub size: u32,
    /// Number of ancestors.
    pub depth: u16,
    /// What this is: a [`Kind`].
    pub kind: u8,
    /// Array: whether elements are heap references (1) or not (0).
    pub elem_refs: u8,
}

const _: () = assert!(size_of::<TypeDescriptor>() == 64);

impl TypeDescriptor {
    /// An unused entry.
    pub const UNUSED: Self = Self {
        supers: [NO_TYPE; INLINE_SUPERS],
        all_supers: core::ptr::null(),
        refs: core::ptr::null(),
        ref_count: 0,
        cont_count: 0,
        size: 0,
        depth: 0,
        kind: Kind::Unused as u8,
        elem_refs: 0,
    };
}

/// Rounds an object's size up to [`OBJECT_ALIGN`].
pub const fn object_size(bytes: u64) -> u64 {
    (bytes + OBJECT_ALIGN - 1) & !(OBJECT_ALIGN - 1)
}

/// Bytes of an array object with `len` elements of `elem_size` bytes.
pub const fn array_size(elem_size: u32, len: u32) -> u64 {
    object_size(ARRAY_ELEMENTS as u64 + elem_size as u64 * len as u64)
}

/// Where a struct's fields lie.
///
/// A field goes to the lowest gap that fits it, so `{i64, ref}` takes 16 bytes.
/// A field's place depends on the fields before it only: a subtype's layout
/// starts with its supertype's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructLayout {
    /// Offset of each field from the object's start.
    pub offsets: Vec<u32>,
    /// Bytes of the object, a multiple of 8.
    pub size: u32,
}

impl StructLayout {
    /// Lays out fields of the given sizes in bytes (1, 2, 4, 8 or 16; 16-byte
    /// fields are aligned to 8).
    ///
    /// # Examples
    /// ```
    /// let layout = mangrove_abi::StructLayout::new([8, 4]);
    /// assert_eq!((layout.offsets, layout.size), (vec![8, 4], 16));
    /// ```
    pub fn new(sizes: impl IntoIterator<Item = u32>) -> Self {
        let mut gaps: Vec<(u32, u32)> = Vec::new();
        let mut end = 4u32;
        let offsets = sizes
            .into_iter()
            .map(|size| {
                let align = size.min(OBJECT_ALIGN as u32);
                for index in 0..gaps.len() {
                    let (from, to) = gaps[index];
                    let at = from.next_multiple_of(align);
                    if at + size <= to {
                        gaps.remove(index);
                        for gap in [(at + size, to), (from, at)] {
                            if gap.0 < gap.1 {
                                gaps.insert(index, gap);
                            }
                        }
                        return at;
                    }
                }
                let at = end.next_multiple_of(align);
                if at > end {
                    gaps.push((end, at));
                }
                end = at + size;
                at
            })
            .collect();
        Self {
            offsets,
            size: object_size(end as u64) as u32,
        }
    }
}

/// Where an exception object's tag and payload lie: the layout of a struct
/// whose field 0 is the tag's address and whose others are the payload.
pub fn exn_layout(payload_sizes: impl IntoIterator<Item = u32>) -> StructLayout {
    StructLayout::new(std::iter::once(8).chain(payload_sizes))
}

const _: () = assert!(TYPE_MASK | COLLECTOR_BITS | FORWARDED == u32::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_lowest_first() {
        assert_eq!(StructLayout::new([4, 4]).size, 16);
        assert_eq!(StructLayout::new([4]).size, 8);
        let layout = StructLayout::new([1, 8, 2, 1, 4]);
        assert_eq!(layout.offsets, vec![4, 8, 6, 5, 16]);
    }

    #[test]
    fn a_subtype_starts_with_its_supertype() {
        let sizes = [1, 8, 2, 16, 4, 1, 8, 2];
        let whole = StructLayout::new(sizes);
        for n in 0..sizes.len() {
            let part = StructLayout::new(sizes[..n].iter().copied());
            assert_eq!(part.offsets, whole.offsets[..n]);
        }
    }
}
