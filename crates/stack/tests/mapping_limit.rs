//! What happens when the kernel allows no further mappings. Alone in its
//! process, because meanwhile nothing else in it can map memory either.

use mangrove_stack::{ArenaConfig, GuardKind, StackArena, StackError};

#[test]
fn running_out_of_mappings_names_the_limit() {
    let mut arena = StackArena::new(ArenaConfig {
        stack_size: 4096,
        guard: GuardKind::Mprotect,
        max_stacks: usize::MAX,
        refusal: None,
    });
    let (error, last, stacks) = {
        let mut last = arena.allocate().unwrap();
        let error = loop {
            match arena.allocate() {
                Ok(stack) => last = stack,
                Err(error) => break error,
            }
        };
        (error, last, arena.stats().stacks)
    };
    // The arena goes on with what it has.
    arena.release(last);
    assert_eq!(arena.allocate().unwrap(), last);
    drop(arena);
    assert!(
        matches!(error, StackError::Guard { .. } | StackError::Reserve { .. }),
        "{error}"
    );
    let message = error.to_string();
    assert!(message.contains("vm.max_map_count"), "{message}");
    assert!(stacks > 1000, "{stacks}");
}
