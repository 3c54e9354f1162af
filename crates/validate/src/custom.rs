//! Custom sections, for who asks: they decide nothing, and nobody else reads them.

use crate::module::ParsedModule;
use wasmparser::{Parser, Payload};

impl ParsedModule {
    /// The contents of each custom section, in order: its name and its bytes.
    pub fn custom_sections(&self) -> impl Iterator<Item = (&str, &[u8])> {
        // The module is valid, so there is no error before the end.
        let payloads = Parser::new(0).parse_all(&self.bytes).map_while(Result::ok);
        payloads.filter_map(|payload| match payload {
            Payload::CustomSection(section) => Some((section.name(), section.data())),
            _ => None,
        })
    }
}
