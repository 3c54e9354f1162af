//! What instructions cost in fuel, and when it is taken off.
//!
//! One unit for each instruction, none for those that only structure code, and one for each
//! call of a function, so that an empty one is not for nothing. The compiler
//! adds up what a straight line of code costs and takes it off at the instructions that
//! *settle*, before they are executed: where control divides or joins, where it leaves
//! the function, and before operations on many elements. So after a trap in the middle
//! of a line what was used since is not taken off yet; [`unsettled`] says how much that
//! is, from the body itself.

use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

/// Units that a call of a function costs, besides its instructions.
pub const FUNCTION_COST: u64 = 1;

/// Units an instruction costs.
pub fn cost(operator: &Operator<'_>) -> u64 {
    use Operator::{Block, Drop, Else, End, Loop, Nop, Return, Unreachable};
    let free = matches!(
        operator,
        Nop | Drop | Block { .. } | Loop { .. } | Unreachable | Return | Else | End
    );
    u64::from(!free)
}

/// What an instruction means to whoever counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// It goes on to the next one, whatever its operands are.
    Plain,
    /// It may trap, or call the runtime.
    MayStop,
    /// Control divides or joins there: it settles.
    Branch,
    /// It leaves the function, for good or until something comes back: it settles.
    Leaves,
    /// It does something to as many elements, or bytes, as its last operand says. It
    /// settles, and costs a unit more for each of them.
    Bulk,
}

impl Metering {
    /// What an instruction means.
    pub fn of(operator: &Operator<'_>) -> Self {
        match operator {
            _ if is_branch(operator) => Self::Branch,
            _ if leaves(operator) => Self::Leaves,
            _ if is_plain(operator) => Self::Plain,
            _ if is_bulk(operator) => Self::Bulk,
            _ => Self::MayStop,
        }
    }

    /// Whether all that was used is taken off before the instruction is executed.
    pub fn settles(self) -> bool {
        match self {
            Self::Plain | Self::MayStop => false,
            Self::Branch | Self::Leaves | Self::Bulk => true,
        }
    }
}

fn is_branch(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        Loop { .. }
            | If { .. }
            | Else
            | End
            | TryTable { .. }
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | BrOnNull { .. }
            | BrOnNonNull { .. }
            | BrOnCast { .. }
            | BrOnCastFail { .. }
    )
}

fn leaves(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        Unreachable
            | Return
            | Call { .. }
            | CallIndirect { .. }
            | CallRef { .. }
            | ReturnCall { .. }
            | ReturnCallIndirect { .. }
            | ReturnCallRef { .. }
            | Throw { .. }
            | ThrowRef
            | Resume { .. }
            | ResumeThrow { .. }
            | ResumeThrowRef { .. }
            | Suspend { .. }
            | Switch { .. }
    )
}

/// Operations on many bytes of a memory, or elements of a table or an array.
fn is_bulk(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        MemoryFill { .. }
            | MemoryCopy { .. }
            | MemoryInit { .. }
            | TableGrow { .. }
            | TableFill { .. }
            | TableCopy { .. }
            | TableInit { .. }
            | ArrayNew { .. }
            | ArrayNewDefault { .. }
            | ArrayNewData { .. }
            | ArrayNewElem { .. }
            | ArrayFill { .. }
            | ArrayCopy { .. }
            | ArrayInitData { .. }
            | ArrayInitElem { .. }
    )
}

/// The frequent instructions that cannot trap. One that is missing here costs a store
/// to a line of code, one too many a count that is not exact.
fn is_plain(operator: &Operator<'_>) -> bool {
    use Operator::*;
    let structure = matches!(
        operator,
        Nop | Drop | Block { .. } | Select | TypedSelect { .. }
    );
    let variable = matches!(
        operator,
        LocalGet { .. } | LocalSet { .. } | LocalTee { .. } | GlobalGet { .. }
    );
    let constant = matches!(
        operator,
        I32Const { .. }
            | I64Const { .. }
            | F32Const { .. }
            | F64Const { .. }
            | RefNull { .. }
            | RefIsNull
            | RefEq
            | RefFunc { .. }
            | RefI31
    );
    structure || variable || constant || is_plain_integer(operator) || is_plain_float(operator)
}

fn is_plain_integer(operator: &Operator<'_>) -> bool {
    use Operator::*;
    let of_32 = matches!(
        operator,
        I32Eqz
            | I32Eq
            | I32Ne
            | I32LtS
            | I32LtU
            | I32GtS
            | I32GtU
            | I32LeS
            | I32LeU
            | I32GeS
            | I32GeU
            | I32Clz
            | I32Ctz
            | I32Popcnt
            | I32Add
            | I32Sub
            | I32Mul
            | I32And
            | I32Or
            | I32Xor
            | I32Shl
            | I32ShrS
            | I32ShrU
            | I32Rotl
            | I32Rotr
            | I32WrapI64
            | I32Extend8S
            | I32Extend16S
            | I32ReinterpretF32
    );
    let of_64 = matches!(
        operator,
        I64Eqz
            | I64Eq
            | I64Ne
            | I64LtS
            | I64LtU
            | I64GtS
            | I64GtU
            | I64LeS
            | I64LeU
            | I64GeS
            | I64GeU
            | I64Clz
            | I64Ctz
            | I64Popcnt
            | I64Add
            | I64Sub
            | I64Mul
            | I64And
            | I64Or
            | I64Xor
            | I64Shl
            | I64ShrS
            | I64ShrU
            | I64Rotl
            | I64Rotr
            | I64ExtendI32S
            | I64ExtendI32U
            | I64Extend8S
            | I64Extend16S
            | I64Extend32S
            | I64ReinterpretF64
    );
    of_32 || of_64
}

fn is_plain_float(operator: &Operator<'_>) -> bool {
    use Operator::*;
    let arithmetic = matches!(
        operator,
        F32Add
            | F32Sub
            | F32Mul
            | F32Div
            | F32Neg
            | F32Abs
            | F32Sqrt
            | F64Add
            | F64Sub
            | F64Mul
            | F64Div
            | F64Neg
            | F64Abs
            | F64Sqrt
    );
    let comparison = matches!(
        operator,
        F32Eq
            | F32Ne
            | F32Lt
            | F32Gt
            | F32Le
            | F32Ge
            | F64Eq
            | F64Ne
            | F64Lt
            | F64Gt
            | F64Le
            | F64Ge
    );
    let conversion = matches!(
        operator,
        F32ConvertI32S
            | F32ConvertI32U
            | F64ConvertI32S
            | F64ConvertI32U
            | F64PromoteF32
            | F32DemoteF64
            | F32ReinterpretI32
            | F64ReinterpretI64
    );
    arithmetic || comparison || conversion
}

/// Units that a function has used when the instruction at `offset` stops it, and not
/// taken off: those since the last instruction that settled, its own included. `body`
/// is what lies at `start` in the module.
///
/// # Errors
/// The body cannot be read: it was not validated.
pub fn unsettled(body: &[u8], start: usize, offset: usize) -> Result<u64, BinaryReaderError> {
    let body = FunctionBody::new(BinaryReader::new(body, start as u64));
    let mut reader = body.get_operators_reader()?;
    let mut used = FUNCTION_COST;
    while !reader.eof() {
        let (operator, at) = reader.read_with_offset()?;
        if at as usize > offset {
            break;
        }
        used = match Metering::of(&operator).settles() {
            true => 0,
            false => used + cost(&operator),
        };
        if at as usize == offset {
            return Ok(used);
        }
    }
    // No instruction's own: the function had not begun.
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::ParsedModule;

    #[test]
    fn what_is_not_settled_is_what_was_used_since_the_last_branch() {
        let text = "(module (memory 1) (func (param i32) (result i32)
            (i32.add (local.get 0) (i32.const 1))
            (if (result i32) (i32.eqz (local.get 0)) (then
                (i32.load (local.get 0))) (else (unreachable)))
            (i32.div_u (i32.const 5)) (i32.div_u)))";
        let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
        let range = module.bodies[0].range.clone();
        let body = &module.bytes[range.clone()];
        let reader = FunctionBody::new(BinaryReader::new(body, range.start as u64));
        let mut seen = Vec::new();
        for read in reader
            .get_operators_reader()
            .unwrap()
            .into_iter_with_offsets()
        {
            let (operator, offset) = read.unwrap();
            let used = unsettled(body, range.start, offset as usize).unwrap();
            if Metering::of(&operator) != Metering::Plain {
                seen.push(used);
            }
        }
        // if, load, else, unreachable, end, both divisions, end
        assert_eq!(seen, [0, 2, 0, 0, 0, 2, 3, 0]);
        assert_eq!(unsettled(body, range.start, range.start).unwrap(), 0);
    }
}
