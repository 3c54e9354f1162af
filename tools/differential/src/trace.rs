//! What running a case came to, in terms both engines share.

use std::fmt;

/// What a function is called with.
#[derive(Clone, Copy, Debug)]
pub enum Arg {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// Bits of a 32-bit float.
    F32(u32),
    /// Bits of a 64-bit float.
    F64(u64),
    /// Vector of 128 bits.
    V128(u128),
    /// The null of the parameter's type.
    Null,
    /// An `i31`.
    I31(u32),
}

/// A call to make.
pub struct Call {
    /// Name of the exported function.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Arg>,
}

/// A value an engine gave. References are what can be seen through them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// Bits of a 32-bit float.
    F32(u32),
    /// Bits of a 64-bit float.
    F64(u64),
    /// Vector of 128 bits.
    V128(u128),
    /// A null reference.
    Null,
    /// An `i31`, zero-extended.
    I31(u32),
    /// A struct; its fields, unless it lies too deep.
    Struct(Vec<Value>),
    /// An array; its length and first elements, unless it lies too deep.
    Array(u32, Vec<Value>),
    /// A function, an exception, or an external object.
    Opaque(&'static str),
}

/// How deep objects are looked into.
pub const DEPTH: u32 = 3;
/// How many elements of an array are looked at.
pub const ELEMENTS: u32 = 8;

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With these values.
    Returned(Vec<Value>),
    /// In a trap of this kind.
    Trapped(&'static str),
    /// With an exception of this payload.
    Threw(Vec<Value>),
    /// At a limit, which engines have in different places: what follows
    /// cannot be compared.
    Limit(String),
    /// The engine found itself in the wrong.
    Broken(String),
}

/// What is left when all calls are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A global's value.
    Global(Value),
    /// A memory's length in bytes, and a digest of them.
    Memory(u64, u64),
    /// A table's elements.
    Table(Vec<Value>),
}

/// All that happened.
#[derive(Debug, Default)]
pub struct Trace {
    /// Instantiation and the calls, in order, each with how it ended.
    pub steps: Vec<(String, End)>,
    /// What the exports hold in the end, by name.
    pub state: Vec<(String, State)>,
}

impl Trace {
    /// Whether the trace stops at a limit.
    pub fn is_cut(&self) -> bool {
        self.steps
            .last()
            .is_some_and(|(_, end)| matches!(end, End::Limit(_)))
    }
}

/// A digest of bytes (FNV-1a over words).
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(29)
    })
}

/// Where two traces part: what, ours, theirs.
pub struct Difference {
    /// The step or export.
    pub place: String,
    /// What our engine did.
    pub ours: String,
    /// What the other one did.
    pub theirs: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: ours {}, theirs {}",
            self.place, self.ours, self.theirs
        )
    }
}

/// The first difference, if there is one. A limit on either side ends the
/// comparison.
pub fn compare(ours: &Trace, theirs: &Trace) -> Option<Difference> {
    for ((place, a), (_, b)) in ours.steps.iter().zip(&theirs.steps) {
        match (a, b) {
            (End::Broken(_), _) | (_, End::Broken(_)) => {}
            (End::Limit(_), _) | (_, End::Limit(_)) => return None,
            _ if a == b => continue,
            _ => {}
        }
        return Some(difference(place, a, b));
    }
    if ours.steps.len() != theirs.steps.len() {
        let counts = (ours.steps.len(), theirs.steps.len());
        return Some(difference("number of steps", &counts.0, &counts.1));
    }
    let states = ours.state.iter().zip(&theirs.state);
    states
        .filter(|(a, b)| a != b)
        .map(|(a, b)| difference(&format!("export {:?} in the end", a.0), a, b))
        .next()
}

fn difference(place: &str, ours: &impl fmt::Debug, theirs: &impl fmt::Debug) -> Difference {
    let short = |value: String| value.chars().take(400).collect();
    Difference {
        place: place.to_owned(),
        ours: short(format!("{ours:?}")),
        theirs: short(format!("{theirs:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{End, State, Trace, Value, compare};

    fn trace(ends: &[End], global: i32) -> Trace {
        Trace {
            steps: ends
                .iter()
                .map(|end| ("f".to_owned(), end.clone()))
                .collect(),
            state: vec![("g".to_owned(), State::Global(Value::I32(global)))],
        }
    }

    #[test]
    fn a_different_result_trap_or_global_is_found() {
        let one = End::Returned(vec![Value::I32(1)]);
        let two = End::Returned(vec![Value::I32(2)]);
        let trap = End::Trapped("unreachable");
        let base = trace(&[one.clone(), trap.clone()], 7);
        assert!(compare(&base, &trace(&[one.clone(), trap.clone()], 7)).is_none());
        for other in [
            trace(&[two, trap.clone()], 7),
            trace(&[one.clone(), one.clone()], 7),
            trace(std::slice::from_ref(&one), 7),
            trace(&[one, trap], 8),
        ] {
            assert!(compare(&base, &other).is_some());
        }
    }

    #[test]
    fn a_limit_ends_the_comparison_but_a_defect_does_not() {
        let one = End::Returned(Vec::new());
        let limit = End::Limit("stack".to_owned());
        let broken = End::Broken("walk".to_owned());
        let base = trace(std::slice::from_ref(&one), 1);
        assert!(compare(&trace(std::slice::from_ref(&limit), 2), &base).is_none());
        assert!(compare(&trace(std::slice::from_ref(&broken), 1), &base).is_some());
        assert!(compare(&trace(&[broken], 1), &trace(&[limit], 1)).is_some());
    }
}
