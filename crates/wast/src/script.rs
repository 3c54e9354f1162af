//! From the text of a script to its directives.
//!
//! The text format itself is the business of the `wast` crate. Its lexer
//! rejects some Unicode characters that are hard to see; the specification
//! allows them, and its own scripts use them.

use crate::directive::{Directive, Script};
use mangrove::{Engine, Error, Module, printable};
use std::io;
use std::path::{Path, PathBuf};
use wast::lexer::Lexer;
use wast::parser::{self, Parse, ParseBuffer};
use wast::{QuoteWat, QuoteWatTest, Wat};

/// A script that could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file could not be read; the error names it.
    #[error(transparent)]
    Read(Box<mangrove::Error>),
    /// The file is not text.
    #[error("{}: malformed UTF-8 encoding (at byte 0x{offset:x})", printable(&path.to_string_lossy()))]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Byte offset of the first bad character.
        offset: usize,
    },
    /// A store or what scripts import could not be made.
    #[error("{}: {error}", printable(.file))]
    Setup {
        /// The script's name.
        file: String,
        /// Why it could not.
        error: Box<mangrove::Error>,
    },
    /// The file is neither a binary nor a text.
    #[error(
        "{}: no module: a binary begins with \\0asm, a text with a parenthesis",
        printable(.file)
    )]
    NoModule {
        /// The file's name.
        file: String,
    },
    /// The text is a script where a module is wanted.
    #[error("{}: a script, and not a module: `mangrove wast` runs scripts", printable(.file))]
    Script {
        /// The script's name.
        file: String,
    },
    /// The text is not a script, or not a module.
    #[error("{}:{line}:{column}: {} (at byte 0x{offset:x})", printable(.file), printable(.message))]
    Syntax {
        /// The script's name.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Byte offset in the text.
        offset: usize,
        /// What is wrong there.
        message: String,
    },
}

/// What stands for standard input in place of a file.
pub const STANDARD_INPUT: &str = "-";

/// What a file is called in messages.
pub(crate) fn name_of(path: &Path) -> String {
    match path == Path::new(STANDARD_INPUT) {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// The bytes of a file, or of standard input.
fn read_bytes(path: &Path) -> Result<Vec<u8>, ScriptError> {
    let bytes = match path == Path::new(STANDARD_INPUT) {
        true => mangrove::read_input(io::stdin().lock(), Path::new(&name_of(path))),
        false => mangrove::read_file(path),
    };
    bytes.map_err(|error| ScriptError::Read(Box::new(error)))
}

/// Reads a file that has to be text.
pub(crate) fn read_text(path: &Path) -> Result<String, ScriptError> {
    as_text(path, read_bytes(path)?)
}

fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, ScriptError> {
    String::from_utf8(bytes).map_err(|error| ScriptError::Encoding {
        path: PathBuf::from(name_of(path)),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// A module that was read: its binary, and its text if that is what it was made from.
#[derive(Clone, Debug)]
pub struct ModuleSource {
    /// The binary. It was not looked into.
    pub binary: Vec<u8>,
    /// With the name of its file, without folders.
    text: Option<(String, PathBuf)>,
}

impl ModuleSource {
    /// Compiles it.
    ///
    /// # Errors
    /// As [`Module::from_binary`]; with lines, if it was text.
    pub fn compile(self, engine: &Engine) -> Result<Module, Error> {
        match self.text {
            Some((text, file)) => {
                Module::from_encoded(engine, self.binary, text.as_bytes(), Some(&file))
            }
            None => Module::from_binary(engine, self.binary),
        }
    }

    /// Validates it.
    ///
    /// # Errors
    /// As [`Module::validate`]; with lines, if it was text.
    pub fn validate(self, engine: &Engine) -> Result<(), Error> {
        Module::validate_binary(engine, self.binary).map_err(|error| match &self.text {
            Some((text, _)) => mangrove::locate_in_text(error, text),
            None => error,
        })
    }
}

/// Reads a module from a file, in binary or in text; `-` is standard input. A binary
/// starts with a zero byte and text never does.
///
/// # Errors
/// If the file cannot be read, or is neither binary nor the text of a module.
pub fn read_module(path: &Path) -> Result<ModuleSource, ScriptError> {
    let bytes = read_bytes(path)?;
    if bytes.first() == Some(&0) {
        return Ok(ModuleSource {
            binary: bytes,
            text: None,
        });
    }
    // Text begins with a parenthesis, after space and comments.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if !matches!(first, None | Some(b'(' | b';' | 0x80..)) {
        let file = name_of(path);
        return Err(ScriptError::NoModule { file });
    }
    let text = as_text(path, bytes)?;
    match encode_text(&text) {
        Ok(binary) => {
            let file = name_of(path);
            let file = Path::new(&file)
                .file_name()
                .map_or_else(PathBuf::new, PathBuf::from);
            Ok(ModuleSource {
                binary,
                text: Some((text, file)),
            })
        }
        Err(error) => Err(match syntax_error(&name_of(path), &text, &error) {
            ScriptError::Syntax { file, .. } if is_script(&text) => ScriptError::Script { file },
            other => other,
        }),
    }
}

/// Whether this text, which is no module, is a script: more than one module, or something
/// else. One with a fault in it parses as a script, too.
fn is_script(text: &str) -> bool {
    let is_more = |directives: Vec<Directive<'_>>| match directives.as_slice() {
        [one] => one.keyword() != "module",
        directives => directives.len() > 1,
    };
    Tokens::new("", text).is_ok_and(|tokens| tokens.directives().is_ok_and(is_more))
}

/// A script's text, broken into tokens. Directives borrow from it.
pub(crate) struct Tokens<'a> {
    buffer: ParseBuffer<'a>,
    file: &'a str,
    text: &'a str,
}

impl<'a> Tokens<'a> {
    /// Breaks the text into tokens.
    pub(crate) fn new(file: &'a str, text: &'a str) -> Result<Self, ScriptError> {
        let mut buffer = tokens(text).map_err(|error| syntax_error(file, text, &error))?;
        // A module that is not valid is to be told of with its line.
        buffer.track_instr_spans(true);
        Ok(Self { buffer, file, text })
    }

    /// Parses the directives.
    pub(crate) fn directives(&self) -> Result<Vec<Directive<'_>>, ScriptError> {
        parser::parse::<Script<'_>>(&self.buffer)
            .map(|script| script.0)
            .map_err(|error| syntax_error(self.file, self.text, &error))
    }
}

fn tokens(text: &str) -> Result<ParseBuffer<'_>, wast::Error> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer)
}

fn syntax_error(file: &str, text: &str, error: &wast::Error) -> ScriptError {
    let (line, column) = error.span().linecol_in(text);
    ScriptError::Syntax {
        file: file.to_owned(),
        line: line + 1,
        column: column + 1,
        offset: error.span().offset(),
        message: error.message(),
    }
}

/// The binary form of a module in a script.
///
/// # Errors
/// Why the text format rejects it. A `(module binary …)` is never rejected here.
pub(crate) fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, String> {
    match module.to_test().map_err(|error| error.message())? {
        QuoteWatTest::Binary(bytes) => Ok(bytes),
        QuoteWatTest::Text(quoted) => {
            let text =
                std::str::from_utf8(&quoted).map_err(|_| "malformed UTF-8 encoding".to_owned())?;
            encode_text(text).map_err(|error| error.message())
        }
    }
}

fn encode_text(text: &str) -> Result<Vec<u8>, wast::Error> {
    fn parse<'a, T: Parse<'a>>(buffer: &'a ParseBuffer<'a>) -> Result<T, wast::Error> {
        parser::parse(buffer)
    }
    let buffer = tokens(text)?;
    parse::<Wat<'_>>(&buffer)?.encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wast::WastDirective;

    #[test]
    fn a_syntax_error_has_a_place() {
        let text = "(module)\n  (assert_nothing)";
        let tokens = Tokens::new("a.wast", text).unwrap();
        let error = tokens.directives().unwrap_err().to_string();
        assert!(error.starts_with("a.wast:2:4: "), "{error}");
        assert!(error.ends_with("(at byte 0xc)"), "{error}");
        let tokens = Tokens::new("b.wast", "(module) (;").unwrap();
        let error = tokens.directives().unwrap_err().to_string();
        assert!(error.starts_with("b.wast:1:"), "{error}");
    }

    #[test]
    fn quoted_text_is_parsed_when_it_is_encoded() {
        let text = r#"(module quote "(func") (module quote "(func)") (module binary "\ff")
            (module quote "\ff")"#;
        let tokens = Tokens::new("a.wast", text).unwrap();
        let encoded: Vec<_> = tokens
            .directives()
            .unwrap()
            .into_iter()
            .map(|directive| match directive {
                Directive::Known(WastDirective::Module(mut module)) => encode(&mut module),
                other => panic!("{}", other.keyword()),
            })
            .collect();
        assert!(encoded[0].is_err());
        assert!(encoded[1].as_ref().unwrap().starts_with(b"\0asm"));
        assert_eq!(encoded[2].as_deref(), Ok(&[0xff][..]));
        assert_eq!(encoded[3], Err("malformed UTF-8 encoding".to_owned()));
    }

    #[test]
    fn a_script_may_have_nothing_in_it() {
        for text in ["", "  \n", ";; nothing\n(; at all ;)"] {
            let tokens = Tokens::new("a.wast", text).unwrap();
            assert_eq!(tokens.directives().unwrap().len(), 0, "{text:?}");
        }
        // The inside of a module, as the text format has it.
        let tokens = Tokens::new("a.wast", "(func)").unwrap();
        assert_eq!(tokens.directives().unwrap()[0].keyword(), "module");
    }

    #[test]
    fn characters_that_look_confusing_are_allowed() {
        let text = "(module (func (export \"\u{202e}\")))";
        assert_eq!(
            Tokens::new("a.wast", text)
                .unwrap()
                .directives()
                .unwrap()
                .len(),
            1
        );
    }
}
