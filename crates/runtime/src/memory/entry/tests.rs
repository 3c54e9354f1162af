//! Memories that grow, are checked, and share bounds.

use super::*;
use crate::resource::cause::Cause;
use crate::settings::{MemoryLimit, Settings};

fn memory(minimum: u64, maximum: Option<u64>, memory64: bool) -> Result<MemoryEntry, Error> {
    let plan = Plan::new(&Settings::default());
    MemoryEntry::new(
        MemoryType {
            memory64,
            ..MemoryType::new(minimum, maximum)
        },
        1 << 20,
        &plan,
        &mut Vec::new(),
    )
}

#[test]
fn a_memory_grows_in_place() {
    for is_64 in [false, true] {
        let mut memory = memory(1, Some(100), is_64).unwrap();
        memory.fill(0, 7, PAGE).unwrap();
        let base = memory.base();
        assert_eq!(memory.grow(2).ok(), Some(1));
        assert_eq!(memory.base(), base);
        assert_eq!(memory.grow(14).ok(), None, "beyond the embedder's limit");
        assert_eq!(memory.grow(u64::MAX).ok(), None);
        assert_eq!(memory.len(), 3 * PAGE);
        memory.init(2 * PAGE, b"abc", 1, 2).unwrap();
        copy((&memory, 0), (&memory, 2 * PAGE), 3).unwrap();
        // SAFETY: the bytes exist.
        let bytes = unsafe { std::slice::from_raw_parts(memory.base(), 4) };
        assert_eq!(bytes, [b'b', b'c', 0, 7]);
    }
}

#[test]
fn pages_of_a_byte_grow_over_pages_of_the_system() {
    let ty = MemoryType {
        page_log2: 0,
        ..MemoryType::new(3, Some(20_000))
    };
    let plan = Plan::new(&Settings::default());
    let mut memory = MemoryEntry::new(ty, 1 << 20, &plan, &mut Vec::new()).unwrap();
    assert!(
        memory.checked,
        "the system's page is accessible behind the end"
    );
    let mut len = 3;
    for more in [0, 1, 4_091, 1, 1, 4_096, 8_000, 1] {
        assert_eq!(memory.grow(more).ok(), Some(len));
        len += more;
        assert_eq!((memory.len(), memory.current_type().minimum), (len, len));
        memory.fill(0, 7, len).unwrap();
        assert!(memory.fill(1, 7, len).is_err());
    }
    assert!(memory.grow(20_000).is_err());
    // As many pages as an i32 can say, and not -1.
    let all = MemoryType {
        page_log2: 0,
        ..MemoryType::new(0, None)
    };
    assert_eq!(largest(all), u64::from(u32::MAX));
}

#[test]
fn ranges_are_checked() {
    let memory = memory(1, None, false).unwrap();
    assert!(memory.range(PAGE, 0).is_ok());
    assert!(memory.range(PAGE, 1).is_err());
    assert!(memory.range(u64::MAX, 2).is_err());
    assert!(memory.init(0, b"abc", 2, 2).is_err());
    assert!(memory.init(0, b"abc", u64::MAX, 0).is_err());
    assert!(memory.fill(1, 0, PAGE).is_err());
}

#[test]
fn too_large_a_memory_is_refused() {
    assert!(matches!(memory(17, None, true), Err(Error::Limit(_))));
    assert!(matches!(memory(u64::MAX, None, true), Err(Error::Limit(_))));
    let ty = MemoryType {
        memory64: true,
        ..MemoryType::new(0, None)
    };
    let plan = Plan::new(&Settings::default());
    // The limit that was exceeded is named, and no other.
    let wide = MemoryType::new(LARGEST_32 / PAGE + 1, None);
    for (max, named) in [
        (1 << 20, "(memory_max)"),
        (u64::MAX, "it can have 4294967296"),
    ] {
        let error = MemoryEntry::new(wide, max, &plan, &mut Vec::new())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(named), "{error}");
        assert_eq!(error.contains("memory_max"), max < LARGEST_32, "{error}");
    }
    let error = MemoryEntry::new(ty, u64::MAX, &plan, &mut Vec::new())
        .err()
        .unwrap();
    let refused = error.resource().expect("the system's");
    assert_eq!(refused.causes(), [Cause::TooLarge], "{error}");
}

#[test]
fn a_bound_decides_how_far_a_memory_can_grow() {
    let settings = Settings {
        address_space: Some(100 << 20),
        ..Settings::default()
    };
    let plan = Plan::new(&settings);
    assert!(plan.checked_memories);
    let ty = |minimum, maximum| MemoryType::new(minimum, maximum);
    let small = MemoryEntry::new(ty(1, Some(10)), u64::MAX, &plan, &mut Vec::new()).unwrap();
    assert_eq!(plan.addresses.left(), Some((100 << 20) - 11 * PAGE));
    // As if it had no maximum of its own: half of what is left.
    let mut large = MemoryEntry::new(ty(1, None), u64::MAX, &plan, &mut Vec::new()).unwrap();
    assert!(
        large.limit > 48 << 20 && large.limit < 50 << 20,
        "{}",
        large.limit
    );
    assert_eq!(large.grow(large.limit / PAGE).ok(), None);
    assert_eq!(large.grow(large.limit / PAGE - 1).ok(), Some(1));
    large.fill(0, 1, large.limit).unwrap();
    // What it needs at least it may have.
    assert!(MemoryEntry::new(ty(700, None), u64::MAX, &plan, &mut Vec::new()).is_ok());
    let error = MemoryEntry::new(ty(900, None), u64::MAX, &plan, &mut Vec::new())
        .err()
        .unwrap();
    assert!(matches!(
        error.resource().unwrap().causes()[..],
        [Cause::Bound { .. }]
    ));
    drop((small, large));
    assert_eq!(plan.addresses.left(), Some(100 << 20));
}

#[test]
fn memories_share_a_bound_on_memory() {
    let settings = Settings {
        memory_limit: Some(MemoryLimit::Bytes(10 * PAGE)),
        ..Settings::default()
    };
    let plan = Plan::new(&settings);
    let ty = MemoryType::new(4, None);
    let mut one = MemoryEntry::new(ty, u64::MAX, &plan, &mut Vec::new()).unwrap();
    let mut two = MemoryEntry::new(ty, u64::MAX, &plan, &mut Vec::new()).unwrap();
    assert!(MemoryEntry::new(ty, u64::MAX, &plan, &mut Vec::new()).is_err());
    assert_eq!(one.grow(3).ok(), None);
    assert_eq!(one.grow(2).ok(), Some(4));
    assert_eq!(two.grow(1).ok(), None);
    drop(one);
    assert_eq!(two.grow(1).ok(), Some(4));
}
