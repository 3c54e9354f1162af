//! Strings in arrays: UTF-8 in `(array i8)`, UTF-16 in `(array i16)`.
//!
//! Programs have strings that Rust's cannot hold: halves of surrogate pairs, in UTF-16 or,
//! three bytes each, in the form of UTF-8 that is called WTF-8. Reading is therefore either
//! strict or lossy, and its name says which.

use crate::error::Error;
use crate::heap_type::ArrayType;
use crate::objects::array_ref::ArrayRef;
use crate::objects::error::ObjectError;
use crate::store::AsStoreMut;

/// The replacement character in UTF-8. As long as half a surrogate pair.
const REPLACEMENT: [u8; 3] = [0xef, 0xbf, 0xbd];

impl ArrayRef {
    /// A new array of a string's bytes in UTF-8.
    ///
    /// # Errors
    /// As [`ArrayRef::from_slice`], for a type that is no `(array i8)`.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, ObjectError};
    /// # use mangrove::{StorageType, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::variable(StorageType::I8))?;
    /// let text = ArrayRef::from_utf8(&mut store, &ty, "mangué")?;
    /// assert_eq!(text.to_utf8(&mut store)?, "mangué");
    ///
    /// // Half a surrogate pair, as WTF-8 has it.
    /// let half = ArrayRef::from_slice(&mut store, &ty, b"a\xed\xa0\x80b")?;
    /// let error = half.to_utf8(&mut store).unwrap_err();
    /// assert!(matches!(error, Error::Object(ObjectError::Text { at: 1, .. })));
    /// assert_eq!(half.to_utf8_lossy(&mut store)?, "a\u{fffd}b");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_utf8(
        store: &mut impl AsStoreMut,
        ty: &ArrayType,
        text: &str,
    ) -> Result<Self, Error> {
        Self::from_slice(store, ty, text.as_bytes())
    }

    /// A new array of a string's units in UTF-16.
    ///
    /// # Errors
    /// As [`ArrayRef::from_slice`], for a type that is no `(array i16)`.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, StorageType};
    /// # use mangrove::Store;
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::variable(StorageType::I16))?;
    /// let text = ArrayRef::from_utf16(&mut store, &ty, "🌱!")?;
    /// assert_eq!(text.len(&store)?, 3);
    /// assert_eq!(text.to_utf16(&mut store)?, "🌱!");
    /// text.copy_from_slice(&mut store, 0, &[0xd83cu16, 0x21])?;
    /// assert!(text.to_utf16(&mut store).is_err());
    /// assert_eq!(text.to_utf16_lossy(&mut store)?, "\u{fffd}!!");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_utf16(
        store: &mut impl AsStoreMut,
        ty: &ArrayType,
        text: &str,
    ) -> Result<Self, Error> {
        let units: Vec<u16> = text.encode_utf16().collect();
        Self::from_slice(store, ty, &units)
    }

    /// The string whose bytes in UTF-8 these are.
    ///
    /// # Errors
    /// [`ObjectError::Text`] if they are none's; as [`ArrayRef::to_vec`].
    pub fn to_utf8(&self, store: &mut impl AsStoreMut) -> Result<String, Error> {
        let text = String::from_utf8(self.to_vec(store)?);
        text.map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let encoding = "UTF-8";
            ObjectError::Text { encoding, at }.into()
        })
    }

    /// The same, with U+FFFD for each half of a surrogate pair (WTF-8), and wherever else
    /// they are none's.
    ///
    /// # Errors
    /// As [`ArrayRef::to_vec`].
    pub fn to_utf8_lossy(&self, store: &mut impl AsStoreMut) -> Result<String, Error> {
        let mut bytes: Vec<u8> = self.to_vec(store)?;
        for at in 0..bytes.len().saturating_sub(2) {
            // In UTF-8 no byte from A0 on follows an ED: this is a half.
            if let [0xed, 0xa0..=0xbf, 0x80..=0xbf] = bytes[at..at + 3] {
                bytes[at..at + 3].copy_from_slice(&REPLACEMENT);
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The string whose units in UTF-16 these are.
    ///
    /// # Errors
    /// [`ObjectError::Text`] if they are none's; as [`ArrayRef::to_vec`].
    ///
    /// # Examples
    /// ```
    /// use mangrove::{ArrayRef, ArrayType, Engine, FieldType, Store, StorageType};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::variable(StorageType::I16))?;
    /// let text = ArrayRef::from_utf16(&mut store, &ty, "größer")?;
    /// assert_eq!(text.to_utf16(&mut store)?, "größer");
    /// text.copy_from_slice::<u16>(&mut store, 0, &[0xd800])?; // half of a pair
    /// assert!(text.to_utf16(&mut store).is_err());
    /// assert_eq!(text.to_utf16_lossy(&mut store)?, "\u{fffd}rößer");
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_utf16(&self, store: &mut impl AsStoreMut) -> Result<String, Error> {
        let units: Vec<u16> = self.to_vec(store)?;
        let (mut text, mut at) = (String::with_capacity(units.len()), 0);
        for unit in char::decode_utf16(units) {
            let encoding = "UTF-16";
            let unit = unit.map_err(|_| ObjectError::Text { encoding, at })?;
            text.push(unit);
            at += unit.len_utf16();
        }
        Ok(text)
    }

    /// The same, with U+FFFD for each half of a surrogate pair.
    ///
    /// # Errors
    /// As [`ArrayRef::to_vec`].
    ///
    /// # Examples
    /// See [`ArrayRef::to_utf16`].
    pub fn to_utf16_lossy(&self, store: &mut impl AsStoreMut) -> Result<String, Error> {
        let units: Vec<u16> = self.to_vec(store)?;
        Ok(String::from_utf16_lossy(&units))
    }
}
