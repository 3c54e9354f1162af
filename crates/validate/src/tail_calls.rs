//! Whether a module's functions make tail calls: then who called last may have left no frame.

use crate::module::ParsedModule;
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

/// Whether some function of a module makes a tail call. Reads all of them, up to the first.
pub fn has_tail_calls(module: &ParsedModule) -> bool {
    let mut bodies = module.bodies.iter();
    // Valid bodies are read without an error; of others nothing is known.
    bodies.any(|body| {
        let bytes = &module.bytes[body.range.clone()];
        tail_calls(bytes, body.range.start).unwrap_or(true)
    })
}

fn tail_calls(body: &[u8], start: usize) -> Result<bool, BinaryReaderError> {
    let body = FunctionBody::new(BinaryReader::new(body, start as u64));
    for operator in body.get_operators_reader()? {
        use Operator::{ReturnCall, ReturnCallIndirect, ReturnCallRef};
        if let ReturnCall { .. } | ReturnCallIndirect { .. } | ReturnCallRef { .. } = operator? {
            return Ok(true);
        }
    }
    Ok(false)
}
