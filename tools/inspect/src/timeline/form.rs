//! What a timeline consists of, whatever form it is written in: tracks, and points on them.

/// How a timeline is written down.
pub trait Form: Send {
    /// What comes before everything.
    fn open(&mut self, out: &mut Vec<u8>);

    /// A track, before anything is on it.
    fn track(&mut self, out: &mut Vec<u8>, track: &Track<'_>);

    /// Something on a track that was told of.
    fn point(&mut self, out: &mut Vec<u8>, point: &Point<'_>);

    /// What a file needs behind everything to be whole. It is written over by what follows.
    fn tail(&self) -> &'static [u8];
}

/// A line of the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Track<'a> {
    /// Its number, not 0.
    pub id: u64,
    /// The track that it belongs to; 0 for the process.
    pub parent: u64,
    /// What it is called.
    pub name: &'a str,
    /// What is on it.
    pub kind: TrackKind,
    /// Where it stands among those of the same parent.
    pub rank: u32,
}

/// What is on a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// The process, with nothing on it but instants.
    Process,
    /// Slices and instants, or other tracks.
    Slices,
    /// A number that changes.
    Counter(Unit),
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
}

/// Something on a track.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Nanoseconds since the timeline began. Never less than those of the point before.
    pub time: u64,
    /// Where it is.
    pub track: u64,
    /// What it is.
    pub what: What<'a>,
}

/// What a point is.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A slice begins, inside of those that are open on the track.
    Begin(Said<'a>),
    /// The innermost slice that is open on the track ends.
    End,
    /// Something that takes no time.
    Instant(Said<'a>),
    /// A counter's value from now on.
    Count(u64),
}

/// What is said of a slice or an instant.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Arrows that it is on.
    pub flows: [Option<Flow>; 2],
    /// More: a key, which is one of a few, and a value.
    pub note: Option<(&'static str, Text<'a>)>,
}

/// A text that comes again and again, with its number among those of the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The number, from 0 on, without holes.
    pub id: u32,
    /// The text.
    pub text: &'a str,
}

/// A place of an arrow from point to point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The arrow's number, not 0.
    pub id: u64,
    /// Which part of it.
    pub part: FlowPart,
}

/// A part of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowPart {
    /// Where it comes from.
    Start,
    /// Where it comes by.
    Step,
    /// Where it goes to.
    End,
}
