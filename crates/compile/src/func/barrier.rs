//! What compiled code notes for the next minor collection: where the old comes to refer
//! to the young, and which stack wakes. The log itself: [`mangrove_abi::log`].
//!
//! ```text
//!  object.field = value
//!    header of object: watched?            no, as a rule: young, or logged already
//!      value young?                        no: as it was
//!        header: no longer watched; the object goes to the log
//!        carded: the card of the place is set; if not listed: listed, and to the log
//!
//!  global = value                          table[i] = value
//!    value young?                            value young?
//!      cell: not listed? listed, to the log    the card of the place and `listed` are set
//! ```
//!
//! All of it is inline. A call would be a safepoint: what is live across it would be
//! spilled wherever it is defined, in loops that only store. The store comes first, so
//! that an access to null faults there, and the header can be read without a check.

use super::regions::plain;
use super::store::FieldAddress;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AliasRegion, InstBuilder, Opcode, Value, ValueDef, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::log::{GLOBAL, RECORD};
use mangrove_abi::object::{CARD_SHIFT, CARDED, LISTED, WATCHED};
use mangrove_abi::{ContRecord, Defect, GlobalCell, Noted, StoreContext, TableDef};
use std::mem::offset_of;
use types::{I8, I32, I64};

/// Adds an entry to the log. The last place is written over and over.
fn log(b: &mut FunctionBuilder<'_>, context: AliasRegion, store: Value, entry: Value) {
    let flags = plain(context);
    let (next, last) = (
        offset_of!(StoreContext, log_next),
        offset_of!(StoreContext, log_last),
    );
    let at = b.ins().load(I64, flags, store, next as i32);
    b.ins().store(flags, entry, at, 0);
    let word = b.ins().iconst(I64, size_of::<u64>() as i64);
    let after = b.ins().iadd(at, word);
    let last = b.ins().load(I64, flags, store, last as i32);
    let after = b.ins().umin(after, last);
    b.ins().store(flags, after, store, next as i32);
}

/// Runs `rare` in a cold block if `condition` is not zero, and goes on behind it.
fn rarely(
    b: &mut FunctionBuilder<'_>,
    condition: Value,
    rare: impl FnOnce(&mut FunctionBuilder<'_>),
) {
    let [yes, done] = [(); 2].map(|()| b.create_block());
    b.set_cold_block(yes);
    b.ins().brif(condition, yes, &[], done, &[]);
    b.seal_block(yes);
    b.switch_to_block(yes);
    rare(b);
    b.ins().jump(done, &[]);
    b.seal_block(done);
    b.switch_to_block(done);
}

/// Logs a record that is about to run, if it is clean, and has no bound arguments: a
/// parent that goes on.
pub fn wake(b: &mut FunctionBuilder<'_>, context: AliasRegion, store: Value, record: Value) {
    let flags = plain(context);
    let unready = offset_of!(ContRecord, unready) as i32;
    let clean = b.ins().load(I32, flags, record, unready);
    rarely(b, clean, |b| {
        let zero = b.ins().iconst(I32, 0);
        b.ins().store(flags, zero, record, unready);
        let kind = b.ins().iconst(I64, RECORD as i64);
        let entry = b.ins().bor(record, kind);
        log(b, context, store, entry);
    });
}

/// Whether a reference is young. See [`mangrove_abi::log`].
fn young(b: &mut FunctionBuilder<'_>, context: AliasRegion, store: Value, value: Value) -> Value {
    let one = b.ins().iconst(I32, 1);
    let halved = b.ins().rotr(value, one);
    let below = b.ins().isub(halved, one);
    let below = b.ins().uextend(I64, below);
    let young = offset_of!(StoreContext, young) as i32;
    let end = b.ins().load(I64, plain(context), store, young);
    b.ins().icmp(IntCC::UnsignedLessThan, below, end)
}

/// What a barrier needs.
struct Barrier {
    context: AliasRegion,
    watches: AliasRegion,
    store: Value,
    base: Value,
}

impl Barrier {
    /// Logs `object` as a whole.
    fn log_whole(&self, b: &mut FunctionBuilder<'_>, object: Value, header: Value) {
        let others = b.ins().iconst(I32, i64::from(!(WATCHED | CARDED | LISTED)));
        let header = b.ins().band(header, others);
        b.ins().store(plain(self.watches), header, object, 0);
        log(b, self.context, self.store, object);
    }

    /// Sets the card of `place`, and logs `array` unless it is listed.
    fn log_card(&self, b: &mut FunctionBuilder<'_>, array: Value, header: Value, place: Value) {
        let flags = plain(self.context);
        let cards = offset_of!(StoreContext, cards) as i32;
        let cards = b.ins().load(I64, flags, self.store, cards);
        let offset = b.ins().isub(place, self.base);
        set_card(b, self.context, cards, offset);
        let listed = bits(b, header, LISTED);
        let zero = b.ins().iconst(I32, 0);
        let unlisted = b.ins().icmp(IntCC::Equal, listed, zero);
        rarely(b, unlisted, |b| {
            let bit = b.ins().iconst(I32, i64::from(LISTED));
            let header = b.ins().bor(header, bit);
            b.ins().store(plain(self.watches), header, array, 0);
            log(b, self.context, self.store, array);
        });
    }
}

/// Sets the card for a place so many bytes from where the cards begin.
fn set_card(b: &mut FunctionBuilder<'_>, region: AliasRegion, cards: Value, offset: Value) {
    let shift = b.ins().iconst(I32, i64::from(CARD_SHIFT));
    let card = b.ins().ushr(offset, shift);
    let card = b.ins().iadd(cards, card);
    let one = b.ins().iconst(I8, 1);
    b.ins().store(plain(region), one, card, 0);
}

/// Those of some bits that are set.
fn bits(b: &mut FunctionBuilder<'_>, header: Value, mask: u32) -> Value {
    let mask = b.ins().iconst(I32, i64::from(mask));
    b.ins().band(header, mask)
}

/// One of two ways, neither of them frequent.
fn either(
    b: &mut FunctionBuilder<'_>,
    condition: Value,
    yes: impl FnOnce(&mut FunctionBuilder<'_>),
    no: impl FnOnce(&mut FunctionBuilder<'_>),
) {
    let [then, otherwise, done] = [(); 3].map(|()| b.create_block());
    b.set_cold_block(then);
    b.set_cold_block(otherwise);
    b.ins().brif(condition, then, &[], otherwise, &[]);
    b.seal_block(then);
    b.seal_block(otherwise);
    b.switch_to_block(then);
    yes(b);
    b.ins().jump(done, &[]);
    b.switch_to_block(otherwise);
    no(b);
    b.ins().jump(done, &[]);
    b.seal_block(done);
    b.switch_to_block(done);
}

impl FuncTranslator<'_, '_> {
    /// Whether this is known to be no object: null.
    fn is_no_object(&self, value: Value) -> bool {
        let dfg = &self.b.func.dfg;
        match dfg.value_def(value) {
            ValueDef::Result(inst, 0) => dfg.insts[inst].opcode() == Opcode::Iconst,
            _ => false,
        }
    }

    /// Whether a test wants this done wrong.
    pub(super) fn has(&self, defect: Defect) -> bool {
        defect.is_in(self.defect)
    }

    /// Whether a test wants stores of this kind not to be noted.
    fn is_unnoted(&self, how: Noted) -> bool {
        self.has(Defect::Unnoted(how))
    }

    /// Runs `log` where `object` is watched and `value` young: with the barrier, the
    /// object's address and its header.
    fn note_object(
        &mut self,
        object: Value,
        value: Value,
        log: impl FnOnce(&mut FunctionBuilder<'_>, &Barrier, Value, Value),
    ) {
        if self.is_no_object(value) {
            return;
        }
        let address = self.object(object);
        let barrier = Barrier {
            context: self.regions.context,
            watches: self.regions.watches,
            store: self.store_context(),
            base: self.heap_base(),
        };
        let b = &mut self.b;
        let header = b.ins().load(I32, plain(barrier.watches), address, 0);
        let watched = bits(b, header, WATCHED);
        rarely(b, watched, |b| {
            let young = young(b, barrier.context, barrier.store, value);
            rarely(b, young, |b| log(b, &barrier, address, header));
        });
    }

    /// Runs `note` where `value` is young: with the context's region and the context.
    fn note_young(
        &mut self,
        value: Value,
        how: Noted,
        note: impl FnOnce(&mut FunctionBuilder<'_>, AliasRegion, Value),
    ) {
        if self.is_no_object(value) || self.is_unnoted(how) {
            return;
        }
        let context = self.regions.context;
        let store = self.store_context();
        let young = young(&mut self.b, context, store, value);
        rarely(&mut self.b, young, |b| note(b, context, store));
    }

    /// After `value` was written into a field of `object`. `is_array`: it may be carded.
    pub(super) fn note_field(
        &mut self,
        object: Value,
        value: Value,
        field: FieldAddress,
        is_array: bool,
    ) {
        let of_whole = if is_array {
            Noted::Element
        } else {
            Noted::Field
        };
        let (whole, card) = (!self.is_unnoted(of_whole), !self.is_unnoted(Noted::Card));
        self.note_object(object, value, |b, barrier, address, header| {
            let log_whole = |b: &mut FunctionBuilder<'_>| {
                if whole {
                    barrier.log_whole(b, address, header);
                }
            };
            if !is_array {
                return log_whole(b);
            }
            let log_card = |b: &mut FunctionBuilder<'_>| {
                let offset = b.ins().iconst(I64, i64::from(field.offset));
                let place = b.ins().iadd(field.address, offset);
                if card {
                    barrier.log_card(b, address, header, place);
                }
            };
            let carded = bits(b, header, CARDED);
            either(b, carded, log_card, log_whole);
        });
    }

    /// After `value` was written into elements of `array`: all of it is looked at.
    pub(super) fn note_elements(&mut self, array: Value, value: Value) {
        if !self.is_unnoted(Noted::Elements) {
            self.note_object(array, value, |b, barrier, address, header| {
                barrier.log_whole(b, address, header);
            });
        }
    }

    /// After `value` was written to a global.
    pub(super) fn note_global(&mut self, cell: Value, value: Value) {
        let flags = plain(self.regions.globals);
        self.note_young(value, Noted::Global, |b, context, store| {
            let offset = offset_of!(GlobalCell, listed) as i32;
            let listed = b.ins().load(I64, flags, cell, offset);
            let zero = b.ins().iconst(I64, 0);
            let unlisted = b.ins().icmp(IntCC::Equal, listed, zero);
            rarely(b, unlisted, |b| {
                let one = b.ins().iconst(I64, 1);
                b.ins().store(flags, one, cell, offset);
                let kind = b.ins().iconst(I64, GLOBAL as i64);
                let entry = b.ins().bor(cell, kind);
                log(b, context, store, entry);
            });
        });
    }

    /// After `value` was written to the element at `address` of the table `definition`
    /// describes.
    pub(super) fn note_element(&mut self, definition: Value, address: Value, value: Value) {
        let tables = self.regions.tables;
        let beside = self.has(Defect::CardBeside);
        self.note_young(value, Noted::TableElement, |b, _, _| {
            let flags = plain(tables);
            let mut word = |offset: usize| b.ins().load(I64, flags, definition, offset as i32);
            let (base, cards) = (
                word(offset_of!(TableDef, base)),
                word(offset_of!(TableDef, cards)),
            );
            let mut offset = b.ins().isub(address, base);
            if beside {
                let card = b.ins().iconst(I64, 1 << CARD_SHIFT);
                offset = b.ins().iadd(offset, card);
            }
            set_card(b, tables, cards, offset);
            let one = b.ins().iconst(I64, 1);
            let listed = offset_of!(TableDef, listed) as i32;
            b.ins().store(flags, one, definition, listed);
        });
    }
}
