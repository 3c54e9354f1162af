//! From the JSON of a map to lines.

use super::vlq::number;
use super::{Fault, SourceMapError};
use mangrove::{MappedLine, SourceLines};
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Most files that a map names.
const MOST_SOURCES: usize = 1 << 20;
/// Most bytes of their names together, each with the root before it.
const MOST_NAMES: usize = 64 << 20;

/// A map, or an index of maps; what else it has is passed over.
#[derive(Deserialize)]
struct Map<'a> {
    version: Option<u64>,
    #[serde(borrow, default, rename = "sourceRoot")]
    root: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sources: Sources<'a>,
    #[serde(borrow)]
    mappings: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sections: Option<Vec<Section<'a>>>,
}

/// A part of an index.
#[derive(Deserialize)]
struct Section<'a> {
    offset: Offset,
    #[serde(borrow)]
    map: Part<'a>,
}

/// A map that is no index: those are not nested.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default, rename = "sourceRoot")]
    root: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sources: Sources<'a>,
    #[serde(borrow)]
    mappings: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Offset {
    line: u64,
    column: u32,
}

/// Names of files, where they have one: not more than a compiler would write.
#[derive(Default)]
struct Sources<'a>(Vec<Option<Cow<'a, str>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Sources<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Sources<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of files")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sources<'de>, A::Error> {
                let mut sources = Vec::new();
                while let Some(Borrowed(source)) = list.next_element()? {
                    if sources.len() == MOST_SOURCES {
                        let most = format_args!("more than {MOST_SOURCES} files").to_string();
                        return Err(A::Error::custom(most));
                    }
                    sources.push(source);
                }
                Ok(Sources(sources))
            }
        }
        deserializer.deserialize_seq(Each)
    }
}

#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Option<Cow<'a, str>>);

/// The lines of a map.
pub fn lines(json: &[u8], module_bytes: usize) -> Result<SourceLines, SourceMapError> {
    let map: Map<'_> = serde_json::from_slice(unguarded(json))?;
    match map.version {
        Some(3) => {}
        Some(other) => return Err(SourceMapError::Version(other)),
        None => {
            return Err(SourceMapError::Json(serde_json::Error::missing_field(
                "version",
            )));
        }
    }
    let mut decoder = Decoder {
        files: Vec::new(),
        name_bytes: 0,
        lines: Vec::new(),
        module_bytes,
    };
    match (map.mappings, map.sections) {
        (Some(mappings), _) => {
            decoder.part(0, map.root.as_deref(), map.sources, &mappings)?;
        }
        (None, Some(sections)) => {
            for (index, Section { offset, map }) in sections.into_iter().enumerate() {
                if offset.line > 0 {
                    return Err(SourceMapError::Section(index));
                }
                decoder.part(
                    offset.column,
                    map.root.as_deref(),
                    map.sources,
                    &map.mappings,
                )?;
            }
        }
        (None, None) => {
            return Err(SourceMapError::Json(serde_json::Error::missing_field(
                "mappings",
            )));
        }
    }
    Ok(SourceLines::new(decoder.files, decoder.lines))
}

/// The text without the line before it that keeps browsers from running it as a script.
fn unguarded(json: &[u8]) -> &[u8] {
    match json.strip_prefix(b")]}'") {
        Some(rest) => match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => &rest[end..],
            None => rest,
        },
        None => json,
    }
}

fn named_file(root: &str, source: Cow<'_, str>) -> String {
    match root {
        "" => source.into_owned(),
        root if root.ends_with('/') => format!("{root}{source}"),
        root => format!("{root}/{source}"),
    }
}

struct Decoder {
    files: Vec<String>,
    name_bytes: usize,
    lines: Vec<MappedLine>,
    module_bytes: usize,
}

impl Decoder {
    /// Adds a map whose offsets count from one on.
    fn part(
        &mut self,
        from: u32,
        root: Option<&str>,
        Sources(sources): Sources<'_>,
        mappings: &str,
    ) -> Result<(), SourceMapError> {
        let first = self.files.len();
        let count = sources.len();
        // A file without a name says nothing of a place.
        let named: Vec<bool> = sources.iter().map(Option::is_some).collect();
        for source in sources {
            let name = named_file(root.unwrap_or_default(), source.unwrap_or_default());
            self.name_bytes = self.name_bytes.saturating_add(name.len());
            if self.name_bytes > MOST_NAMES {
                return Err(SourceMapError::Names);
            }
            self.files.push(name);
        }
        let mut state = State {
            offset: i64::from(from),
            ..State::default()
        };
        let text = mappings.as_bytes();
        let mut at = 0;
        while at < text.len() {
            let wrong = |what, at| SourceMapError::Mappings { what, at };
            match text[at] {
                b',' => at += 1,
                // Behind the one line there may be empty ones.
                b';' if text[at..].iter().all(|&byte| byte == b';') => break,
                b';' => return Err(wrong(Fault::Line, at)),
                _ => {
                    let begins = at;
                    let source = state.segment(text, &mut at, count);
                    let source = source.map_err(|what| wrong(what, begins))?;
                    let source = source.filter(|&(file, ..)| named[file as usize]);
                    self.add(
                        state.offset,
                        source
                            .map(|(file, line, column)| (first as u32 + file, line, Some(column))),
                    )
                    .map_err(|what| wrong(what, begins))?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, offset: i64, source: Option<(u32, u32, Option<u32>)>) -> Result<(), Fault> {
        let offset = u32::try_from(offset).map_err(|_| Fault::Range)?;
        // One at the end of the module ends the last one.
        if offset as usize > self.module_bytes {
            return Err(Fault::Range);
        }
        let line = MappedLine { offset, source };
        let many = self.lines.len() > self.module_bytes;
        match self.lines.last_mut() {
            // The last one counts.
            Some(last) if last.offset == offset => *last = line,
            _ if many => return Err(Fault::Many),
            _ => self.lines.push(line),
        }
        Ok(())
    }
}

/// What numbers are differences to.
#[derive(Default)]
struct State {
    offset: i64,
    file: i64,
    line: i64,
    column: i64,
}

impl State {
    /// A segment: its offset and, of those that have one, the file, line and column, from 1. `count` is how many
    /// files there are.
    fn segment(
        &mut self,
        text: &[u8],
        at: &mut usize,
        count: usize,
    ) -> Result<Option<(u32, u32, u32)>, Fault> {
        let mut fields = [0; 5];
        let mut read = 0;
        while *at < text.len() && !matches!(text[*at], b',' | b';') {
            let field = fields.get_mut(read).ok_or(Fault::Segment)?;
            *field = number(text, at)?;
            read += 1;
        }
        // The fifth is a name, which the module has better ones for.
        let [offset, file, line, column, _] = fields;
        self.offset += offset;
        match read {
            1 => return Ok(None),
            4 | 5 => {}
            _ => return Err(Fault::Segment),
        }
        self.file += file;
        self.line += line;
        self.column += column;
        let from_one = |number: i64| u32::try_from(number + 1).ok().filter(|&number| number > 0);
        let file = usize::try_from(self.file).ok().filter(|&file| file < count);
        match (file, from_one(self.line), from_one(self.column)) {
            (Some(file), Some(line), Some(column)) => Ok(Some((file as u32, line, column))),
            _ => Err(Fault::Range),
        }
    }
}
