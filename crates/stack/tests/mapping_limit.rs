//! What happens when the kernel allows no further mappings. Alone in its
//! process, and one after the other, because meanwhile nothing else in it can
//! map memory either.

use mangrove_stack::{ArenaConfig, GuardKind, StackArena, StackError};
use std::fs::File;
use std::io::Read;
use std::ptr;
use std::sync::Mutex;

static ALONE: Mutex<()> = Mutex::new(());

/// How many mappings the process has. `buffer` is there before they run out.
fn mappings(buffer: &mut [u8]) -> usize {
    let mut maps = File::open("/proc/self/maps").unwrap();
    let mut lines = 0;
    loop {
        match maps.read(buffer).unwrap() {
            0 => return lines,
            read => lines += buffer[..read].iter().filter(|&&byte| byte == b'\n').count(),
        }
    }
}

/// Makes up to a million stacks and touches the first page of each. How many
/// there were, how many mappings they took, and why there were no more.
fn a_million(guard: GuardKind) -> (usize, usize, Option<StackError>) {
    let mut buffer = vec![0; 64 << 10];
    let mut arena = StackArena::new(ArenaConfig {
        stack_size: 4096,
        guard,
        ..ArenaConfig::default()
    });
    let before = mappings(&mut buffer);
    let mut last = None;
    let error = loop {
        if arena.stats().stacks == 1_000_000 {
            break None;
        }
        match arena.allocate() {
            Ok(stack) => {
                let word = ptr::with_exposed_provenance_mut::<u64>(stack.top as usize - 8);
                // SAFETY: the topmost word of a stack that is ours.
                unsafe { word.write(1) };
                last = Some(stack);
            }
            Err(error) => break Some(error),
        }
    };
    let taken = mappings(&mut buffer) - before;
    // The arena goes on with what it has.
    let last = last.expect("a stack");
    // SAFETY: nobody needs it.
    unsafe { arena.release(last) };
    assert_eq!(arena.allocate().unwrap(), last);
    (arena.stats().stacks, taken, error)
}

#[test]
fn running_out_of_mappings_is_an_error() {
    let _alone = ALONE.lock();
    let (stacks, taken, error) = a_million(GuardKind::Mprotect);
    println!("mprotect: {stacks} stacks, {taken} mappings, {error:?}");
    // A million, if someone has raised the limit far enough.
    let Some(error) = error else {
        assert_eq!(stacks, 1_000_000);
        return;
    };
    assert!(
        matches!(error, StackError::Guard { .. } | StackError::Reserve { .. }),
        "{error}"
    );
    assert!(stacks > 1000, "{stacks}");
    assert!(
        (stacks..=2 * stacks + 100).contains(&taken),
        "{stacks} {taken}"
    );
}

#[test]
#[ignore = "takes 4 GiB of memory, and Linux 6.13"]
fn a_million_lightweight_guards_take_no_mappings() {
    let _alone = ALONE.lock();
    let (stacks, taken, error) = a_million(GuardKind::Lightweight);
    println!("lightweight: {stacks} stacks, {taken} mappings, {error:?}");
    assert!(error.is_none(), "{error:?}");
    assert_eq!(stacks, 1_000_000);
    assert!(taken < 100, "{taken}");
}
