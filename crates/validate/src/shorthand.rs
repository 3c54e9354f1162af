//! Short ways to say types.

use crate::module::{GlobalType, MemoryType, TableType};
use crate::types::{AbstractHeap, FuncType, HeapType, RefType, ValType};

macro_rules! references {
    ($($name:ident $heap:ident $text:literal;)*) => {
        impl<T> RefType<T> {
            $(
                #[doc = concat!("`", $text, "`, which may be null.")]
                pub const $name: Self = Self {
                    nullable: true,
                    heap: HeapType::Abstract(AbstractHeap::$heap),
                };
            )*
        }

        /// References have the names that the text format gives them.
        ///
        /// # Examples
        /// ```
        /// use mangrove_validate::{AbstractHeap, HeapType, RefType, ValType};
        ///
        /// let reference = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Extern) };
        /// assert_eq!(ValType::<u32>::EXTERNREF, ValType::Ref(reference));
        /// ```
        impl<T> ValType<T> {
            $(
                #[doc = concat!("`", $text, "`, which may be null.")]
                pub const $name: Self = Self::Ref(RefType::$name);
            )*
        }
    };
}

references! {
    FUNCREF Func "funcref";
    EXTERNREF Extern "externref";
    ANYREF Any "anyref";
    EQREF Eq "eqref";
    I31REF I31 "i31ref";
    STRUCTREF Struct "structref";
    ARRAYREF Array "arrayref";
    EXNREF Exn "exnref";
    CONTREF Cont "contref";
}

impl<T> FuncType<T> {
    /// The type of functions with these parameters and results.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FuncType, ValType};
    ///
    /// let ty: FuncType = FuncType::new([ValType::I32, ValType::EXTERNREF], [ValType::I64]);
    /// assert_eq!(ty.params.len(), 2);
    /// ```
    pub fn new(
        params: impl IntoIterator<Item = ValType<T>>,
        results: impl IntoIterator<Item = ValType<T>>,
    ) -> Self {
        Self {
            params: params.into_iter().collect(),
            results: results.into_iter().collect(),
        }
    }
}

impl<T> GlobalType<T> {
    /// A global that can be assigned.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{GlobalType, ValType};
    ///
    /// let counter: GlobalType = GlobalType::variable(ValType::I64);
    /// assert!(counter.mutable);
    /// assert!(!GlobalType::<u32>::constant(ValType::I64).mutable);
    /// ```
    pub fn variable(content: ValType<T>) -> Self {
        let mutable = true;
        Self { content, mutable }
    }

    /// A global that stays as it was made.
    pub fn constant(content: ValType<T>) -> Self {
        let mutable = false;
        Self { content, mutable }
    }
}

impl<T> TableType<T> {
    /// A table of these elements, indexed by `i32`.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{RefType, TableType};
    ///
    /// let ty: TableType = TableType::new(RefType::FUNCREF, 10, Some(20));
    /// assert_eq!((ty.minimum, ty.table64), (10, false));
    /// ```
    pub fn new(element: RefType<T>, minimum: u64, maximum: Option<u64>) -> Self {
        Self {
            element,
            table64: false,
            minimum,
            maximum,
        }
    }
}

impl MemoryType {
    /// The binary logarithm of the bytes of a page, as a rule.
    pub const PAGE_LOG2: u8 = 16;

    /// A memory of so many pages of 64 KiB, addressed by `i32`.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::MemoryType;
    ///
    /// let ty = MemoryType::new(1, None);
    /// assert_eq!((ty.minimum, ty.maximum, ty.memory64), (1, None, false));
    /// ```
    pub fn new(minimum: u64, maximum: Option<u64>) -> Self {
        Self {
            memory64: false,
            minimum,
            maximum,
            page_log2: Self::PAGE_LOG2,
        }
    }

    /// Bytes of so many pages; `u64::MAX` where that is more than there can be.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::MemoryType;
    ///
    /// let ty = MemoryType::new(1, None);
    /// assert_eq!(ty.bytes(2), 128 << 10);
    /// assert_eq!(MemoryType { page_log2: 0, ..ty }.bytes(2), 2);
    /// ```
    pub fn bytes(&self, pages: u64) -> u64 {
        pages.saturating_mul(1 << self.page_log2)
    }
}
