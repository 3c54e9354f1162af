//! What functions, types and places are called in a page, each once, as people read it, and as
//! far as the page speaks of them.

use super::facts::Facts;
use super::select::Selection;
use crate::Snapshot;
use crate::questions::Shape;
use crate::snapshot::{Holds, Node, NodeId, Slot, TypeKind};
use mangrove::printable;
use serde::Serialize;

/// Sites of a stack in a page: of deeper ones the innermost.
pub(super) const SITES: usize = 100;
/// Fields of a type that have names in a page.
const FIELDS: usize = 1_000;

/// Names by their indices in the snapshot.
#[derive(Serialize)]
pub(super) struct Names {
    /// How many types and origins there are, those without a name here included.
    counts: [usize; 2],
    functions: Vec<(u32, String)>,
    types: Vec<(u32, TypeName)>,
    sites: Vec<(u32, SiteName)>,
    stacks: Vec<(u32, Vec<u32>)>,
    /// How many sites are left out of a stack.
    deeper: Vec<(u32, usize)>,
    origins: Vec<(u32, OriginName)>,
}

#[derive(Serialize)]
struct TypeName {
    name: String,
    kind: TypeKind,
    /// How many fields it has, if not all are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<usize>,
    fields: Vec<Option<String>>,
}

#[derive(Serialize)]
struct SiteName {
    function: u32,
    /// The whole place, function included.
    text: String,
    slots: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inlined: Vec<String>,
}

#[derive(Serialize)]
struct OriginName {
    function: u32,
    ty: String,
    /// Where it was made; nothing if the host did.
    text: Option<String>,
}

impl Names {
    /// The names that some nodes and shapes have.
    pub fn of(facts: &Facts<'_>, selection: &Selection, shapes: &[Shape]) -> Self {
        let snapshot = facts.snapshot;
        let names = snapshot.names();
        let mut used = Used::new(snapshot);
        for &node in &selection.nodes {
            used.node(snapshot, node);
        }
        for shape in shapes {
            used.stack(snapshot, shape.stack);
            used.origins.take(shape.origin);
            for frame in shape.frames.iter().take(SITES) {
                used.sites.take(frame.site);
            }
        }
        // All types have lines of their own, up to a bound; what is beyond is seen as a value.
        for line in facts.statistics.types.iter().take(super::moment::LINES) {
            used.types.take(line.ty);
        }
        let sites: Vec<(u32, SiteName)> = used.sites.map(|site| site_name(snapshot, site));
        let origins: Vec<(u32, OriginName)> =
            used.origins.map(|origin| origin_name(snapshot, origin));
        for (_, site) in &sites {
            used.functions.take(site.function);
        }
        for (_, origin) in &origins {
            used.functions.take(origin.function);
        }
        let stack = |index: u32| names.stacks.get(index as usize);
        let more = |index| Some(stack(index)?.len().saturating_sub(SITES));
        Self {
            counts: [names.types.len(), names.origins.len()],
            functions: used
                .functions
                .map(|function| Some(snapshot.function_name(function))),
            types: used.types.map(|ty| type_name(snapshot, ty)),
            sites,
            stacks: used
                .stacks
                .map(|index| Some(stack(index)?.iter().take(SITES).copied().collect())),
            deeper: used
                .stacks
                .map(|index| more(index).filter(|&more| more > 0)),
            origins,
        }
    }
}

/// Which of some names are used.
struct Set(Vec<bool>);

impl Set {
    fn take(&mut self, index: u32) {
        if let Some(used) = self.0.get_mut(index as usize) {
            *used = true;
        }
    }

    fn map<T>(&self, name: impl Fn(u32) -> Option<T>) -> Vec<(u32, T)> {
        let used = (0..).zip(&self.0).filter(|(_, used)| **used);
        used.filter_map(|(index, _)| Some((index, name(index)?)))
            .collect()
    }
}

struct Used {
    functions: Set,
    types: Set,
    sites: Set,
    stacks: Set,
    origins: Set,
}

impl Used {
    fn new(snapshot: &Snapshot) -> Self {
        let names = snapshot.names();
        let none = |len| Set(vec![false; len]);
        Self {
            functions: none(names.functions.len()),
            types: none(names.types.len()),
            sites: none(names.sites.len()),
            stacks: none(names.stacks.len()),
            origins: none(names.origins.len()),
        }
    }

    fn stack(&mut self, snapshot: &Snapshot, stack: u32) {
        self.stacks.take(stack);
        let sites = snapshot.names().stacks.get(stack as usize);
        for &site in sites.into_iter().flatten().take(SITES) {
            self.sites.take(site);
        }
    }

    /// What a node is called by, and what is told of those that it refers to.
    fn node(&mut self, snapshot: &Snapshot, node: NodeId) {
        let nodes = snapshot.nodes();
        match nodes.get(node) {
            Node::Continuation(row) => {
                self.origins.take(row.origin);
                self.stack(snapshot, row.stack);
            }
            Node::Frame(row) => self.sites.take(row.site),
            Node::Object(_) | Node::Static(..) | Node::Roots => (),
        }
        for &to in nodes.targets(node) {
            match nodes.get(to) {
                Node::Object(row) => self.types.take(row.ty),
                Node::Continuation(row) => self.origins.take(row.origin),
                Node::Frame(_) | Node::Static(..) | Node::Roots => (),
            }
        }
        if let Some(row) = nodes.object(node) {
            self.types.take(row.ty);
        }
    }
}

fn type_name(snapshot: &Snapshot, index: u32) -> Option<TypeName> {
    let ty = snapshot.names().types.get(index as usize)?;
    let fields = ty.fields.iter().take(FIELDS);
    Some(TypeName {
        name: snapshot.type_name(index),
        kind: ty.kind,
        len: (ty.fields.len() > FIELDS).then_some(ty.fields.len()),
        fields: fields
            .map(|field| Some(printable(field.name.as_ref()?).into_owned()))
            .collect(),
    })
}

fn site_name(snapshot: &Snapshot, index: u32) -> Option<SiteName> {
    let site = snapshot.names().sites.get(index as usize)?;
    let inlined = site.inlined.iter();
    Some(SiteName {
        function: site.function,
        text: snapshot.site_text(index),
        slots: site.slots.iter().map(slot_name).collect(),
        inlined: inlined
            .map(|frame| snapshot.place_text(frame.function, frame.offset, frame.line.as_ref()))
            .collect(),
    })
}

fn slot_name(slot: &Slot) -> String {
    let distance = slot.distance;
    if slot.holds.is_empty() {
        return format!("fp-{distance}");
    }
    let holds: Vec<String> = slot.holds.iter().map(Holds::text).collect();
    format!("fp-{distance} ({})", holds.join(", "))
}

fn origin_name(snapshot: &Snapshot, index: u32) -> Option<OriginName> {
    let origin = snapshot.names().origins.get(index as usize)?;
    let place = |maker| snapshot.place_text(maker, origin.offset, origin.line.as_ref());
    Some(OriginName {
        function: origin.function,
        ty: printable(&origin.ty).into_owned(),
        text: origin.maker.map(place),
    })
}
