//! What is written is read; what was not written by us is refused, or is a snapshot that fits
//! together.

use super::blocks::{Blocks, Unblocked};
use super::layout::{MAGIC, VERSION};
use super::tests_shown::show;
use super::{CheckError, ReadError};
use crate::Snapshot;
use crate::questions::tests::graphs::{Numbers, random};
use crate::questions::{Dominators, Dropped, Retainers, Shapes, Statistics, ways};
use crate::snapshot::samples::generators;
use crate::snapshot::{About, At, Builder, Kind, NodeId, Plain, SlotValue, Space, Static, Target};

pub(super) fn saved(snapshot: &Snapshot) -> Vec<u8> {
    let mut file = Vec::new();
    snapshot.write(&mut file).unwrap();
    file
}

#[test]
fn what_is_written_is_read() {
    let mut all: Vec<Snapshot> = (0..300).map(random).collect();
    all.push(Snapshot::default());
    all.extend([(0, 0), (3, 4), (5000, 20_000)].map(|(k, n)| generators(k, n).unwrap()));
    all.push(every_value());
    for snapshot in all {
        assert_eq!(snapshot.check(), Ok(()));
        let file = saved(&snapshot);
        // Read as it comes, byte by byte.
        assert_eq!(Snapshot::read(Slow(&file)).unwrap(), snapshot);
    }
}

/// Hands out one byte at a time.
struct Slow<'a>(&'a [u8]);

impl std::io::Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let len = to.len().min(1);
        std::io::Read::read(&mut self.0, &mut to[..len])
    }
}

fn every_value() -> Snapshot {
    let mut builder = Builder::new();
    let function = crate::snapshot::Function::default();
    builder.names().functions.push(function);
    let ty = crate::snapshot::ObjectType {
        name: "$dead".to_owned(),
        kind: crate::snapshot::TypeKind::Struct,
        fields: Vec::new(),
    };
    builder.names().types.push(ty);
    let row = || Static {
        len: 1 << 20,
        ..Static::default()
    };
    for plain in [
        Plain::Null,
        Plain::I31(-1 << 30),
        Plain::Used(u32::MAX),
        Plain::I8(-128),
        Plain::I16(-3),
        Plain::I32(i32::MIN),
        Plain::I64(i64::MIN),
        Plain::F32(0x7fc0_0001),
        Plain::F64(u64::MAX),
        Plain::V128([9; 16]),
        Plain::Func(None),
        Plain::Func(Some(0)),
        Plain::Omitted,
        Plain::DeadObject(0),
        Plain::DeadContinuation(u32::MAX),
    ] {
        builder.fixed(Kind::Global, row(), [(0, SlotValue::Plain(plain))]);
        let many = (0..30).map(|index| (index * index, SlotValue::Plain(plain)));
        builder.fixed(Kind::Table, row(), many);
    }
    let snapshot = builder.finish(About {
        moment: "a \u{202e}name</script>\0".to_owned(),
        seconds: -0.0,
        counts: vec![("count".to_owned(), u64::MAX)],
        ..About::default()
    });
    snapshot.unwrap()
}

/// All that a file's blocks hold.
fn unblocked(file: &[u8]) -> Vec<u8> {
    let mut from = Unblocked::new(&file[MAGIC.len() + 4..]);
    let mut raw = Vec::new();
    while let Ok(byte) = from.byte() {
        raw.push(byte);
    }
    raw
}

/// A file whose blocks hold this.
fn blocked(raw: &[u8]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&VERSION.to_le_bytes());
    let mut blocks = Blocks::new(&mut file);
    blocks.bytes(raw).unwrap();
    blocks.finish().unwrap();
    file
}

/// Some bytes other than they were: changed, cut out, repeated, cut off.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..1 + numbers.below(4) {
        let len = bytes.len() as u32;
        let at = numbers.below(len) as usize;
        match numbers.below(9) {
            0 => bytes.truncate(at.max(1)),
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, numbers.below(256) as u8),
            3 => {
                let end = (at + numbers.below(40) as usize).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
                bytes.splice(at..at, huge);
            }
            // The largest number of 64 bits in the place of one.
            8 => {
                let huge = [[0xff; 9].as_slice(), &[0x01]].concat();
                bytes.splice(at..=at, huge);
            }
            5 => bytes[at] ^= 1 << numbers.below(8),
            6 => bytes[at] = bytes[at].wrapping_add(1),
            _ => bytes[at] = numbers.below(256) as u8,
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Asks everything, so that whatever trusts the snapshot is tried.
fn ask(snapshot: &Snapshot) {
    let retainers = Retainers::of(snapshot);
    let dominators = Dominators::of(snapshot);
    Shapes::of(snapshot, Some(&dominators));
    Statistics::of(snapshot, Some(&dominators));
    for node in snapshot.nodes().all() {
        snapshot.title(node);
        for edge in snapshot.nodes().edges(node) {
            snapshot.place_name(node, edge.at);
        }
        for row in snapshot.plain(node) {
            snapshot.place_name(node, row.at);
        }
        if let Some(contents) = snapshot.contents(node) {
            contents.parts().take(20).count();
        }
        ways(snapshot, &retainers, node, 2);
        Dropped::of(snapshot, &[node.into()]);
    }
}

#[test]
fn a_changed_file_is_refused() {
    let files: Vec<Vec<u8>> = (0..20).map(|seed| saved(&random(seed))).collect();
    let numbers = &mut Numbers::of(1);
    for _ in 0..5000 {
        let mut file = files[numbers.below(20) as usize].clone();
        let before = file.clone();
        mutate(&mut file, numbers);
        if file != before {
            Snapshot::read(&file[..]).unwrap_err();
        }
    }
}

#[test]
fn what_the_blocks_hold_is_refused_or_fits_together() {
    let streams: Vec<Vec<u8>> = (0..20)
        .map(|seed| unblocked(&saved(&random(seed))))
        .chain([unblocked(&saved(&generators(3, 4).unwrap()))])
        .collect();
    let numbers = &mut Numbers::of(2);
    let mut read = 0;
    for _ in 0..20_000 {
        let mut raw = streams[numbers.below(streams.len() as u32) as usize].clone();
        mutate(&mut raw, numbers);
        if let Ok(snapshot) = Snapshot::read(&blocked(&raw)[..]) {
            read += 1;
            ask(&snapshot);
            if read % 8 == 0 {
                show(&snapshot);
            }
            let file = saved(&snapshot);
            assert_eq!(saved(&Snapshot::read(&file[..]).unwrap()), file);
        }
    }
    assert!(read > 500, "only {read} were read");
}

#[test]
fn each_byte_is_missed() {
    let file = saved(&generators(2, 2).unwrap());
    for len in 0..file.len() {
        let error = Snapshot::read(&file[..len]).unwrap_err();
        let expected = if len < MAGIC.len() {
            matches!(error, ReadError::Magic)
        } else {
            matches!(error, ReadError::Truncated)
        };
        assert!(expected, "{len}: {error}");
    }
    let mut longer = file.clone();
    longer.push(0);
    let error = Snapshot::read(&longer[..]).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { section: "end", .. }));
    let mut later = file;
    later[MAGIC.len()] = 7;
    let error = Snapshot::read(&later[..]).unwrap_err();
    assert!(matches!(
        error,
        ReadError::Version {
            found: 7,
            known: VERSION
        }
    ));
    assert!(error.to_string().contains("saved by a later version"));
}

#[test]
fn an_earlier_version_is_read() {
    let snapshot = generators(2, 2).unwrap();
    let mut file = saved(&snapshot);
    assert_eq!(file[MAGIC.len()], VERSION as u8);
    file[MAGIC.len()] = 1;
    assert_eq!(saved(&Snapshot::read(&file[..]).unwrap()), saved(&snapshot));
}

/// Each number of a small file in turn becomes one that no memory could hold: nothing is reserved
/// for it.
#[test]
fn claims_are_not_believed() {
    let raw = unblocked(&saved(&generators(2, 2).unwrap()));
    let claim = [0xff; 8].map(|byte: u8| byte).into_iter().chain([0x0f]);
    for at in 0..raw.len() {
        let mut claims = raw[..at].to_vec();
        claims.extend(claim.clone());
        claims.extend(&raw[at + 1..]);
        if let Ok(snapshot) = Snapshot::read(&blocked(&claims)[..]) {
            assert_eq!(snapshot.check(), Ok(()));
        }
    }
}

#[test]
fn blocks_are_in_proportion() {
    let zeros = vec![0; 10 << 20];
    let file = blocked(&zeros);
    assert!(file.len() >= zeros.len() / 8 && file.len() < zeros.len() / 7);
    assert_eq!(unblocked(&file), zeros);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut builder = Builder::new();
    let value = SlotValue::Ref(Target::Object(16));
    builder.fixed(Kind::Global, Static::default(), [(0, value)]);
    // Its type is not among the names.
    builder.object(16, 3, 16, 0, Space::Old, None, &[], []);
    let snapshot = builder.finish(About::default()).unwrap();
    assert_eq!(snapshot.check(), Err(CheckError::Row(NodeId(2))));
    let error = snapshot.write(Vec::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    let mut snapshot = generators(1, 1).unwrap();
    snapshot.nodes.targets[3] = NodeId(1000);
    assert_eq!(snapshot.check(), Err(CheckError::Edge(NodeId(0))));
    let mut snapshot = generators(1, 1).unwrap();
    snapshot.plain[0].at = At::Field(0);
    assert!(matches!(snapshot.check(), Err(CheckError::Value(_))));
}

/// It would not be equal to itself.
#[test]
fn a_snapshot_was_taken_at_some_time() {
    for seconds in [f64::NAN, f64::INFINITY, -1.0] {
        let mut snapshot = Snapshot::default();
        snapshot.about.seconds = seconds;
        let error = snapshot.check().unwrap_err().to_string();
        assert_eq!(error, format!("it was taken after {seconds} seconds"));
    }
}
