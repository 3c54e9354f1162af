//! Maps as compilers write them, and what is wrong with others.

use super::{Fault, SourceMapError, file_name, parse};
use mangrove::{Engine, Module, SourceLines, WasmOffset};

/// A module with two functions, whose bodies' instructions begin at bytes 34 and 39.
fn module() -> Module {
    let text = "(module (func (export \"a\") nop nop) (func (export \"b\") nop nop))";
    Module::new(&Engine::default(), text).unwrap()
}

fn line(module: &Module, offset: u32) -> Option<(String, u32, Option<u32>)> {
    let found = module.source_line(WasmOffset::new(offset).unwrap())?;
    Some((found.file, found.line, found.column))
}

fn with(lines: SourceLines) -> Module {
    let module = module();
    module.set_source_lines(move || lines);
    module
}

/// Digits of numbers, as a compiler writes them.
fn segments(segments: &[&[i64]]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let number = |&number: &i64| {
        let mut rest = number.unsigned_abs() << 1 | u64::from(number < 0);
        let mut digits = String::new();
        loop {
            let more = if rest > 31 { 32 } else { 0 };
            digits.push(DIGITS[(rest as usize & 31) | more].into());
            rest >>= 5;
            if rest == 0 {
                return digits;
            }
        }
    };
    let each = segments
        .iter()
        .map(|of| of.iter().map(number).collect::<String>());
    each.collect::<Vec<_>>().join(",")
}

fn map(sources: &str, mappings: &str) -> String {
    format!(r#"{{"version":3,"sources":{sources},"names":[],"mappings":"{mappings}"}}"#)
}

#[test]
fn lines_go_on_to_the_next_and_end_with_their_function() {
    let module = module();
    let bodies: Vec<_> = module
        .parsed()
        .bodies
        .iter()
        .map(|body| body.range.clone())
        .collect();
    let first = i64::try_from(bodies[0].start).unwrap() + 1;
    let text = segments(&[&[first, 0, 6, 2], &[1, 1, 1, -2, 0]]);
    let bytes = module.parsed().bytes.len();
    let json = format!(
        r#")]}}'
{{"version":3,"file":"a.wasm","sourceRoot":"/src","sources":["a.ts","lib/b.ts"],
"sourcesContent":["x",null],"names":["n"],"mappings":"{text};;"}}"#
    );
    let module = with(parse(json.as_bytes(), bytes).unwrap());
    let at = |offset: i64| line(&module, u32::try_from(offset).unwrap());
    assert_eq!(at(first), Some(("/src/a.ts".to_owned(), 7, Some(3))));
    assert_eq!(
        at(first + 1),
        Some(("/src/lib/b.ts".to_owned(), 8, Some(1)))
    );
    assert_eq!(at(first + 2), at(first + 1));
    assert_eq!(at(first - 1), None);
    // What is written of one function says nothing of the next one.
    assert_eq!(line(&module, bodies[1].start as u32 + 1), None);
}

#[test]
fn what_has_no_source_ends_what_had_one() {
    let module = module();
    let first = module.parsed().bodies[0].range.start as i64 + 1;
    let bytes = module.parsed().bytes.len();
    let text = segments(&[&[first, 0, 0, 0], &[1], &[1, 1, 1, 0]]);
    let module = with(parse(map(r#"["a.ts",null]"#, &text).as_bytes(), bytes).unwrap());
    let at = |offset: i64| line(&module, u32::try_from(offset).unwrap());
    assert_eq!(at(first).map(|found| found.1), Some(1));
    assert_eq!((at(first + 1), at(first + 2)), (None, None));
}

#[test]
fn an_index_is_one_map() {
    let module = module();
    let [first, second] = [0, 1].map(|body| module.parsed().bodies[body].range.start as i64 + 1);
    let part = |from: i64, source: &str| {
        let map = map(&format!("[\"{source}\"]"), &segments(&[&[0, 0, 4, 0]]));
        format!(r#"{{"offset":{{"line":0,"column":{from}}},"map":{map}}}"#)
    };
    let (one, two) = (part(first, "a.kt"), part(second, "b.kt"));
    let json = format!(r#"{{"version":3,"sections":[{one},{two}]}}"#);
    let bytes = module.parsed().bytes.len();
    let module = with(parse(json.as_bytes(), bytes).unwrap());
    let at = |offset: i64| line(&module, u32::try_from(offset).unwrap()).map(|found| found.0);
    assert_eq!(at(first).as_deref(), Some("a.kt"));
    assert_eq!(at(second).as_deref(), Some("b.kt"));
    let json = json.replacen("\"line\":0", "\"line\":1", 1);
    let error = parse(json.as_bytes(), bytes).unwrap_err();
    assert!(matches!(error, SourceMapError::Section(0)), "{error}");
}

#[test]
fn what_is_wrong_is_said() {
    let fault = |mappings: &str| match parse(map(r#"["a.ts"]"#, mappings).as_bytes(), 100) {
        Err(SourceMapError::Mappings { what, at }) => (what, at),
        other => panic!("{mappings}: {other:?}"),
    };
    assert_eq!(fault("AAAA,A!AA"), (Fault::Digit, 5));
    assert_eq!(fault("AAA"), (Fault::Segment, 0));
    assert_eq!(fault("AA"), (Fault::Segment, 0));
    assert_eq!(fault("AAAAAA"), (Fault::Segment, 0));
    assert_eq!(fault("AAAA,g"), (Fault::Number, 5));
    assert_eq!(fault("gggggggggA"), (Fault::Number, 0));
    assert_eq!(fault("//////f"), (Fault::Number, 0));
    assert_eq!(fault("D"), (Fault::Range, 0), "offset -1");
    assert_eq!(fault("ACAA"), (Fault::Range, 0), "file 1");
    assert_eq!(fault("AADA"), (Fault::Range, 0), "line 0");
    assert_eq!(fault("qG"), (Fault::Range, 0), "offset 101");
    assert_eq!(fault("AAAA;AAAA"), (Fault::Line, 4));
    let error = |json: &str| parse(json.as_bytes(), 100).unwrap_err().to_string();
    assert!(error("{}").contains("version"));
    assert!(error(r#"{"version":2,"mappings":""}"#).contains("version 2"));
    assert!(error(r#"{"version":3}"#).contains("mappings"));
    assert!(error("<html>").contains("no source map"));
    assert!(error(r#"{"version":3,"mappings":7}"#).contains("no source map"));
    assert!(error(&"[".repeat(100_000)).contains("no source map"));
}

/// What a small file claims takes no more than the module and the file.
#[test]
fn a_map_made_to_take_memory_is_refused() {
    let back_and_forth = "C,D,".repeat(200);
    let text = map(r#"["a.ts"]"#, &back_and_forth);
    let many = parse(text.as_bytes(), 100).unwrap_err();
    let many = matches!(
        many,
        SourceMapError::Mappings {
            what: Fault::Many,
            ..
        }
    );
    assert!(many, "more lines than there are bytes");
    // The same offset again and again is one line.
    assert!(parse(map("[]", &"A,".repeat(10_000)).as_bytes(), 10).is_ok());
    let root = "r".repeat(1 << 20);
    let sources = vec!["\"\""; 100].join(",");
    let text =
        format!(r#"{{"version":3,"sourceRoot":"{root}","sources":[{sources}],"mappings":""}}"#);
    assert!(matches!(
        parse(text.as_bytes(), 10),
        Err(SourceMapError::Names)
    ));
    let sources = vec!["\"\""; (1 << 20) + 1].join(",");
    let error = parse(map(&format!("[{sources}]"), "").as_bytes(), 10).unwrap_err();
    assert!(
        error.to_string().contains("more than 1048576 files"),
        "{error}"
    );
}

/// Each byte of a good map becomes others: lines or an error, never anything else.
#[test]
fn damaged_maps_are_errors_or_maps() {
    let text = map(
        r#"["a.ts","b.ts"]"#,
        &segments(&[&[34, 0, 0, 0], &[2, 1, 5, 9, 0], &[1]]),
    );
    let (mut read, mut refused) = (0, 0);
    for at in 0..text.len() {
        for change in [0x01, 0x02, 0x10, 0x20, 0x80] {
            let mut damaged = text.clone().into_bytes();
            damaged[at] ^= change;
            match parse(&damaged, 50) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(parse(&text.as_bytes()[..at], 50).is_err());
    }
    assert!(read > 0 && refused > read, "{read} {refused}");
}

#[test]
fn the_map_is_beside_the_module_wherever_it_is_said_to_be() {
    for (url, name) in [
        ("a.wasm.map", Some("a.wasm.map")),
        ("./a.map", Some("a.map")),
        ("../../etc/a.map", Some("a.map")),
        ("file:///out/a%20b.map", Some("a b.map")),
        ("https://host:80/x/a.map?v=1#f", Some("a.map")),
        ("c:\\out\\a.map", Some("a.map")),
        ("", None),
        ("dir/", None),
        ("..", None),
        ("%2e%2e", None),
        ("a%2fb", None),
        ("a%00", None),
        ("a%", None),
        ("a%ff", None),
        ("data:application/json;base64,e30=", None),
    ] {
        assert_eq!(file_name(url).as_deref(), name, "{url}");
    }
}
