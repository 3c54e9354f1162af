//! The abstract heap types and how they stand to each other.
//!
//! ```text
//!          any                func      extern      exn      cont
//!           │                  │           │         │         │
//!           eq              (concrete)     │         │      (concrete)
//!      ┌────┼─────┐            │           │         │         │
//!     i31 struct array       nofunc     noextern   noexn    nocont
//!      │ (concrete) │
//!      └─── none ───┘
//! ```

use crate::types::{AbstractHeap, CompositeType};

impl AbstractHeap {
    /// Whether every value of this type is one of `wanted`.
    pub fn matches(self, wanted: Self) -> bool {
        if self == wanted {
            return true;
        }
        match wanted {
            Self::Any => {
                matches!(
                    self,
                    Self::Eq | Self::I31 | Self::Struct | Self::Array | Self::None
                )
            }
            Self::Eq => matches!(self, Self::I31 | Self::Struct | Self::Array | Self::None),
            Self::I31 | Self::Struct | Self::Array => self == Self::None,
            Self::Func => self == Self::NoFunc,
            Self::Extern => self == Self::NoExtern,
            Self::Exn => self == Self::NoExn,
            Self::Cont => self == Self::NoCont,
            Self::None | Self::NoFunc | Self::NoExtern | Self::NoExn | Self::NoCont => false,
        }
    }

    /// The top of its hierarchy.
    pub fn top(self) -> Self {
        match self {
            Self::Any | Self::Eq | Self::I31 | Self::Struct | Self::Array | Self::None => Self::Any,
            Self::Func | Self::NoFunc => Self::Func,
            Self::Extern | Self::NoExtern => Self::Extern,
            Self::Exn | Self::NoExn => Self::Exn,
            Self::Cont | Self::NoCont => Self::Cont,
        }
    }

    /// The bottom of its hierarchy.
    pub fn bottom(self) -> Self {
        match self.top() {
            Self::Func => Self::NoFunc,
            Self::Extern => Self::NoExtern,
            Self::Exn => Self::NoExn,
            Self::Cont => Self::NoCont,
            _ => Self::None,
        }
    }
}

impl<T> CompositeType<T> {
    /// The smallest abstract type that holds all references to such types.
    pub fn abstract_heap(&self) -> AbstractHeap {
        match self {
            Self::Func(_) => AbstractHeap::Func,
            Self::Struct(_) => AbstractHeap::Struct,
            Self::Array(_) => AbstractHeap::Array,
            Self::Cont(_) => AbstractHeap::Cont,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AbstractHeap::{self, *};

    const ALL: [AbstractHeap; 14] = [
        Any, Eq, I31, Struct, Array, None, Func, NoFunc, Extern, NoExtern, Exn, NoExn, Cont, NoCont,
    ];

    #[test]
    fn is_an_order_with_tops_and_bottoms() {
        for a in ALL {
            assert!(a.matches(a.top()) && a.bottom().matches(a), "{a:?}");
            for b in ALL {
                assert!(a == b || !(a.matches(b) && b.matches(a)), "{a:?} {b:?}");
                assert!(!a.matches(b) || a.top() == b.top(), "{a:?} {b:?}");
                for c in ALL {
                    assert!(
                        !(a.matches(b) && b.matches(c)) || a.matches(c),
                        "{a:?} {b:?} {c:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn siblings_do_not_match() {
        for (a, b) in [
            (I31, Struct),
            (Struct, Array),
            (Any, Eq),
            (Eq, Struct),
            (Func, Any),
        ] {
            assert!(!a.matches(b), "{a:?} {b:?}");
        }
        assert!(Struct.matches(Eq) && I31.matches(Any) && None.matches(Array));
    }
}
