//! The texts of a timeline, each with a number, and by what they stand for.

use super::form::Text;
use mangrove::{Event, FunctionId, MadeFrom, Place, WasmLocation, printable};
use std::collections::HashMap;

/// Bytes beyond which a name ends in an ellipsis.
const MOST: usize = 200;

/// All texts so far.
#[derive(Default)]
pub struct Names {
    texts: Vec<String>,
    known: HashMap<String, u32>,
    functions: HashMap<(Verb, FunctionId), u32>,
    tags: HashMap<(Verb, u32), u32>,
    places: HashMap<WasmLocation, u32>,
}

/// What is done with a function or a tag, where that is part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Nothing: the name alone.
    Is,
    /// A continuation of the function is made.
    New,
    /// One is resumed.
    Resume,
    /// An exception is thrown into one.
    ResumeThrow,
    /// The tag is suspended to.
    Suspend,
    /// It is switched by.
    Switch,
    /// It is thrown.
    Throw,
}

impl Verb {
    fn before(self) -> &'static str {
        match self {
            Self::Is => "",
            Self::New => "new ",
            Self::Resume => "resume ",
            Self::ResumeThrow => "resume_throw ",
            Self::Suspend => "suspend ",
            Self::Switch => "switch ",
            Self::Throw => "throw ",
        }
    }
}

impl Names {
    /// The number of a text.
    pub fn of(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        let id = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.known.insert(text.to_owned(), id);
        id
    }

    /// A text by its number.
    pub fn text(&self, id: u32) -> Text<'_> {
        Text {
            id,
            text: &self.texts[id as usize],
        }
    }

    /// What happens to a continuation of a function.
    pub fn function(&mut self, event: &Event<'_>, verb: Verb, function: FunctionId) -> u32 {
        if let Some(&known) = self.functions.get(&(verb, function)) {
            return known;
        }
        let text = format!("{}{}", verb.before(), called(&event.function(function)));
        let id = self.of(&text);
        self.functions.insert((verb, function), id);
        id
    }

    /// What is done by a tag.
    pub fn tag(&mut self, event: &Event<'_>, verb: Verb, tag: u32) -> u32 {
        if let Some(&known) = self.tags.get(&(verb, tag)) {
            return known;
        }
        let text = format!("{}{}", verb.before(), short(&event.tag(tag)));
        let id = self.of(&text);
        self.tags.insert((verb, tag), id);
        id
    }

    /// A place in code.
    pub fn place(&mut self, event: &Event<'_>, at: WasmLocation) -> u32 {
        if let Some(&known) = self.places.get(&at) {
            return known;
        }
        let text = match event.place(at) {
            Some(place) => located(&place),
            None => "somewhere".to_owned(),
        };
        let id = self.of(&text);
        self.places.insert(at, id);
        id
    }
}

/// What a function is called.
pub fn called(function: &MadeFrom) -> String {
    match (&function.name, &function.export) {
        (Some(name), _) if function.instance.is_none() => format!("host {}", short(name)),
        (Some(name), _) => format!("${}", short(name)),
        (None, Some(export)) => format!("\"{}\"", short(export)),
        (None, None) if function.instance.is_none() => format!("host func {}", function.index),
        (None, None) => format!("func {}", function.index),
    }
}

fn located(place: &Place) -> String {
    let name = match (&place.name, &place.export) {
        (Some(name), _) => format!("${}", short(name)),
        (None, Some(export)) => format!("\"{}\"", short(export)),
        (None, None) => format!("func {}", place.function),
    };
    let at = place
        .offset
        .map_or_else(String::new, |at| format!(" at {at:#x}"));
    match &place.source {
        Some(source) => format!("{name}{at} ({})", short(&source.to_string())),
        None => format!("{name}{at}"),
    }
}

/// A text as it is shown, and no longer than is of use.
pub fn short(text: &str) -> String {
    let text = printable(text);
    if text.len() <= MOST {
        return text.into_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(MOST)])
}
