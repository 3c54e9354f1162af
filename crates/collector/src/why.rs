//! Why continuations are alive: one way from a root to each.
//!
//! ```text
//!  running chain ─▶ 3 ── slot of its frame 0 ──▶ 17 ── bound argument 1 ──▶ 4
//!  element 5 of table 0 ──▶ 9 ── suspended inside it ──▶ 8
//!  global 2 ──▶ a struct ── field 1 ──▶ an array ── element 7 ──▶ 12
//! ```
//!
//! A marking pass of its own, for reports: whatever holds the first current
//! reference that marking comes upon is taken for the reason. A collection does
//! not pay for it. Objects are on a way only where they may hold continuations; else
//! they are not looked at. Continuations and objects are the nodes, each of which
//! is followed once, without recursion: a program can make a chain of a million.

use crate::mark::{MarkInput, Sink, SlotOwner, mark};
use crate::names::{Names, Within};
use crate::roots::unsound;
use crate::{Code, CollectError, RootOwner, Roots};
use mangrove_abi::{ContRef, HeapRef, RecordState, StoreContext, TypeId};
use mangrove_continuation::{Registry, State};
use mangrove_heap::{Field, Heap, Marks, ObjectNumbers, Onlooker};
use serde::Serialize;

/// Most links of a way that are told: the first, and the last of the others.
pub const LINKS: usize = 9;

/// What keeps a continuation, or an object on the way to one, alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It runs, or is a parent of the one that runs.
    Running,
    /// It was suspended together with one inside it, which goes on first.
    Chain {
        /// Id of the one that it had resumed.
        inner: u32,
    },
    /// A slot holds a reference to it.
    Slot {
        /// Who has the slot.
        #[serde(flatten)]
        owner: RootOwner,
    },
    /// An object holds a reference to it.
    Object {
        /// The object's offset from the heap's base.
        object: u32,
        /// Its canonical type.
        type_id: TypeId,
        /// Where in it.
        #[serde(flatten)]
        within: Option<Within>,
    },
}

/// What is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Held {
    /// A continuation.
    Continuation {
        /// Its id.
        continuation: u32,
    },
    /// An object.
    Object {
        /// Its offset from the heap's base.
        object: u32,
        /// Its canonical type.
        type_id: TypeId,
    },
}

/// A continuation or an object, and what keeps it alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Which.
    #[serde(flatten)]
    pub held: Held,
    /// What holds it.
    pub by: Reason,
}

impl Link {
    /// The continuation's id; none for an object.
    pub fn continuation(&self) -> Option<u32> {
        match self.held {
            Held::Continuation { continuation } => Some(continuation),
            Held::Object { .. } => None,
        }
    }
}

/// A way from a root to a continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// From the root on; the last one is the continuation itself.
    pub links: Vec<Link>,
    /// How many links between the first and the second of these are left out.
    pub omitted: u32,
}

/// Something on a way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    /// By id.
    Continuation(u32),
    Object(HeapRef),
}

/// What holds a node. Small, since there is one for each object.
#[derive(Clone, Copy)]
enum Holder {
    /// Nothing that was found.
    Nobody,
    Running,
    Chain {
        inner: u32,
    },
    /// The root whose owner has this number.
    Root(u32),
    Field(Field),
}

/// Where the way to a node begins, and how many nodes are on it: none if it is not
/// known yet.
#[derive(Clone, Copy)]
struct Way {
    origin: Node,
    length: u32,
}

/// Which node is which.
struct Nodes {
    continuations: usize,
    /// None where objects are not looked at.
    objects: Option<ObjectNumbers>,
}

impl Nodes {
    /// Continuations come first, then the objects.
    fn index(&self, node: Node) -> usize {
        match node {
            Node::Continuation(id) => id as usize,
            Node::Object(object) => {
                let number = self.objects.as_ref().and_then(|numbers| numbers.of(object));
                self.continuations
                    + number.expect("marking has checked where objects start") as usize
            }
        }
    }
}

/// Why each continuation of a store is alive.
pub(crate) struct Reasons {
    nodes: Nodes,
    /// By node.
    holders: Vec<Holder>,
    /// Of the roots that hold one.
    owners: Vec<RootOwner>,
    /// By node.
    ways: Vec<Way>,
}

impl Reasons {
    /// Finds a way to every live continuation that has one.
    ///
    /// # Safety
    /// As for [`crate::collect`].
    pub(crate) unsafe fn find(
        heap: &Heap,
        registry: &mut Registry,
        ctx: &StoreContext,
        code: &dyn Code,
        roots: &mut dyn Roots,
    ) -> Result<Self, CollectError> {
        let mut holders: Vec<Holder> = Vec::new();
        for (record, state) in registry.states(ctx) {
            let runs = matches!(state, State::Running | State::Parent);
            debug_assert_eq!(holders.len(), id_of(record) as usize, "ids are dense");
            holders.push(if runs {
                Holder::Running
            } else {
                Holder::Nobody
            });
        }
        let continuations = holders.len();
        let marks = match heap.holds_continuations() {
            true => Some(heap.marks(ctx).map_err(unsound)?),
            false => None,
        };
        if let Some(marks) = &marks {
            let nodes = continuations + marks.starts().count() as usize;
            holders.resize(nodes, Holder::Nobody);
        }
        let mut recorder = Recorder {
            heap,
            record: Record {
                nodes: Nodes {
                    continuations,
                    objects: marks.as_ref().map(|marks| marks.starts().numbers()),
                },
                holders,
                owners: Vec::new(),
            },
            marks,
            error: None,
        };
        let input = MarkInput::new(registry, ctx, code, None);
        // SAFETY: by contract.
        unsafe { mark(input, roots, &mut recorder)? };
        if let Some(error) = recorder.error {
            return Err(error);
        }
        let Record {
            nodes,
            mut holders,
            owners,
        } = recorder.record;
        note_chains(&mut holders, registry, ctx);
        let mut reasons = Self {
            nodes,
            holders,
            owners,
            ways: Vec::new(),
        };
        reasons.find_origins();
        Ok(reasons)
    }

    /// The node before this one on its way.
    fn before(&self, node: Node) -> Option<Node> {
        match self.holders[self.nodes.index(node)] {
            Holder::Nobody | Holder::Running => None,
            Holder::Chain { inner } => Some(Node::Continuation(inner)),
            Holder::Field(field) => Some(Node::Object(field.object)),
            Holder::Root(owner) => match self.owners[owner as usize] {
                RootOwner::Frame(frame) => Some(Node::Continuation(frame.continuation)),
                RootOwner::BoundArgument { continuation, .. } => {
                    Some(Node::Continuation(continuation))
                }
                _ => None,
            },
        }
    }

    /// Notes for each node on the way to a continuation where its way begins, and how
    /// long it is. Each link is followed once.
    fn find_origins(&mut self) {
        let unknown = Way {
            origin: Node::Continuation(0),
            length: 0,
        };
        let mut ways = vec![unknown; self.holders.len()];
        let mut path: Vec<Node> = Vec::new();
        for id in 0..self.nodes.continuations as u32 {
            let mut at = Node::Continuation(id);
            let end = loop {
                let index = self.nodes.index(at);
                if ways[index].length > 0 {
                    break Some(ways[index]);
                }
                if matches!(self.holders[index], Holder::Nobody) {
                    break None;
                }
                path.push(at);
                match self.before(at) {
                    // As many links as there are nodes would be a cycle: a fault,
                    // which must not hang a report.
                    Some(before) if path.len() <= self.holders.len() => at = before,
                    Some(_) => break None,
                    None => {
                        break Some(Way {
                            origin: at,
                            length: 0,
                        });
                    }
                }
            };
            let Some(mut way) = end else {
                path.clear();
                continue;
            };
            while let Some(node) = path.pop() {
                way.length += 1;
                ways[self.nodes.index(node)] = way;
            }
        }
        self.ways = ways;
    }

    /// The way to a continuation; none if nothing reaches it.
    pub(crate) fn why(&self, id: u32, heap: &Heap, names: &dyn Names) -> Option<Why> {
        let Way { origin, length } = self.ways[id as usize];
        if length == 0 {
            return None;
        }
        let mut nodes = vec![Node::Continuation(id)];
        while nodes.len() < LINKS.min(length as usize) {
            let Some(before) = self.before(nodes[nodes.len() - 1]) else {
                break;
            };
            nodes.push(before);
        }
        let omitted = length - nodes.len() as u32;
        if omitted > 0 {
            // The nearest that is told makes room for the first.
            nodes.pop();
            nodes.push(origin);
        }
        let links = nodes.into_iter().rev();
        let links = links.map(|node| self.link(node, heap, names)).collect();
        Some(Why { links, omitted })
    }

    fn link(&self, node: Node, heap: &Heap, names: &dyn Names) -> Link {
        // SAFETY: marking has found the objects of ways in this heap, where nothing has
        // changed since.
        let type_of = |object| unsafe { heap.type_of(object) };
        let held = match node {
            Node::Continuation(continuation) => Held::Continuation { continuation },
            Node::Object(object) => Held::Object {
                object: object.0,
                type_id: type_of(object),
            },
        };
        let by = match self.holders[self.nodes.index(node)] {
            Holder::Nobody => unreachable!("it is on a way"),
            Holder::Running => Reason::Running,
            Holder::Chain { inner } => Reason::Chain { inner },
            Holder::Root(owner) => Reason::Slot {
                owner: self.owners[owner as usize],
            },
            Holder::Field(Field { object, offset }) => {
                let type_id = type_of(object);
                Reason::Object {
                    object: object.0,
                    type_id,
                    within: names.within(type_id, offset),
                }
            }
        };
        Link { held, by }
    }
}

/// Who was not reached by a reference was reached by a chain.
fn note_chains(holders: &mut [Holder], registry: &Registry, ctx: &StoreContext) {
    for (record, state) in registry.states(ctx) {
        // SAFETY: the registry's records are never freed.
        let parent = unsafe { (*record).parent };
        if state != State::Suspended || parent.is_null() || !registry.is_marked(parent) {
            continue;
        }
        let inner = id_of(record);
        let holder = &mut holders[id_of(parent) as usize];
        if matches!(holder, Holder::Nobody) {
            *holder = Holder::Chain { inner };
        }
    }
}

/// Writes down who holds the first reference to each node.
struct Record {
    nodes: Nodes,
    holders: Vec<Holder>,
    owners: Vec<RootOwner>,
}

impl Record {
    fn root(&mut self, owner: SlotOwner<'_>) -> Holder {
        self.owners.push(owner.root_owner());
        Holder::Root(self.owners.len() as u32 - 1)
    }

    /// The place of a continuation's holder, if the reference is current and the first.
    fn unheld(&mut self, reference: ContRef) -> Option<usize> {
        // SAFETY: a reference that is not null has one of the registry's records,
        // which are never freed.
        let record = unsafe { reference.record.as_ref() }?;
        let current =
            record.revision == reference.revision && record.state == RecordState::Live as u32;
        let index = record.id.index();
        let unheld = current && matches!(self.holders[index], Holder::Nobody);
        unheld.then_some(index)
    }
}

/// Marks, and has it written down.
struct Recorder<'h> {
    heap: &'h Heap,
    record: Record,
    /// None where objects are not looked at.
    marks: Option<Marks>,
    error: Option<CollectError>,
}

impl Sink for Recorder<'_> {
    unsafe fn heap_ref(&mut self, owner: SlotOwner<'_>, slot: *mut u32) {
        let Some(marks) = &mut self.marks else {
            return;
        };
        // SAFETY: by contract.
        let object = HeapRef(unsafe { slot.read() });
        match marks.mark(object) {
            Ok(true) => {
                let holder = self.record.root(owner);
                let index = self.record.nodes.index(Node::Object(object));
                self.record.holders[index] = holder;
            }
            Ok(false) => {}
            Err(fault) => {
                self.error.get_or_insert(unsound(fault));
            }
        }
    }

    unsafe fn cont_ref(&mut self, owner: SlotOwner<'_>, slot: *mut ContRef) {
        // SAFETY: by contract.
        let reference = unsafe { slot.read_unaligned() };
        if let Some(index) = self.record.unheld(reference) {
            self.record.holders[index] = self.record.root(owner);
        }
    }

    fn drain(&mut self, found: impl FnMut(ContRef)) -> bool {
        let Self {
            heap,
            record,
            marks: Some(marks),
            error: error @ None,
        } = self
        else {
            return false;
        };
        // SAFETY: the marks are this heap's, which is only looked at meanwhile.
        let drained = unsafe { marks.drain(heap, &mut Followed { record, found }) };
        drained.unwrap_or_else(|fault| {
            *error = Some(unsound(fault));
            false
        })
    }
}

/// Writes down what objects hold, and has the continuations among it followed.
struct Followed<'r, F> {
    record: &'r mut Record,
    found: F,
}

impl<F: FnMut(ContRef)> Onlooker for Followed<'_, F> {
    fn object(&mut self, object: HeapRef, by: Field) {
        let index = self.record.nodes.index(Node::Object(object));
        self.record.holders[index] = Holder::Field(by);
    }

    fn continuation(&mut self, reference: ContRef, by: Field) {
        if let Some(index) = self.record.unheld(reference) {
            self.record.holders[index] = Holder::Field(by);
        }
        (self.found)(reference);
    }
}

fn id_of(record: *const mangrove_abi::ContRecord) -> u32 {
    // SAFETY: the registry's records are never freed.
    unsafe { (*record).id.as_u32() }
}
