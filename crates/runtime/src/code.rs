//! Where machine code lives: a few regions for the whole process.
//!
//! ```text
//!  region 0: 16 MiB reserved, no access          region 1: as much again, …
//!  ┌─────────┬──────────┬───── free ─────┐       ┌─────────┬──────
//!  │ image A │ image B  │                │       │ image C │ …
//!  └─────────┴──────────┴────────────────┘       └─────────┴──────
//!    read + execute; written before, never both at once
//! ```
//!
//! Few and large, so that a signal handler tells our code from any other with a
//! handful of compares. A region is reserved when the ones before it are full,
//! and stays. A place in it is given back when the last owner of its image is
//! gone; a store owns the images of everything in it, so no stack of it can hold
//! a return address into code that is not there.

use crate::error::Error;
use crate::ledger::Ledger;
use crate::mapping::{Mapping, ask};
use crate::refusals::map_error;
use crate::resource::need::Need;
use crate::trace;
use mangrove_abi::{CodeImage, CodeOffset, Request, Requests};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, ptr};

/// Bytes of the first region. Each further one is as large as all before it …
const FIRST_REGION: usize = 16 << 20;
/// … up to so many bytes in all.
const MOST: usize = 1 << 30;
/// How many regions there can be: more than it takes, unless they had to be small.
const REGIONS: usize = 64;

/// Bounds of each region for the signal handler; 0 until it is reserved.
static BOUNDS: [[AtomicU64; 2]; REGIONS] = [const { [const { AtomicU64::new(0) }; 2] }; REGIONS];

/// Whether `pc` lies where our code does. Safe in a signal handler.
pub fn is_code(pc: u64) -> bool {
    // Each is set before code exists there, and never changed.
    let mut bounds = BOUNDS.iter().map(|bounds| {
        let [start, end] = bounds.each_ref();
        (start.load(Ordering::Acquire), end.load(Ordering::Relaxed))
    });
    let mut known = bounds.by_ref().take_while(|&(start, _)| start != 0);
    known.any(|(start, end)| (start..end).contains(&pc))
}

#[derive(Debug)]
struct Region {
    mapping: Mapping,
    len: usize,
    /// Free stretches: start and length, multiples of the page size, neighbours joined.
    free: Mutex<BTreeMap<usize, usize>>,
}

static ALL: Mutex<Vec<&'static Region>> = Mutex::new(Vec::new());

/// A place for `len` bytes, a multiple of the page size.
fn take(len: usize, addresses: &Ledger) -> Result<(&'static Region, usize), Error> {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    for region in all.iter() {
        if let Some(start) = region.take(len) {
            return Ok((region, start));
        }
    }
    let region = reserve(&mut all, len, addresses)?;
    let start = region.take(len).ok_or_else(|| {
        Error::internal(format!("no place for {len} bytes in a new region for code"))
    })?;
    Ok((region, start))
}

/// A further region: as large as is due, or as there is room for.
fn reserve(
    all: &mut MutexGuard<'_, Vec<&'static Region>>,
    len: usize,
    addresses: &Ledger,
) -> Result<&'static Region, Error> {
    let total: usize = all.iter().map(|region| region.len).sum();
    if total + len > MOST || all.len() == REGIONS {
        return Err(Error::Limit(format!(
            "no room for {len} bytes of code: {total} of at most {MOST} are reserved"
        )));
    }
    let mut due = total.max(FIRST_REGION).min(MOST - total);
    if let Some(left) = addresses.left() {
        due = due.min(left as usize / 8) & !(rustix::param::page_size() - 1);
    }
    due = due.max(len);
    let what = "reserve address space for code";
    loop {
        let share = addresses.take(what, due as u64)?;
        // The region stays when this engine is gone, so it asks for itself.
        let reserved = ask(addresses.requests(), Request::Map)
            .and_then(|()| Mapping::reserve(due, &Requests::default()));
        match reserved {
            Ok(mapping) => {
                share.keep();
                let start = mapping.base() as u64;
                let [first, end] = BOUNDS[all.len()].each_ref();
                end.store(start + due as u64, Ordering::Relaxed);
                first.store(start, Ordering::Release);
                let region = Box::leak(Box::new(Region {
                    mapping,
                    len: due,
                    free: Mutex::new(BTreeMap::from([(0, due)])),
                }));
                all.push(region);
                return Ok(region);
            }
            Err(_) if due > len => due = len,
            Err(error) => return Err(map_error(Need::Reserve, what, due as u64, &error)),
        }
    }
}

impl Region {
    /// The first free stretch of at least `len` bytes.
    fn take(&self, len: usize) -> Option<usize> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (&start, &have) = free.iter().find(|&(_, &have)| have >= len)?;
        free.remove(&start);
        if have > len {
            free.insert(start + len, have - len);
        }
        Some(start)
    }

    fn give_back(&self, mut start: usize, mut len: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(after) = free.remove(&(start + len)) {
            len += after;
        }
        if let Some((&before, &size)) = free.range(..start).next_back()
            && before + size == start
        {
            free.remove(&before);
            start = before;
            len += size;
        }
        free.insert(start, len);
    }

    fn fill(&self, start: usize, len: usize, text: &[u8], requests: &Requests) -> io::Result<()> {
        ask(requests, Request::MapCommit)?;
        self.mapping.commit(start, len)?;
        // SAFETY: the stretch is writable and, taken from the free ones, nobody
        // else's; it is at least as long as the text.
        unsafe {
            let to = self.mapping.base().add(start);
            ptr::copy_nonoverlapping(text.as_ptr(), to, text.len());
        }
        ask(requests, Request::MapCommit)?;
        // SAFETY: written, and nobody's before it is loaded.
        unsafe { self.mapping.seal(start, len) }
    }
}

/// An image in executable memory.
#[derive(Debug)]
pub struct LoadedCode {
    /// The image; its text is where [`LoadedCode::base`] says, and empty here.
    pub image: CodeImage,
    base: u64,
    text_len: u64,
    region: &'static Region,
    start: usize,
    len: usize,
}

impl LoadedCode {
    /// Address of the text.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        let text = ptr::with_exposed_provenance(self.base as usize);
        // SAFETY: the text is readable, and nobody writes to it until the last
        // owner of this image is gone.
        unsafe { std::slice::from_raw_parts(text, self.text_len as usize) }
    }

    /// The offset in the text of a pc inside it.
    pub fn offset_of(&self, pc: u64) -> Option<CodeOffset> {
        let offset = pc.wrapping_sub(self.base);
        (offset < self.text_len).then_some(CodeOffset::new(offset as u32))
    }

    /// Address of a stretch of code, by its index in the image.
    pub fn address(&self, function: u32) -> *const u8 {
        let start = self.image.functions[function as usize].start;
        ptr::with_exposed_provenance(start.address(self.base) as usize)
    }
}

impl Drop for LoadedCode {
    fn drop(&mut self) {
        let region = self.region;
        // SAFETY: the stretch is this image's, and with its last owner gone no
        // stack and no function reference leads into it.
        match unsafe { region.mapping.release(self.start, self.len) } {
            Ok(()) => region.give_back(self.start, self.len),
            // Address space is lost, nothing else.
            Err(error) => {
                tracing::error!(target: trace::COMPILE, %error, "cannot give back code memory")
            }
        }
    }
}

/// Copies the text of an image to executable memory. `addresses` pays for a further
/// region, if it takes one.
///
/// # Errors
/// There is no room, or the system refuses.
pub fn load(image: CodeImage, text: &[u8], addresses: &Ledger) -> Result<LoadedCode, Error> {
    let len = text
        .len()
        .max(1)
        .next_multiple_of(rustix::param::page_size());
    let (region, start) = take(len, addresses)?;
    if let Err(error) = region.fill(start, len, text, addresses.requests()) {
        region.give_back(start, len);
        return Err(map_error(Need::Commit, "map code", len as u64, &error));
    }
    let base = region.mapping.base().expose_provenance() as u64 + start as u64;
    tracing::debug!(target: trace::COMPILE, base, len, "loaded");
    Ok(LoadedCode {
        image,
        base,
        text_len: text.len() as u64,
        region,
        start,
        len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &[u8]) -> CodeImage {
        let functions = vec![mangrove_abi::FunctionCode {
            kind: mangrove_abi::FunctionKind::Helper,
            start: CodeOffset::new(0),
            len: text.len() as u32,
            instance_distance: 0,
        }];
        CodeImage {
            functions,
            ..CodeImage::default()
        }
    }

    #[test]
    fn loaded_code_runs() {
        // mov eax, 42; ret
        let text = [0xb8, 42, 0, 0, 0, 0xc3];
        let code = load(image(&text), &text, &Ledger::new(None, Requests::default())).unwrap();
        // SAFETY: the bytes are a function of that type.
        let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(code.address(0)) };
        assert_eq!(function(), 42);
        assert_eq!(code.text(), text);
        assert!(is_code(code.base()));
        assert_eq!(code.offset_of(code.base() + 5), Some(CodeOffset::new(5)));
        assert_eq!(code.offset_of(code.base() + 6), None);
        assert!(!is_code(&raw const code as u64));
    }

    #[test]
    fn freed_places_are_joined_and_reused() {
        let region = Region {
            mapping: Mapping::reserve(4096, &Requests::default()).unwrap(),
            len: 100,
            free: Mutex::new(BTreeMap::from([(0, 100)])),
        };
        let places: Vec<_> = (0..4).map(|_| region.take(25).unwrap()).collect();
        assert_eq!(places, [0, 25, 50, 75]);
        assert_eq!(region.take(1), None);
        for start in [25, 75, 0, 50] {
            region.give_back(start, 25);
        }
        assert_eq!(*region.free.lock().unwrap(), BTreeMap::from([(0, 100)]));
    }

    #[test]
    fn code_beyond_a_region_has_one_of_its_own() {
        let free = Ledger::new(None, Requests::default());
        let large = vec![0xc3; FIRST_REGION];
        let images: Vec<_> = (0..3)
            .map(|_| load(image(&large), &large, &free).unwrap())
            .collect();
        for code in &images {
            assert!(is_code(code.base()) && is_code(code.base() + FIRST_REGION as u64 - 1));
        }
        let bases: Vec<_> = images.iter().map(LoadedCode::base).collect();
        drop(images);
        // Their places are free again.
        let again = load(image(&large), &large, &free).unwrap();
        assert!(bases.contains(&again.base()));
        let beyond = vec![0; MOST + 1];
        let error = load(image(&beyond), &beyond, &free).unwrap_err();
        assert!(matches!(error, Error::Limit(_)), "{error}");
    }
}
