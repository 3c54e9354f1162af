//! Text in arrays: bytes in UTF-8, or 16-bit units.

use crate::store::StoreInner;
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef};
use mangrove_validate::{StorageType, printable};

/// Elements beyond which an array's text is cut.
const MOST_TEXT: u32 = 1024;

impl StoreInner {
    /// The text in an array, escaped, if it is one of bytes or of 16-bit units that all
    /// are text to look at; with how many elements follow that were not looked at.
    ///
    /// # Safety
    /// It is an array of this store's heap with so many elements of that storage.
    pub(super) unsafe fn array_text(
        &self,
        array: HeapRef,
        storage: StorageType,
        len: u32,
    ) -> Option<(String, u32)> {
        let looked_at = len.min(MOST_TEXT);
        let text = match storage {
            StorageType::I8 => {
                let at = |index| ARRAY_ELEMENTS + index;
                // SAFETY: by contract.
                let bytes = (0..looked_at).map(|i| unsafe { self.heap.read::<u8>(array, at(i)) });
                utf8(bytes.collect(), looked_at < len)?
            }
            StorageType::I16 => {
                let at = |index| ARRAY_ELEMENTS + 2 * index;
                // SAFETY: by contract.
                let units = (0..looked_at).map(|i| unsafe { self.heap.read::<u16>(array, at(i)) });
                utf16(&units.collect::<Vec<_>>(), looked_at < len)?
            }
            StorageType::Val(_) => return None,
        };
        // What else is not seen is escaped.
        let is_text = |c: char| matches!(c, '\n' | '\r' | '\t') || !c.is_control();
        (!text.is_empty() && text.chars().all(is_text)).then(|| (quoted(&text), len - looked_at))
    }
}

/// The bytes as text; one that goes on may end within a character.
fn utf8(bytes: Vec<u8>, goes_on: bool) -> Option<String> {
    match std::str::from_utf8(&bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if goes_on && error.error_len().is_none() => {
            let whole = &bytes[..error.valid_up_to()];
            std::str::from_utf8(whole).ok().map(str::to_owned)
        }
        Err(_) => None,
    }
}

/// The 16-bit units as text; one that goes on may end within a character.
fn utf16(units: &[u16], goes_on: bool) -> Option<String> {
    let whole = match units {
        [whole @ .., 0xd800..=0xdbff] if goes_on => whole,
        all => all,
    };
    String::from_utf16(whole).ok()
}

/// The text between quotes of the text format.
fn quoted(text: &str) -> String {
    printable(&text.replace('\\', "\\\\").replace('"', "\\\"")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_be_cut_within_a_character() {
        let bytes = "naïve".as_bytes();
        assert_eq!(utf8(bytes.to_vec(), false).as_deref(), Some("naïve"));
        assert_eq!(utf8(bytes[..3].to_vec(), true).as_deref(), Some("na"));
        assert_eq!(utf8(bytes[..3].to_vec(), false), None);
        assert_eq!(utf8(vec![0xff], true), None);
        let units: Vec<u16> = "a😀".encode_utf16().collect();
        assert_eq!(utf16(&units, false).as_deref(), Some("a😀"));
        assert_eq!(utf16(&units[..2], true).as_deref(), Some("a"));
        assert_eq!(utf16(&units[..2], false), None);
    }

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quoted("a\"b\\c\n"), "a\\\"b\\\\c\\n");
        assert_eq!(quoted("10\u{a0}€\u{202e}"), "10\\u{a0}€\\u{202e}");
    }
}
