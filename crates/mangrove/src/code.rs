//! Where machine code lives: one region for the whole process.
//!
//! ```text
//!  1 GiB reserved once, no access
//!  ┌─────────┬──────────┬───── free ─────┬─────────┬──────
//!  │ image A │ image B  │                │ image C │ …
//!  └─────────┴──────────┴────────────────┴─────────┴──────
//!    read + execute; written before, never both at once
//! ```
//!
//! One region, so that a signal handler tells our code from any other with two
//! compares. A place is given back when the last owner of its image is gone; a
//! store owns the images of everything in it, so no stack of it can hold a
//! return address into code that is not there.

use crate::error::Error;
use crate::mapping::Mapping;
use mangrove_abi::CodeImage;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{io, ptr};

/// Bytes reserved for code.
const REGION_SIZE: usize = 1 << 30;

/// Bounds of the region for the signal handler; 0 until it is reserved.
static START: AtomicU64 = AtomicU64::new(0);
static END: AtomicU64 = AtomicU64::new(0);

/// Whether `pc` lies where our code does. Safe in a signal handler.
pub fn is_code(pc: u64) -> bool {
    // Set before any code exists and never changed.
    pc >= START.load(Ordering::Relaxed) && pc < END.load(Ordering::Relaxed)
}

struct Region {
    mapping: Mapping,
    /// Free stretches: start and length, multiples of the page size, neighbours joined.
    free: Mutex<BTreeMap<usize, usize>>,
}

fn region() -> Result<&'static Region, Error> {
    static REGION: OnceLock<Result<Region, String>> = OnceLock::new();
    let region = REGION.get_or_init(|| {
        let mapping = Mapping::reserve(REGION_SIZE)
            .map_err(|error| format!("cannot reserve memory for code: {error}"))?;
        let start = mapping.base() as u64;
        // END first: until both are set, no pc is between them.
        END.store(start + REGION_SIZE as u64, Ordering::Relaxed);
        START.store(start, Ordering::Release);
        Ok(Region {
            mapping,
            free: Mutex::new(BTreeMap::from([(0, REGION_SIZE)])),
        })
    });
    region
        .as_ref()
        .map_err(|message| Error::Limit(message.clone()))
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

    fn fill(&self, start: usize, len: usize, text: &[u8]) -> io::Result<()> {
        self.mapping.commit(start, len)?;
        // SAFETY: the stretch is writable and, taken from the free ones, nobody
        // else's; it is at least as long as the text.
        unsafe {
            let to = self.mapping.base().add(start);
            ptr::copy_nonoverlapping(text.as_ptr(), to, text.len());
            self.mapping.seal(start, len)
        }
    }
}

/// An image in executable memory.
#[derive(Debug)]
pub struct LoadedCode {
    /// The image; its text is where [`LoadedCode::base`] says, and empty here.
    pub image: CodeImage,
    base: u64,
    text_len: u64,
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
    pub fn offset_of(&self, pc: u64) -> Option<u32> {
        let offset = pc.wrapping_sub(self.base);
        (offset < self.text_len).then_some(offset as u32)
    }

    /// Address of a stretch of code, by its index in the image.
    pub fn address(&self, function: u32) -> *const u8 {
        let start = self.image.functions[function as usize].start;
        ptr::with_exposed_provenance((self.base + u64::from(start)) as usize)
    }
}

impl Drop for LoadedCode {
    fn drop(&mut self) {
        let Ok(region) = region() else { return };
        // SAFETY: the stretch is this image's, and with its last owner gone no
        // stack and no function reference leads into it.
        match unsafe { region.mapping.release(self.start, self.len) } {
            Ok(()) => region.give_back(self.start, self.len),
            // Address space is lost, nothing else.
            Err(error) => tracing::error!(%error, "cannot give back code memory"),
        }
    }
}

/// Copies an image's text to executable memory.
///
/// # Errors
/// The region is full, or the system refuses.
pub fn load(mut image: CodeImage) -> Result<LoadedCode, Error> {
    let region = region()?;
    let text = std::mem::take(&mut image.text);
    let len = text
        .len()
        .max(1)
        .next_multiple_of(rustix::param::page_size());
    let start = region.take(len).ok_or_else(|| {
        Error::Limit(format!(
            "no room for {len} bytes of code: {REGION_SIZE} are reserved"
        ))
    })?;
    if let Err(error) = region.fill(start, len, &text) {
        region.give_back(start, len);
        return Err(Error::Limit(format!(
            "cannot map {len} bytes of code: {error}"
        )));
    }
    let base = region.mapping.base().expose_provenance() as u64 + start as u64;
    tracing::debug!(target: "mangrove::compile", base, len, "loaded");
    Ok(LoadedCode {
        image,
        base,
        text_len: text.len() as u64,
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
            start: 0,
            len: text.len() as u32,
        }];
        CodeImage {
            text: text.to_vec(),
            functions,
            ..CodeImage::default()
        }
    }

    #[test]
    fn loaded_code_runs() {
        // mov eax, 42; ret
        let code = load(image(&[0xb8, 42, 0, 0, 0, 0xc3])).unwrap();
        // SAFETY: the bytes are a function of that type.
        let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(code.address(0)) };
        assert_eq!(function(), 42);
        assert_eq!(code.text(), [0xb8, 42, 0, 0, 0, 0xc3]);
        assert!(is_code(code.base()));
        assert_eq!(code.offset_of(code.base() + 5), Some(5));
        assert_eq!(code.offset_of(code.base() + 6), None);
        assert!(!is_code(&raw const code as u64));
    }

    #[test]
    fn freed_places_are_joined_and_reused() {
        let region = Region {
            mapping: Mapping::reserve(4096).unwrap(),
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
}
