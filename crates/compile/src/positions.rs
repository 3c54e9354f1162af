//! Source positions while a function is compiled: what an instruction of CLIF, and later a
//! stretch of machine code, is of.
//!
//! Cranelift carries 32 bits through. The code of the function itself has the offset of
//! the Wasm instruction in the module there; other code has a number with the highest bit set:
//!
//! ```text
//!  0x0000_002c   the instruction at 0x2c of the module
//!  0x8000_0007   Positions[7]: the instruction at 0x51, in inlined call 2, and a call whose
//!                map has slots of which something is known
//! ```

use cranelift_codegen::ir::{SourceLoc, StackSlot};
use mangrove_abi::InlinedCall;
use mangrove_abi::{SlotContent, WasmOffset};

/// What some code is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The instruction, if it is of one.
    pub wasm_offset: Option<WasmOffset>,
    /// The inlined call that this instruction belongs to: a number in
    /// [`Positions::inlined`]; none in the function's own body.
    pub inlined: Option<u32>,
    /// Of a call of whose slots something is known: a number in [`Positions::named`].
    pub named: Option<u32>,
}

/// The positions of one function that have numbers, and the calls that were inlined in it.
#[derive(Debug, Default)]
pub struct Positions {
    numbered: Vec<Position>,
    /// What the slots of maps hold, as far as is known.
    named: Vec<Vec<(StackSlot, Vec<SlotContent>)>>,
    /// Calls that were inlined. Each comes behind the one it is inside of.
    pub inlined: Vec<InlinedCall>,
}

impl Positions {
    /// Set in a position that is a number. No module is that long.
    const NUMBER: u32 = 1 << 31;

    /// The position of an instruction of the module, in an inlined call or in the function
    /// itself.
    pub fn at(&mut self, offset: usize, inlined: Option<u32>) -> SourceLoc {
        if inlined.is_none() {
            return SourceLoc::new(offset as u32);
        }
        let wasm_offset = WasmOffset::new(offset as u32);
        self.number(Position {
            wasm_offset,
            inlined,
            named: None,
        })
    }

    /// The position of a call, with what is known of the slots of its map.
    pub fn name(&mut self, at: SourceLoc, slots: Vec<(StackSlot, Vec<SlotContent>)>) -> SourceLoc {
        self.named.push(slots);
        let named = Some(self.named.len() as u32 - 1);
        let position = self.get(at);
        self.number(Position { named, ..position })
    }

    /// What is known of the slots of the map of a call.
    pub fn slots(&self, of: Position) -> &[(StackSlot, Vec<SlotContent>)] {
        of.named.map_or(&[], |number| &self.named[number as usize])
    }

    fn number(&mut self, position: Position) -> SourceLoc {
        if self.numbered.last() != Some(&position) {
            self.numbered.push(position);
        }
        SourceLoc::new(Self::NUMBER | (self.numbered.len() - 1) as u32)
    }

    /// What a position stands for.
    pub fn get(&self, at: SourceLoc) -> Position {
        if at.is_default() {
            return Position::default();
        }
        let bits = at.bits();
        match bits & Self::NUMBER {
            0 => Position {
                wasm_offset: WasmOffset::new(bits),
                ..Position::default()
            },
            _ => {
                let number = (bits & !Self::NUMBER) as usize;
                self.numbered.get(number).copied().unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back() {
        let mut positions = Positions::default();
        let plain = positions.at(0x2c, None);
        let inlined = positions.at(0x51, Some(2));
        assert_eq!(positions.get(plain).wasm_offset, WasmOffset::new(0x2c));
        assert_eq!(positions.get(plain).inlined, None);
        assert_eq!(positions.get(inlined).wasm_offset, WasmOffset::new(0x51));
        assert_eq!(positions.get(inlined).inlined, Some(2));
        assert_eq!(positions.get(SourceLoc::default()), Position::default());
    }
}
