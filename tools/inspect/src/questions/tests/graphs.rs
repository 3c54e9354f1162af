//! Small random snapshots, from a seed.

use crate::Snapshot;
use crate::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, Field, FrameParts, FunctionKind, Kind,
    ObjectType, Origin, Plain, Site, Slot, SlotValue, Space, State, Static, Storage, Target,
    TypeKind,
};
use mangrove_workers::Rng;

/// Numbers from a seed.
pub struct Numbers(pub Rng);

impl Numbers {
    pub fn of(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.below(bound as usize) as u32
    }
}

/// What there is to refer to.
struct Ends {
    objects: u32,
    continuations: u32,
}

impl Ends {
    fn target(&self, numbers: &mut Numbers) -> Target {
        match numbers.below(self.objects + self.continuations) {
            number if number < self.objects => Target::Object(16 + 16 * number),
            number => Target::Continuation(number - self.objects),
        }
    }

    fn value(&self, numbers: &mut Numbers) -> SlotValue {
        match numbers.below(5) {
            0 => SlotValue::Plain(Plain::I31(-3)),
            1 => SlotValue::Plain(Plain::Null),
            _ => SlotValue::Ref(self.target(numbers)),
        }
    }
}

/// A snapshot of at most some thirty nodes: cycles, shared objects, chains of continuations,
/// what is forgotten, and weak handles.
pub fn random(seed: u64) -> Snapshot {
    let numbers = &mut Numbers::of(seed);
    let ends = Ends {
        objects: 1 + numbers.below(16),
        continuations: 1 + numbers.below(5),
    };
    let mut builder = Builder::new();
    names(&mut builder);
    for (index, kind) in [Kind::Global, Kind::Table, Kind::Handle, Kind::Weak]
        .into_iter()
        .enumerate()
    {
        for number in 0..numbers.below(3) {
            let row = Static {
                instance: (kind != Kind::Handle).then_some(0),
                index: number,
                len: 4 * index as u64,
                ..Static::default()
            };
            let items = if kind == Kind::Table {
                numbers.below(4)
            } else {
                1
            };
            let values = (0..items).map(|item| (item, SlotValue::Ref(ends.target(numbers))));
            let values: Vec<_> = values.collect();
            builder.fixed(kind, row, values);
        }
    }
    for number in 0..ends.continuations {
        continuation(&mut builder, &ends, number, numbers);
    }
    for number in 0..ends.objects {
        let edges: Vec<(At, Target)> = (0..numbers.below(4))
            .map(|index| (At::Field(index), ends.target(numbers)))
            .collect();
        let bytes = 16 + 8 * numbers.below(4);
        let offset = 16 + 16 * number;
        let (space, identity) = (Space::Old, Some(number + 1));
        builder.object(
            offset,
            number % 2,
            bytes,
            0,
            space,
            identity,
            &[7; 4],
            edges,
        );
    }
    let about = About {
        moment: format!("random:{seed}"),
        run: 1,
        ..About::default()
    };
    builder.finish(about).unwrap()
}

fn continuation(builder: &mut Builder, ends: &Ends, number: u32, numbers: &mut Numbers) {
    let runs = number == 0 && numbers.below(2) == 0;
    let slots: Vec<[SlotValue; 2]> = (0..numbers.below(3))
        .map(|_| [ends.value(numbers), ends.value(numbers)])
        .collect();
    let frames: Vec<FrameParts<'_>> = (0..)
        .zip(&slots)
        .map(|(index, slots)| FrameParts {
            index,
            site: numbers.below(2),
            bytes: 40,
            slots,
        })
        .collect();
    let bound: Vec<SlotValue> = (0..numbers.below(2)).map(|_| ends.value(numbers)).collect();
    let parent = (number > 0 && numbers.below(3) == 0).then(|| numbers.below(number));
    builder.continuation(ContinuationParts {
        row: Continuation {
            number,
            serial: 10 + u64::from(number),
            state: if runs {
                State::Running
            } else {
                State::Suspended
            },
            parked: numbers.below(2) == 0,
            age: numbers.below(4),
            stack_bytes: 40 * frames.len() as u32,
            stack: numbers.below(2),
            ..Continuation::default()
        },
        bytes: 176,
        parent,
        bound: &bound,
        frames: &frames,
    });
}

fn names(builder: &mut Builder) {
    let names = builder.names();
    let field = |name: &str, index: u32| Field {
        name: Some(name.to_owned()),
        storage: Storage::Ref,
        offset: 4 * index,
    };
    for name in ["$pair", "$other"] {
        names.types.push(ObjectType {
            name: name.to_owned(),
            kind: TypeKind::Struct,
            fields: vec![field("a", 0), field("b", 1), field("c", 2)],
        });
    }
    names.functions.push(crate::snapshot::Function {
        kind: FunctionKind::Wasm,
        name: Some("gen".to_owned()),
        ..crate::snapshot::Function::default()
    });
    for offset in [0x20, 0x30] {
        names.sites.push(Site {
            offset: Some(offset),
            slots: vec![Slot::default(), Slot::default()],
            ..Site::default()
        });
    }
    names.stacks = vec![vec![0], vec![1, 0]];
    names.origins.push(Origin::default());
}

#[test]
fn of_nothing_there_is_nothing_to_say() {
    let nothing = crate::Snapshot::default();
    let dominators = crate::questions::Dominators::of(&nothing);
    assert!(dominators.forgotten().is_empty());
    assert_eq!(
        crate::questions::Shapes::of(&nothing, Some(&dominators))
            .all()
            .len(),
        0
    );
    let _ = crate::questions::Retainers::of(&nothing);
    let _ = crate::questions::Statistics::of(&nothing, Some(&dominators));
}
