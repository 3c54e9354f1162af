//! What functions, types and statics of the server are called: as people would, or as if to
//! be taken for markup.

use mangrove_inspect::snapshot::{
    Builder, Field, Function, FunctionKind, Holds, Line, Module, ObjectType, Origin, Site, Slot,
    Storage, TypeKind,
};

/// What functions, types and statics are called.
pub struct Names {
    pub program: &'static str,
    pub functions: [&'static str; 8],
    pub types: [&'static str; 6],
    pub fixed: [&'static str; 3],
}

pub const NAMES: Names = Names {
    program: "server.wat",
    functions: [
        "main",
        "schedule",
        "serve",
        "read_request",
        "await_bytes",
        "retry",
        "sleep",
        "tick",
    ],
    types: [
        "$session",
        "$user",
        "$request",
        "$retry",
        "(array i8)",
        "$clock",
    ],
    fixed: ["sessions", "retries", "clock"],
};

pub const HOSTILE: Names = Names {
    program: "\u{202e}</title><script>document.title='hacked'</script>",
    functions: [
        "main",
        "</script><script>document.title='hacked'</script>",
        "\"onload=\"alert(1)",
        "<img src=x onerror=\"document.title='hacked'\">",
        "a\u{202e}b\u{0}c\u{1b}[31m\nd\u{e0001}\u{e0041}\u{ad}\u{3164}",
        "__proto__",
        "constructor",
        "{{script}}",
    ],
    types: [
        "$<!--",
        "$-->",
        "$&lt;b&gt;",
        "$__proto__",
        "(array i8)",
        "$\u{2028}'\\u003c",
    ],
    fixed: ["</script>", "javascript:alert(1)", "toString"],
};

impl Names {
    /// Tells a builder all names.
    pub fn tell(&self, builder: &mut Builder) {
        self.functions(builder);
        self.types(builder);
        places(builder);
    }

    fn functions(&self, builder: &mut Builder) {
        let names = self;
        let all = builder.names();
        all.modules.push(Module {
            name: names.program.to_owned(),
        });
        all.functions
            .extend((0..).zip(names.functions).map(|(index, name)| Function {
                module: Some(0),
                kind: FunctionKind::Wasm,
                index,
                name: Some(name.to_owned()),
                export: None,
            }));
        all.functions.push(Function {
            kind: FunctionKind::Entry,
            ..Function::default()
        });
    }

    fn types(&self, builder: &mut Builder) {
        let names = self;
        let all = builder.names();
        let field = |name: &str, storage, offset| Field {
            name: Some(name.to_owned()),
            storage,
            offset,
        };
        let fields: [Vec<Field>; 6] = [
            vec![
                field("id", Storage::I32, 0),
                field("user", Storage::Ref, 4),
                field("buffer", Storage::Ref, 8),
            ],
            vec![
                field("name", Storage::Ref, 0),
                field("age", Storage::I32, 4),
            ],
            vec![field("id", Storage::I32, 0), field("body", Storage::Ref, 4)],
            vec![
                field("waiting", Storage::Cont, 0),
                field("next", Storage::Ref, 16),
                field("tries", Storage::I32, 20),
            ],
            vec![Field {
                storage: Storage::I8,
                ..Field::default()
            }],
            vec![
                field("now", Storage::I64, 0),
                field("drift", Storage::F64, 8),
            ],
        ];
        all.types.extend(
            names
                .types
                .iter()
                .zip(fields)
                .map(|(name, fields)| ObjectType {
                    name: (*name).to_owned(),
                    kind: if *name == "(array i8)" {
                        TypeKind::Array
                    } else {
                        TypeKind::Struct
                    },
                    fields,
                }),
        );
    }
}

/// Where frames stand, and what continuations are made from.
fn places(builder: &mut Builder) {
    let all = builder.names();
    let slots = |locals: &[&str]| -> Vec<Slot> {
        let local = |(index, name): (u32, &&str)| Slot {
            continuation: false,
            distance: 16 + 8 * index,
            holds: match name.is_empty() {
                true => Vec::new(),
                false => vec![Holds::Local {
                    index,
                    name: Some((*name).to_owned()),
                }],
            },
        };
        (0..).zip(locals).map(local).collect()
    };
    let site = |function, offset, line, locals: &[&str]| Site {
        function,
        offset: Some(offset),
        line: Some(Line {
            file: "server.wat".to_owned(),
            line,
            column: 5,
        }),
        slots: slots(locals),
        ..Site::default()
    };
    all.sites = vec![
        site(0, 0x4e, 118, &["clock", "turns"]),
        site(1, 0x8a, 96, &["session", ""]),
        site(2, 0xc3, 41, &["session"]),
        site(3, 0xf0, 58, &["session"]),
        site(4, 0x112, 71, &["pending", "wanted"]),
        site(5, 0x14d, 133, &["request", "tries"]),
        site(6, 0x160, 150, &[]),
        Site {
            function: 8,
            ..Site::default()
        },
        site(7, 0x171, 160, &["clock"]),
    ];
    all.stacks = vec![
        vec![0, 7],
        vec![1, 8, 7],
        vec![4, 3, 2, 7],
        vec![6, 5, 7],
        vec![2, 7],
        vec![],
    ];
    let origin = |function, ty: &str, maker, offset| Origin {
        function,
        ty: ty.to_owned(),
        maker,
        offset,
        line: None,
    };
    all.origins = vec![
        origin(0, "(func)", None, None),
        origin(1, "$task", Some(0), Some(0x49)),
        origin(2, "$task", Some(1), Some(0x7d)),
        origin(5, "$task", Some(2), Some(0xbe)),
        origin(7, "$task", Some(0), Some(0x55)),
    ];
}
