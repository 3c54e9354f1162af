//! Backtraces with source lines.
//!
//! The module and its DWARF are written here, byte by byte known:
//!
//! ```text
//!  address   0       1     2       3    4            5     6     7       8       10
//!  contents  count   size  locals  nop  unreachable  end   size  locals  call 0  end
//!  line                            10   11           12                  20
//! ```

mod common;

use common::call;
use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, LineProgram, LineString, Sections,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use mangrove::{Config, Engine, Frame, Linker, Module, SourceLine, Store, WasmOffset};
use wasm_encoder::{
    CodeSection, CustomSection, ExportKind, ExportSection, Function, FunctionSection, Section,
    TypeSection,
};

/// The module without DWARF.
fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0);
    let mut exports = ExportSection::new();
    exports.export("f", ExportKind::Func, 1);
    let mut code = CodeSection::new();
    let mut trapping = Function::new([]);
    trapping.instructions().nop().unreachable().end();
    let mut calling = Function::new([]);
    calling.instructions().call(0).end();
    code.function(&trapping).function(&calling);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&functions);
    module.section(&exports).section(&code);
    module.finish()
}

/// The DWARF sections for it, in a version.
fn dwarf(version: u16) -> Vec<(String, Vec<u8>)> {
    let encoding = Encoding {
        format: Format::Dwarf32,
        version,
        address_size: 4,
    };
    let mut dwarf = DwarfUnit::new(encoding);
    let folder = LineString::new("src", encoding, &mut dwarf.line_strings);
    let file = LineString::new("demo.c", encoding, &mut dwarf.line_strings);
    let line_encoding = LineEncoding::default();
    let mut lines = LineProgram::new(encoding, line_encoding, folder, None, file.clone(), None);
    let folder = lines.default_directory();
    let file = lines.add_file(file, folder, None);
    let sequences: [(u64, u64, &[_]); 2] = [
        (3, 3, &[(0, 10, 5), (1, 11, 9), (2, 12, 1)]),
        (8, 3, &[(0, 20, 0)]),
    ];
    for (start, len, rows) in sequences {
        lines.begin_sequence(Some(Address::Constant(start)));
        for &(offset, line, column) in rows {
            let row = lines.row();
            (row.file, row.address_offset, row.line, row.column) = (file, offset, line, column);
            lines.generate_row();
        }
        lines.end_sequence(len);
    }
    dwarf.unit.line_program = lines;
    let root = dwarf.unit.root();
    let root = dwarf.unit.get_mut(root);
    let low = AttributeValue::Address(Address::Constant(0));
    root.set(gimli::DW_AT_low_pc, low);
    root.set(gimli::DW_AT_high_pc, AttributeValue::Udata(11));
    let name = AttributeValue::String(b"demo.c".to_vec());
    root.set(gimli::DW_AT_name, name);
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut written = Vec::new();
    sections
        .for_each(|id, data| {
            if !data.slice().is_empty() {
                written.push((id.name().to_owned(), data.slice().to_vec()));
            }
            Ok::<_, gimli::write::Error>(())
        })
        .unwrap();
    written
}

fn with_sections(sections: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut module = module();
    for (name, data) in sections {
        let section = CustomSection {
            name: name.into(),
            data: data.into(),
        };
        section.append_to(&mut module);
    }
    module
}

fn trap(engine: &Engine, module: &Module) -> Vec<Frame> {
    let mut store = Store::new(engine, ()).unwrap();
    let instance = Linker::new(engine).instantiate(&mut store, module).unwrap();
    let error = call(&mut store, instance, "f", &[]).unwrap_err();
    let backtrace = &error.as_trap().unwrap().backtrace;
    backtrace.frames().cloned().collect()
}

fn place(frame: &Frame) -> (&str, u32, Option<u32>) {
    let SourceLine { file, line, column } = frame.source.as_ref().unwrap();
    (file, *line, *column)
}

#[test]
fn frames_know_their_lines() {
    let engine = Engine::new(&Config::new()).unwrap();
    for version in [3, 4, 5] {
        let module = with_sections(&dwarf(version));
        let module = Module::from_binary(&engine, module).unwrap();
        let frames = trap(&engine, &module);
        assert_eq!(frames.len(), 2);
        let (file, line, column) = place(&frames[0]);
        assert!(file.ends_with("demo.c"), "{file}");
        assert_eq!((line, column), (11, Some(9)), "DWARF {version}");
        assert_eq!(place(&frames[1]), (file, 20, None));
        let text = frames[0].to_string();
        assert!(text.ends_with("demo.c:11:9)"), "{text}");
    }
}

#[test]
fn a_compiled_module_keeps_its_lines() {
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::from_binary(&engine, with_sections(&dwarf(4))).unwrap();
    let file = module.serialize().unwrap();
    // SAFETY: made on the line above.
    let module = unsafe { Module::deserialize(&engine, &file) }.unwrap();
    assert_eq!(place(&trap(&engine, &module)[0]).1, 11);
}

#[test]
fn without_dwarf_there_are_no_lines() {
    let engine = Engine::new(&Config::new()).unwrap();
    let foreign = [(".debug_custom".to_owned(), vec![1, 2, 3])];
    for sections in [&[][..], &foreign] {
        let module = Module::from_binary(&engine, with_sections(sections)).unwrap();
        let frames = trap(&engine, &module);
        assert!(frames.iter().all(|frame| frame.source.is_none()));
        assert!(frames.iter().all(|frame| frame.offset.is_some()));
    }
}

#[test]
fn malformed_dwarf_is_ignored() {
    let engine = Engine::new(&Config::new()).unwrap();
    let whole = dwarf(4);
    let mut tried = 0;
    let mut lines = 0;
    for section in 0..whole.len() {
        for at in 0..whole[section].1.len() {
            for change in [Some(0xff), Some(0x80), Some(1), None] {
                let mut sections = whole.clone();
                let data = &mut sections[section].1;
                match change {
                    Some(bits) => data[at] ^= bits,
                    None => data.truncate(at),
                }
                let module = Module::from_binary(&engine, with_sections(&sections)).unwrap();
                let offset = trap_offset(&module);
                tried += 1;
                lines += u32::from(module.source_line(offset).is_some());
            }
        }
    }
    assert!(lines > 0 && lines < tried, "{lines} of {tried}");
}

/// Where the module's `unreachable` is.
fn trap_offset(module: &Module) -> WasmOffset {
    let bytes = &module.parsed().bytes;
    // nop, unreachable, end
    let at = bytes.windows(3).position(|bytes| bytes == [1, 0, 0x0b]);
    WasmOffset::new(at.unwrap() as u32 + 1).unwrap()
}
