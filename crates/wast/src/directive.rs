//! The directives of a script: those the `wast` crate reads, and assertions on
//! `(module instance …)`, which it does not.

use wast::kw;
use wast::parser::{Cursor, Parse, Parser, Peek, Result};
use wast::token::{Id, Span};
use wast::{QuoteWat, WastDirective, Wat};

/// A directive.
#[derive(Debug)]
pub(crate) enum Directive<'a> {
    Known(WastDirective<'a>),
    OnInstance(OnInstance<'a>),
}

/// `(assert_unlinkable (module instance …) "…")` or the same with `assert_trap`.
#[derive(Debug)]
pub(crate) struct OnInstance<'a> {
    pub(crate) span: Span,
    /// Whether it asserts a trap.
    pub(crate) is_trap: bool,
    /// What is instantiated; the latest definition, if nothing is named.
    pub(crate) module: Option<Id<'a>>,
    pub(crate) message: &'a str,
}

impl Directive<'_> {
    /// Where it begins.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Known(directive) => directive.span(),
            Self::OnInstance(OnInstance { span, .. }) => *span,
        }
    }

    /// Its keyword.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Self::OnInstance(OnInstance { is_trap: true, .. }) => "assert_trap",
            Self::OnInstance(OnInstance { is_trap: false, .. }) => "assert_unlinkable",
            Self::Known(directive) => keyword(directive),
        }
    }
}

fn keyword(directive: &WastDirective<'_>) -> &'static str {
    match directive {
        WastDirective::Module(_) => "module",
        WastDirective::ModuleDefinition(_) => "module definition",
        WastDirective::ModuleInstance { .. } => "module instance",
        WastDirective::AssertMalformed { .. } => "assert_malformed",
        WastDirective::AssertInvalid { .. } => "assert_invalid",
        WastDirective::AssertMalformedCustom { .. } => "assert_malformed_custom",
        WastDirective::AssertInvalidCustom { .. } => "assert_invalid_custom",
        WastDirective::Register { .. } => "register",
        WastDirective::Invoke(_) => "invoke",
        WastDirective::AssertTrap { .. } => "assert_trap",
        WastDirective::AssertReturn { .. } => "assert_return",
        WastDirective::AssertExhaustion { .. } => "assert_exhaustion",
        WastDirective::AssertUnlinkable { .. } => "assert_unlinkable",
        WastDirective::AssertException { .. } => "assert_exception",
        WastDirective::AssertSuspension { .. } => "assert_suspension",
        WastDirective::Thread(_) => "thread",
        WastDirective::Wait { .. } => "wait",
    }
}

/// A whole script. What begins with no directive is the inside of a module; what has
/// nothing in it has no directive.
pub(crate) struct Script<'a>(pub(crate) Vec<Directive<'a>>);

impl<'a> Parse<'a> for Script<'a> {
    fn parse(parser: Parser<'a>) -> Result<Self> {
        let names = [
            "custom",
            "producers",
            "name",
            "dylink.0",
            "metadata.code.branch_hint",
        ];
        let _known = names.map(|name| parser.register_annotation(name));
        let mut directives = Vec::new();
        if parser.is_empty() {
            return Ok(Self(directives));
        }
        if !parser.peek::<AnyDirective>()? {
            // The fields of a module without its parentheses.
            let module = QuoteWat::Wat(parser.parse::<Wat<'_>>()?);
            directives.push(Directive::Known(WastDirective::Module(module)));
            return Ok(Self(directives));
        }
        while !parser.is_empty() {
            directives.push(match parser.peek::<AssertionOnInstance>()? {
                true => Directive::OnInstance(parser.parens(on_instance)?),
                false => Directive::Known(parser.parens(WastDirective::parse)?),
            });
        }
        Ok(Self(directives))
    }
}

fn on_instance<'a>(parser: Parser<'a>) -> Result<OnInstance<'a>> {
    let span = parser.cur_span();
    let is_trap = parser.parse::<Option<kw::assert_trap>>()?.is_some();
    if !is_trap {
        parser.parse::<kw::assert_unlinkable>()?;
    }
    let module = parser.parens(|parser| {
        parser.parse::<kw::module>()?;
        parser.parse::<kw::instance>()?;
        // The first is what the instance would be called; nobody can name it.
        parser.parse::<Option<Id<'a>>>()?;
        parser.parse()
    })?;
    Ok(OnInstance {
        span,
        is_trap,
        module,
        message: parser.parse()?,
    })
}

/// `(` and what begins a directive.
struct AnyDirective;

impl Peek for AnyDirective {
    fn peek(cursor: Cursor<'_>) -> Result<bool> {
        let Some(word) = first_word(cursor)?.map(|(word, _)| word) else {
            return Ok(false);
        };
        Ok(word.starts_with("assert_")
            || matches!(
                word,
                "module" | "component" | "register" | "invoke" | "thread" | "wait"
            ))
    }

    fn display() -> &'static str {
        "a directive"
    }
}

/// `(assert_unlinkable (module instance` or the same with `assert_trap`.
struct AssertionOnInstance;

impl Peek for AssertionOnInstance {
    fn peek(cursor: Cursor<'_>) -> Result<bool> {
        let Some(("assert_unlinkable" | "assert_trap", cursor)) = first_word(cursor)? else {
            return Ok(false);
        };
        let Some(("module", cursor)) = first_word(cursor)? else {
            return Ok(false);
        };
        Ok(matches!(cursor.keyword()?, Some(("instance", _))))
    }

    fn display() -> &'static str {
        "an assertion on an instance"
    }
}

/// The keyword after a parenthesis, and what follows it.
fn first_word(cursor: Cursor<'_>) -> Result<Option<(&str, Cursor<'_>)>> {
    match cursor.lparen()? {
        Some(inside) => inside.keyword(),
        None => Ok(None),
    }
}
