//! Modules in text: which line a fault in the binary form is on.
//!
//! Functions and instructions have the same order in both forms, so a fault's place is
//! found by counting. That takes another look at the text, for who asks.

use mangrove_runtime::{Error, InvalidPlace, TextLine, TextPosition};
use mangrove_validate::ParsedModule;
use wast::core::{Expression, FuncKind, Module, ModuleField, ModuleKind};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Span;
use wast::{QuoteWat, Wat};

/// The same error, with the line and column of the instruction if it is an
/// [`Error::Invalid`] that knows one, of a module with this text.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Error, Module, locate_in_text};
///
/// # fn main() -> Result<(), Error> {
/// let engine = Engine::new(&Config::new())?;
/// let text = "(module\n  (func (result i32)\n    i64.const 1\n    i32.eqz))";
/// // As `Module::new` does by itself.
/// let binary = wat::parse_str(text).expect("it parses");
/// let error = Module::from_binary(&engine, binary).unwrap_err();
/// let Error::Invalid { place, .. } = locate_in_text(error, text) else { unreachable!() };
/// let position = place.and_then(|place| place.position).expect("it is in a function");
/// assert_eq!((position.line, position.column), (4, 5));
/// # Ok(())
/// # }
/// ```
pub fn locate_in_text(error: Error, text: &str) -> Error {
    locate(error, |place| position(text, place))
}

/// The same error, with the position that is found for its place.
#[doc(hidden)]
pub fn locate(error: Error, find: impl FnOnce(&InvalidPlace) -> Option<TextPosition>) -> Error {
    match error {
        Error::Invalid {
            offset,
            message,
            place: Some(mut place),
        } => {
            place.position = find(&place);
            Error::Invalid {
                offset,
                message,
                place: Some(place),
            }
        }
        other => other,
    }
}

/// The text, to be parsed with the place of each instruction.
fn buffer(text: &str) -> Option<ParseBuffer<'_>> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let mut buffer = ParseBuffer::new_with_lexer(lexer).ok()?;
    buffer.track_instr_spans(true);
    Some(buffer)
}

/// The line and column of each instruction of a module with this text, with its offset in
/// the binary form.
pub(crate) fn lines_of_text(module: &ParsedModule, text: &str) -> Option<Vec<TextLine>> {
    let buffer = buffer(text)?;
    let Wat::Module(parsed) = parser::parse::<Wat<'_>>(&buffer).ok()? else {
        return None;
    };
    let ModuleKind::Text(fields) = &parsed.kind else {
        return None;
    };
    let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
    let starts: Vec<usize> = std::iter::once(0)
        .chain(breaks.map(|(at, _)| at + 1))
        .collect();
    let mut lines = Vec::new();
    for (body, (start, expression)) in bodies(fields).enumerate() {
        for (number, offset) in (0..).zip(module.instruction_offsets(body)) {
            let at = instruction_span(expression, number)
                .unwrap_or(start)
                .offset();
            let line = starts.partition_point(|&start| start <= at);
            lines.push(TextLine {
                offset,
                line: line as u32,
                column: (at - starts[line - 1]) as u32 + 1,
            });
        }
    }
    Some(lines)
}

fn position(text: &str, place: &InvalidPlace) -> Option<TextPosition> {
    let buffer = buffer(text)?;
    let module = match parser::parse::<Wat<'_>>(&buffer).ok()? {
        Wat::Module(module) => module,
        Wat::Component(_) => return None,
    };
    position_in(&module, text, place)
}

/// Where a module in a script has this place; none if it is not in text, or was not
/// parsed with the spans of instructions.
#[doc(hidden)]
pub fn position_in_script(
    module: &QuoteWat<'_>,
    text: &str,
    place: &InvalidPlace,
) -> Option<TextPosition> {
    match module {
        QuoteWat::Wat(Wat::Module(module)) => position_in(module, text, place),
        _ => None,
    }
}

fn position_in(module: &Module<'_>, text: &str, place: &InvalidPlace) -> Option<TextPosition> {
    let ModuleKind::Text(fields) = &module.kind else {
        return None;
    };
    let (start, expression) = bodies(fields).nth(place.body as usize)?;
    let span = match place.instruction {
        Some(instruction) => instruction_span(expression, instruction).unwrap_or(start),
        None => start,
    };
    let (line, column) = span.linecol_in(text);
    Some(TextPosition {
        line: line + 1,
        column: column + 1,
    })
}

/// The bodies of a module's functions, and where these begin.
fn bodies<'a, 'b>(
    fields: &'b [ModuleField<'a>],
) -> impl Iterator<Item = (Span, &'b Expression<'a>)> {
    fields.iter().filter_map(|field| match field {
        ModuleField::Func(func) => match &func.kind {
            FuncKind::Inline { expression, .. } => Some((func.span, expression)),
            FuncKind::Import(..) => None,
        },
        _ => None,
    })
}

/// Where an instruction stands. The last `end` is not written: it is at the
/// instruction before it.
fn instruction_span(expression: &Expression<'_>, instruction: u32) -> Option<Span> {
    let spans = expression.instr_spans.as_ref()?;
    spans.get(instruction as usize).or(spans.last()).copied()
}
