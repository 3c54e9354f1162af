//! Blocks: what is written in pieces that are packed and checked one by one.

use super::error::ReadError;
use std::io::{self, ErrorKind, Read, Write};

/// Bytes in a block before it is packed, at most.
const BLOCK: usize = 256 << 10;

/// A block takes at least this part of what it holds.
const MOST_RATIO: usize = 8;

/// The bytes of the longest number.
const NUMBER: usize = 10;

/// The checksum of a block.
fn checksum(number: u64, lengths: [u32; 2], data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    for len in lengths {
        hasher.update(&len.to_le_bytes());
    }
    hasher.update(data);
    hasher.finalize()
}

/// Bytes that a block takes.
fn stored(raw: u32, packed: u32) -> usize {
    match packed {
        0 => raw as usize,
        _ => (packed as usize).max((raw as usize).div_ceil(MOST_RATIO)),
    }
}

/// Writes blocks.
pub(super) struct Blocks<W> {
    to: W,
    raw: Vec<u8>,
    packed: Vec<u8>,
    number: u64,
}

impl<W: Write> Blocks<W> {
    pub fn new(to: W) -> Self {
        Self {
            to,
            raw: Vec::with_capacity(BLOCK),
            packed: vec![0; lz4_flex::block::get_maximum_output_size(BLOCK)],
            number: 0,
        }
    }

    /// An unsigned number: seven bits a byte, the low ones first.
    #[inline]
    pub fn number(&mut self, mut number: u64) -> io::Result<()> {
        if self.raw.len() + NUMBER > BLOCK {
            self.flush()?;
        }
        while number >= 0x80 {
            self.raw.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.raw.push(number as u8);
        Ok(())
    }

    /// A signed number: small ones are short.
    #[inline]
    pub fn signed(&mut self, number: i64) -> io::Result<()> {
        self.number((number << 1 ^ number >> 63) as u64)
    }

    pub fn bytes(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.raw.len() == BLOCK {
                self.flush()?;
            }
            let fits = bytes.len().min(BLOCK - self.raw.len());
            self.raw.extend_from_slice(&bytes[..fits]);
            bytes = &bytes[fits..];
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        // It is large enough for the worst case.
        let packed = lz4_flex::block::compress_into(&self.raw, &mut self.packed)
            .map_err(io::Error::other)?;
        let raw = self.raw.len() as u32;
        if packed < self.raw.len() {
            let len = stored(raw, packed as u32);
            self.packed[packed..len.max(packed)].fill(0);
            let lengths = [raw, packed as u32];
            put(&mut self.to, self.number, lengths, &self.packed[..len])?;
        } else {
            put(&mut self.to, self.number, [raw, 0], &self.raw)?;
        }
        self.number += 1;
        self.raw.clear();
        Ok(())
    }

    /// Writes the rest, and the end.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.raw.is_empty() {
            self.flush()?;
        }
        put(&mut self.to, self.number, [0, 0], &[])?;
        self.to.flush()
    }
}

fn put(to: &mut impl Write, number: u64, lengths: [u32; 2], data: &[u8]) -> io::Result<()> {
    let mut header = [0; 12];
    header[..4].copy_from_slice(&lengths[0].to_le_bytes());
    header[4..8].copy_from_slice(&lengths[1].to_le_bytes());
    header[8..].copy_from_slice(&checksum(number, lengths, data).to_le_bytes());
    to.write_all(&header)?;
    to.write_all(data)
}

/// Reads blocks.
pub(super) struct Unblocked<R> {
    from: R,
    raw: Vec<u8>,
    next: usize,
    data: Vec<u8>,
    number: u64,
    ended: bool,
    /// What is being read, for messages.
    pub section: &'static str,
}

impl<R: Read> Unblocked<R> {
    pub fn new(from: R) -> Self {
        Self {
            from,
            raw: Vec::new(),
            next: 0,
            data: Vec::new(),
            number: 0,
            ended: false,
            section: "about",
        }
    }

    /// What is wrong with what is being read.
    pub fn damaged(&self, what: &'static str) -> ReadError {
        let section = self.section;
        ReadError::Damaged { section, what }
    }

    fn fill(&mut self) -> Result<(), ReadError> {
        if self.ended {
            return Err(self.damaged("it ends before all was told"));
        }
        let mut header = [0; 12];
        exactly(&mut self.from, &mut header)?;
        let [raw, packed, sum] = [0, 4, 8].map(|at| {
            let bytes = [header[at], header[at + 1], header[at + 2], header[at + 3]];
            u32::from_le_bytes(bytes)
        });
        if raw as usize > BLOCK || packed > 0 && packed >= raw {
            return Err(self.damaged("a block's length is not that of a block"));
        }
        self.data.resize(stored(raw, packed), 0);
        exactly(&mut self.from, &mut self.data)?;
        if checksum(self.number, [raw, packed], &self.data) != sum {
            return Err(self.damaged("a block's checksum does not fit"));
        }
        self.number += 1;
        self.next = 0;
        if packed == 0 {
            std::mem::swap(&mut self.raw, &mut self.data);
            self.ended = raw == 0;
            return match self.ended {
                true => Err(self.damaged("it ends before all was told")),
                false => Ok(()),
            };
        }
        self.raw.resize(raw as usize, 0);
        let unpacked =
            lz4_flex::block::decompress_into(&self.data[..packed as usize], &mut self.raw);
        match unpacked {
            Ok(len) if len == self.raw.len() && len > 0 => Ok(()),
            _ => Err(self.damaged("a block does not unpack")),
        }
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        if self.next == self.raw.len() {
            self.fill()?;
        }
        let byte = self.raw[self.next];
        self.next += 1;
        Ok(byte)
    }

    #[inline]
    pub fn number(&mut self) -> Result<u64, ReadError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return match shift == 63 && byte > 1 {
                    true => Err(self.damaged("a number has too many digits")),
                    false => Ok(number),
                };
            }
        }
        Err(self.damaged("a number has too many digits"))
    }

    /// A number of 32 bits.
    #[inline]
    pub fn small(&mut self) -> Result<u32, ReadError> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.damaged("a number is too large"))
    }

    #[inline]
    pub fn signed(&mut self) -> Result<i64, ReadError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// That many bytes. They are taken as they come: none are reserved before.
    pub fn bytes(&mut self, mut count: u64, to: &mut Vec<u8>) -> Result<(), ReadError> {
        while count > 0 {
            if self.next == self.raw.len() {
                self.fill()?;
            }
            let rest = &self.raw[self.next..];
            let taken = rest.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            to.extend_from_slice(&rest[..taken]);
            self.next += taken;
            count -= taken as u64;
        }
        Ok(())
    }

    /// The end has to be here.
    pub fn finish(mut self) -> Result<(), ReadError> {
        self.section = "end";
        let damaged = |what| {
            Err(ReadError::Damaged {
                section: "end",
                what,
            })
        };
        if self.next < self.raw.len() {
            return damaged("there is more than was told");
        }
        match self.fill() {
            Ok(()) => return damaged("there is more than was told"),
            Err(error) if !self.ended => return Err(error),
            Err(_) => {}
        }
        match self.from.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => damaged("there is something behind it"),
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads as much as there is room for.
pub(super) fn exactly(from: &mut impl Read, to: &mut [u8]) -> Result<(), ReadError> {
    match from.read_exact(to) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(ReadError::Truncated),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(()),
    }
}
