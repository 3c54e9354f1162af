//! Records at addresses that never change.
//!
//! ```text
//!  chunk 0    64 records    ids   0 …  63
//!  chunk 1   128            ids  64 … 191
//!  chunk 2   256            …               each twice the one before
//! ```
//!
//! Chunks are never given back or used for anything else before the slab is
//! dropped, so the revision behind a stale reference can always be read. There
//! are few of them, so telling a record of ours from any other address is a
//! handful of compares.

use mangrove_abi::{ContRecord, RecordId, RecordState};
use std::alloc::{Layout, alloc, dealloc};
use std::mem::size_of;
use std::ptr::NonNull;

const FIRST_CHUNK: usize = 64;

/// The records of one registry, by id.
#[derive(Debug)]
pub(crate) struct Slab {
    /// Chunk `k` holds `FIRST_CHUNK << k` records.
    chunks: Vec<NonNull<ContRecord>>,
    len: u32,
}

/// Chunk that holds a record, and its index there.
fn locate(id: RecordId) -> (usize, usize) {
    let id = id.index();
    let chunk = (id / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, id - chunk_start(chunk))
}

/// Id of a chunk's first record.
fn chunk_start(chunk: usize) -> usize {
    FIRST_CHUNK * ((1 << chunk) - 1)
}

fn chunk_layout(chunk: usize) -> Layout {
    Layout::array::<ContRecord>(FIRST_CHUNK << chunk).expect("2^32 records fit into memory")
}

impl Slab {
    pub(crate) fn new() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }

    /// How many records there are. Ids are dense: `0..len`.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The ids of all records, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RecordId> + use<> {
        (0..self.len).map(RecordId::new)
    }

    /// The id that the next record gets.
    fn next_id(&self) -> RecordId {
        RecordId::new(self.len)
    }

    /// Whether the next record needs memory first.
    pub(crate) fn is_full(&self) -> bool {
        locate(self.next_id()).0 == self.chunks.len()
    }

    /// How many records there can be once one more chunk is there.
    pub(crate) fn next_capacity(&self) -> usize {
        chunk_start(self.chunks.len() + 1)
    }

    /// A new record, with the next id and without a stack; none if there is no
    /// memory for it, or 2^32 - 1 records are there, half a terabyte of them.
    pub(crate) fn push(&mut self, state: RecordState) -> Option<*mut ContRecord> {
        if self.len == u32::MAX {
            return None;
        }
        let (chunk, index) = locate(self.next_id());
        if chunk == self.chunks.len() {
            // SAFETY: the size of a chunk is not 0.
            let memory = unsafe { alloc(chunk_layout(chunk)) };
            self.chunks.push(NonNull::new(memory.cast())?);
        }
        // SAFETY: the chunk has room for this index, and nobody refers to a
        // record whose id was not given yet.
        let record = unsafe {
            let record = self.chunks[chunk].as_ptr().add(index);
            record.write(ContRecord::new(self.next_id(), state));
            record
        };
        self.len += 1;
        Some(record)
    }

    /// The record with this id.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn get(&self, id: RecordId) -> *mut ContRecord {
        assert!(id < self.next_id());
        let (chunk, index) = locate(id);
        // SAFETY: the chunk holds that many records.
        unsafe { self.chunks[chunk].as_ptr().add(index) }
    }

    /// The id of the record at this address, if it is one of ours.
    #[inline]
    pub(crate) fn id_of(&self, record: *const ContRecord) -> Option<RecordId> {
        // The largest chunk holds half of all.
        for (chunk, base) in self.chunks.iter().enumerate().rev() {
            let offset = record.addr().wrapping_sub(base.as_ptr().addr());
            let index = offset / size_of::<ContRecord>();
            if index < FIRST_CHUNK << chunk {
                let id = RecordId::new((chunk_start(chunk) + index) as u32);
                let exact = offset.is_multiple_of(size_of::<ContRecord>());
                return (exact && id < self.next_id()).then_some(id);
            }
        }
        None
    }

    /// All records, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = *mut ContRecord> + '_ {
        self.ids().map(|id| self.get(id))
    }

    /// Bytes the chunks take.
    pub(crate) fn bytes(&self) -> usize {
        chunk_start(self.chunks.len()) * size_of::<ContRecord>()
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        for (chunk, base) in self.chunks.iter().enumerate() {
            // SAFETY: allocated with this layout; records have nothing to drop.
            unsafe { dealloc(base.as_ptr().cast(), chunk_layout(chunk)) };
        }
    }
}

/// Whether the record is the initial continuation of a call from the host: live,
/// and its parent a host record that makes a call. Its chain never leaves that.
///
/// # Safety
/// `record` is one of a registry's.
pub(crate) unsafe fn is_initial(record: *const ContRecord) -> bool {
    // SAFETY: the caller's contract; a live record's parent is another record.
    unsafe {
        let parent = (*record).parent;
        (*record).state == RecordState::Live as u32
            && !parent.is_null()
            && (*parent).state == RecordState::Host as u32
            && (*parent).func.is_null()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    #[test]
    fn ids_and_addresses_agree() {
        let mut slab = Slab::new();
        let records: Vec<_> = (0..1000)
            .map(|_| slab.push(RecordState::Gone).unwrap())
            .collect();
        for (id, &record) in slab.ids().zip(&records) {
            assert_eq!(slab.get(id), record);
            assert_eq!(slab.id_of(record), Some(id));
            assert!(record.is_aligned());
            assert_eq!(slab.id_of(record.wrapping_byte_add(8)), None);
        }
        assert!(slab.iter().eq(records.iter().copied()));
        assert_eq!(slab.id_of(ptr::null()), None);
        let beyond = records[999].wrapping_add(1);
        assert_eq!(slab.id_of(beyond), None, "not handed out yet");
        assert_eq!(slab.push(RecordState::Host), Some(beyond));
        assert_eq!(slab.id_of(beyond), Some(RecordId::new(1000)));
    }
}
