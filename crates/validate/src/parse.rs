//! Drives parser and validator over a module's bytes.
//!
//! ```text
//!  payload ──▶ validator ──▶ section? ──▶ Sections (sections.rs)  one after another
//!                        └─▶ body?    ──▶ kept                    all at once, in parallel,
//!                                         (bodies.rs)             after the last payload
//!                                          └─▶ a fault there: said in full (explain.rs)
//! ```

use crate::bodies::{self, Body, BodyFacts};
use crate::error::ValidateError;
use crate::explain::Refused;
use crate::features::Language;
use crate::module::ParsedModule;
use crate::sections::Sections;
use wasmparser::{Parser, ValidPayload, Validator};

impl ParsedModule {
    /// Decodes and validates a module of the binary format.
    ///
    /// # Errors
    /// The fault with the smallest byte offset, if the bytes are not a valid
    /// module of the default [language](Language).
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ValidateError> {
        Self::parse_as(bytes, Language::default())
    }

    /// As [`ParsedModule::parse`], of another language.
    ///
    /// # Errors
    /// The fault with the smallest byte offset.
    pub fn parse_as(bytes: Vec<u8>, language: Language) -> Result<Self, ValidateError> {
        let mut module = read(&bytes, language)?;
        module.bytes = bytes;
        Ok(module)
    }

    /// Decodes and validates everything but the function bodies: for a module
    /// that [`ParsedModule::parse_as`] accepted before. What only bodies tell is missing:
    /// `escaping` lists what sections name, `thrown_tags` is empty.
    ///
    /// # Errors
    /// The first fault outside of the bodies.
    pub fn parse_sections(bytes: Vec<u8>, language: Language) -> Result<Self, ValidateError> {
        let mut sections = Sections::default();
        read_payloads(&bytes, language, &mut sections, &mut Vec::new())?;
        let mut module = sections.finish(BodyFacts::default());
        module.bytes = bytes;
        Ok(module)
    }
}

/// The module these bytes hold, still without the bytes themselves.
fn read(bytes: &[u8], language: Language) -> Result<ParsedModule, ValidateError> {
    let mut sections = Sections::default();
    let mut pending = Vec::new();
    let outcome = read_payloads(bytes, language, &mut sections, &mut pending);
    let resources = pending.first().map(|body| body.func.resources.clone());
    // Bodies are looked at even when a later section is at fault: one of them
    // may have a fault that comes first.
    let found = bodies::validate(pending);
    let in_body = |error| match &resources {
        Some(resources) => refused(bytes, language, &sections).in_body(error, resources),
        None => error,
    };
    match (outcome, found) {
        (Ok(()), Ok(facts)) => Ok(sections.finish(facts)),
        (Err(error), Ok(_)) => Err(error),
        (Ok(()), Err(error)) => Err(in_body(error)),
        (Err(a), Err(b)) => Err(if b.offset <= a.offset { in_body(b) } else { a }),
    }
}

fn refused<'a>(bytes: &'a [u8], language: Language, sections: &'a Sections) -> Refused<'a> {
    Refused {
        bytes,
        features: language.features(),
        module: sections.so_far(),
    }
}

fn read_payloads<'a>(
    bytes: &'a [u8],
    language: Language,
    sections: &mut Sections,
    pending: &mut Vec<Body<'a>>,
) -> Result<(), ValidateError> {
    let mut parser = Parser::new(0);
    parser.set_features(language.features());
    let mut validator = Validator::new_with_features(language.features());
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        let valid = match validator.payload(&payload) {
            Ok(valid) => valid,
            Err(error) => {
                let refused = refused(bytes, language, sections);
                return Err(refused.in_section(error.into(), &mut validator, &payload));
            }
        };
        match valid {
            ValidPayload::Func(func, body) => {
                sections.body(&body);
                pending.push(Body { func, body });
            }
            ValidPayload::Ok | ValidPayload::End(_) => sections.read(payload)?,
            // Without components there are no parsers within parsers.
            ValidPayload::Parser(parser) => {
                let offset = parser.offset() as usize;
                return Err(ValidateError::new(offset, "nested module"));
            }
        }
    }
    Ok(())
}
