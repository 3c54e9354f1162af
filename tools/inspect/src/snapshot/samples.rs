//! Snapshots made by hand, for tests of what works on snapshots.

use super::builder::{BuildError, Builder, ContinuationParts, FrameParts, SlotValue, Target};
use super::names::{
    Field, Function, FunctionKind, Holds, Module, ObjectType, Origin, Site, Slot, Storage, TypeKind,
};
use super::nodes::{At, Continuation, Kind, Space, State, Static};
use super::values::Plain;
use super::{About, Snapshot};

/// A program with generators parked in a table:
///
/// ```text
///  roots ─┬▶ global 0 $list ──▶ $node @0x100 ─▶ $node @0x110 ─▶ … a list of `length`
///         ├▶ table 0 $pool ───▶ continuation 1 … continuation `parked`
///         ├▶ host handle 0 ───▶ (array i8) @0x10
///         └▶ continuation 0, which runs $main and holds the first node
///
///  continuation k ─▶ frame 0: $gen ─▶ $node @…, its own
///  continuation `parked`+1: suspended, and nothing refers to it
/// ```
///
/// # Errors
/// None, unless this module is wrong.
pub fn generators(parked: u32, length: u32) -> Result<Snapshot, BuildError> {
    let mut builder = Builder::new();
    names(&mut builder);
    let own = |number: u32| 0x100 + 16 * (length + number);
    let list = (length > 0).then_some(SlotValue::Ref(Target::Object(0x100)));
    let first = list.unwrap_or(SlotValue::Plain(Plain::Null));
    let named = |index, name: &str, len| Static {
        instance: Some(0),
        index,
        name: Some(name.to_owned()),
        len,
    };
    builder.fixed(Kind::Global, named(0, "list", 0), [(0, first)]);
    let pool = (1..=parked).map(|number| {
        let to = Target::Continuation(number);
        (number - 1, SlotValue::Ref(to))
    });
    builder.fixed(Kind::Table, named(0, "pool", u64::from(parked) + 7), pool);
    let handle = [(0, SlotValue::Ref(Target::Object(0x10)))];
    builder.fixed(Kind::Handle, Static::default(), handle);
    builder.continuation(ContinuationParts {
        row: Continuation {
            state: State::Running,
            stack_bytes: 144,
            stack: 0,
            ..Continuation::default()
        },
        bytes: 176,
        frames: &[FrameParts {
            index: 0,
            site: 0,
            bytes: 96,
            slots: &[first, SlotValue::Plain(Plain::Null)],
        }],
        ..ContinuationParts::default()
    });
    for number in 1..=parked + 1 {
        let slots = [
            SlotValue::Ref(Target::Object(own(number - 1))),
            SlotValue::Plain(Plain::I31(number as i32)),
        ];
        builder.continuation(ContinuationParts {
            row: Continuation {
                number,
                serial: number.into(),
                state: State::Suspended,
                parked: true,
                origin: 1,
                age: number % 5,
                stack_bytes: 136,
                stack: 1,
                ..Continuation::default()
            },
            bytes: 176,
            frames: &[FrameParts {
                index: 0,
                site: 1,
                bytes: 88,
                slots: &slots,
            }],
            ..ContinuationParts::default()
        });
    }
    let text = b"</script>\0\x1b";
    let bytes = text.len() as u32;
    builder.object(0x10, 1, 24, bytes, Space::Old, Some(1), text, []);
    for index in 0..=length + parked {
        let offset = 0x100 + 16 * index;
        let next = (index + 1 < length).then_some((At::Field(1), Target::Object(offset + 16)));
        let mut contents = [0; 8];
        contents[..4].copy_from_slice(&(index as i32).to_le_bytes());
        let identity = Some(index + 2);
        builder.object(offset, 0, 16, 0, Space::Old, identity, &contents, next);
    }
    builder.finish(About {
        moment: "gc:1".to_owned(),
        program: "generators.wat".to_owned(),
        run: 1,
        full_collections: 1,
        created: u64::from(parked) + 1,
        heap_used: 16 * u64::from(length + parked + 1) + 24,
        ..About::default()
    })
}

fn names(builder: &mut Builder) {
    let names = builder.names();
    names.modules.push(Module {
        name: "generators.wat".to_owned(),
    });
    let function = |kind, index, name: Option<&str>| Function {
        module: Some(0),
        kind,
        index,
        name: name.map(str::to_owned),
        export: None,
    };
    names
        .functions
        .push(function(FunctionKind::Wasm, 0, Some("main")));
    names
        .functions
        .push(function(FunctionKind::Wasm, 1, Some("gen")));
    names.functions.push(function(FunctionKind::Entry, 0, None));
    let field = |name: &str, storage, offset| Field {
        name: Some(name.to_owned()),
        storage,
        offset,
    };
    names.types.push(ObjectType {
        name: "$node".to_owned(),
        kind: TypeKind::Struct,
        fields: vec![
            field("value", Storage::I32, 0),
            field("next", Storage::Ref, 4),
        ],
    });
    names.types.push(ObjectType {
        name: "(array i8)".to_owned(),
        kind: TypeKind::Array,
        fields: vec![Field {
            storage: Storage::I8,
            ..Field::default()
        }],
    });
    let slot = |distance, holds: &[(u32, &str)]| Slot {
        continuation: false,
        distance,
        holds: holds
            .iter()
            .map(|&(index, name)| Holds::Local {
                index,
                name: Some(name.to_owned()),
            })
            .collect(),
    };
    let site = |function, offset, slots| Site {
        function,
        offset,
        slots,
        ..Site::default()
    };
    let slots = || vec![slot(16, &[(0, "head")]), slot(24, &[])];
    names.sites.push(site(0, Some(0x3a), slots()));
    names.sites.push(site(1, Some(0x52), slots()));
    names.sites.push(site(2, None, Vec::new()));
    names.stacks.push(vec![0, 2]);
    names.stacks.push(vec![1, 2]);
    names.origins.push(Origin {
        function: 0,
        ty: "(func)".to_owned(),
        ..Origin::default()
    });
    names.origins.push(Origin {
        function: 1,
        ty: "$generator".to_owned(),
        maker: Some(0),
        offset: Some(0x31),
        line: None,
    });
}
