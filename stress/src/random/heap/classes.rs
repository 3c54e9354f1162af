//! The types of objects that programs make: what both the text and the oracle are made by.

/// What a field or an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    V128,
    Any,
    Node,
    Extern,
    Func,
}

/// Which variables hold such values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Object,
    Thing,
    Extern,
    Function,
}

impl Storage {
    /// The variables that hold it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Any => Kind::Thing,
            Self::Node => Kind::Object,
            Self::Extern => Kind::Extern,
            Self::Func => Kind::Function,
            _ => Kind::Integer,
        }
    }

    /// Its text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Any => "anyref",
            Self::Node => "(ref null $node)",
            Self::Extern => "externref",
            Self::Func => "funcref",
        }
    }

    /// How many bytes of a data segment make one; none for references.
    pub const fn bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
            Self::V128 => 16,
            Self::Any | Self::Node | Self::Extern | Self::Func => 0,
        }
    }

    /// Whether it is read with `_s` or `_u`.
    pub const fn is_packed(self) -> bool {
        matches!(self, Self::I8 | Self::I16)
    }

    /// Whether the collector follows it.
    pub const fn is_root(self) -> bool {
        matches!(self, Self::Any | Self::Node | Self::Extern)
    }
}

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the text.
    pub name: &'static str,
    /// What it holds.
    pub storage: Storage,
    /// Whether it can be set.
    pub mutable: bool,
}

const fn mutable(name: &'static str, storage: Storage) -> Field {
    Field {
        name,
        storage,
        mutable: true,
    }
}

const fn constant(name: &'static str, storage: Storage) -> Field {
    Field {
        name,
        storage,
        mutable: false,
    }
}

/// A struct type. Each is a subtype of `Base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Base,
    /// A subtype of it that has a link.
    Mid,
    /// A final one of that.
    Leaf,
    /// Final: fields of all sorts.
    Wide,
    /// More fields than are initialised one by one, the last of them beyond the pages that
    /// fault below the heap.
    Huge,
    /// Below more supertypes than a type's own list has.
    Deep,
}

const BASE: [Field; 3] = [
    mutable("a", Storage::I32),
    mutable("b", Storage::I8),
    mutable("c", Storage::I16),
];
const MID: [Field; 4] = [BASE[0], BASE[1], BASE[2], mutable("link", Storage::Any)];
const LEAF: [Field; 6] = [
    MID[0],
    MID[1],
    MID[2],
    MID[3],
    constant("mark", Storage::I64),
    mutable("node", Storage::Node),
];
const WIDE: [Field; 16] = [
    BASE[0],
    BASE[1],
    BASE[2],
    constant("byte", Storage::I8),
    constant("short", Storage::I16),
    mutable("long", Storage::I64),
    mutable("single", Storage::F32),
    mutable("double", Storage::F64),
    mutable("vector", Storage::V128),
    mutable("any", Storage::Any),
    mutable("extern", Storage::Extern),
    mutable("func", Storage::Func),
    mutable("node", Storage::Node),
    constant("any_once", Storage::Any),
    constant("extern_once", Storage::Extern),
    constant("func_once", Storage::Func),
];
const HUGE: [Field; 5] = [
    BASE[0],
    BASE[1],
    BASE[2],
    mutable("last", Storage::Any),
    mutable("end", Storage::I16),
];
/// What lies between in a huge one: vectors without names.
const BETWEEN: usize = 260;
/// How many supertypes lie between the deep one and `Base`.
const ABOVE_DEEP: usize = 9;

impl Class {
    /// Every class, subtypes before their supertypes.
    pub const ALL: [Self; 6] = [
        Self::Leaf,
        Self::Mid,
        Self::Wide,
        Self::Huge,
        Self::Deep,
        Self::Base,
    ];

    /// Its name in the text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "$base",
            Self::Mid => "$mid",
            Self::Leaf => "$leaf",
            Self::Wide => "$wide",
            Self::Huge => "$huge",
            Self::Deep => "$deep",
        }
    }

    /// Its fields that have names, those of its supertypes first.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Base | Self::Deep => &BASE,
            Self::Mid => &MID,
            Self::Leaf => &LEAF,
            Self::Wide => &WIDE,
            Self::Huge => &HUGE,
        }
    }

    /// Whether objects of this class are of that one too.
    pub fn is(self, other: Self) -> bool {
        self == other || other == Self::Base || (self, other) == (Self::Leaf, Self::Mid)
    }

    /// Whether it can be made by `struct.new` with its named fields.
    pub fn is_named(self) -> bool {
        self != Self::Huge
    }
}

/// An array type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What its elements are.
    pub storage: Storage,
    /// Whether they can be set.
    pub mutable: bool,
}

const fn row(storage: Storage, mutable: bool) -> Row {
    Row { storage, mutable }
}

impl Row {
    /// Every array type.
    pub const ALL: [Self; 13] = [
        row(Storage::I8, true),
        row(Storage::I16, true),
        row(Storage::I32, true),
        row(Storage::I64, true),
        row(Storage::F32, true),
        row(Storage::F64, true),
        row(Storage::V128, true),
        row(Storage::Any, true),
        row(Storage::Node, true),
        row(Storage::Extern, true),
        row(Storage::Func, true),
        row(Storage::I16, false),
        row(Storage::Any, false),
    ];

    /// Its place among all.
    pub fn index(self) -> usize {
        let same = |one: &Self| *one == self;
        Self::ALL.iter().position(same).expect("it is one of them")
    }

    /// Its name in the text.
    pub fn name(self) -> String {
        format!("$row{}", self.index())
    }
}

/// What `ref.test`, `ref.cast` and `br_on_cast` look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Any,
    Eq,
    I31,
    Struct,
    Array,
    None,
    Node,
    Class(Class),
    Row(Row),
}

impl Target {
    /// Its text, as a heap type.
    pub fn text(self) -> String {
        match self {
            Self::Any => "any".to_owned(),
            Self::Eq => "eq".to_owned(),
            Self::I31 => "i31".to_owned(),
            Self::Struct => "struct".to_owned(),
            Self::Array => "array".to_owned(),
            Self::None => "none".to_owned(),
            Self::Node => "$node".to_owned(),
            Self::Class(class) => class.name().to_owned(),
            Self::Row(row) => row.name(),
        }
    }

    /// Its text, as a reference type.
    pub fn reference(self, nullable: bool) -> String {
        let null = if nullable { "null " } else { "" };
        format!("(ref {null}{})", self.text())
    }
}

/// The type definitions. `NUMBER_MUTABLE` stands where an object's number goes.
pub fn types() -> String {
    let mut text = String::from("  (rec\n");
    let mut define = |name: &str, is: &str, of: &str, fields: &[Field]| {
        text.push_str(&format!("    (type {name} (sub {is} {of} (struct"));
        for (index, field) in fields.iter().enumerate() {
            if index == BASE.len() {
                text.push_str(" NUMBER_MUTABLE");
                if name == Class::Huge.name() {
                    text.push_str(&" (field v128)".repeat(BETWEEN));
                }
            }
            let (name, storage) = (field.name, field.storage.text());
            text.push_str(&match field.mutable {
                true => format!(" (field ${name} (mut {storage}))"),
                false => format!(" (field ${name} {storage})"),
            });
        }
        if fields.len() == BASE.len() {
            text.push_str(" NUMBER_MUTABLE");
        }
        text.push_str(")))\n");
    };
    define("$base", "", "", &BASE);
    define("$mid", "", "$base", &MID);
    define("$leaf", "final", "$mid", &LEAF);
    define("$wide", "final", "$base", &WIDE);
    define("$huge", "final", "$base", &HUGE);
    let mut above = "$base".to_owned();
    for depth in 0..ABOVE_DEEP {
        let name = format!("$above{depth}");
        define(&name, "", &above, &BASE);
        above = name;
    }
    define("$deep", "", &above, &BASE);
    text.push_str("  )\n");
    for row in Row::ALL {
        let (name, storage) = (row.name(), row.storage.text());
        text.push_str(&match row.mutable {
            true => format!("  (type {name} (array (mut {storage})))\n"),
            false => format!("  (type {name} (array {storage}))\n"),
        });
    }
    text
}
