//! Computes the dominator tree: the algorithm of Lengauer and Tarjan in the form that Georgiadis
//! calls semi-NCA ("Linear-time algorithms for dominators and related problems", 2005).
//!
//! It works on the numbers of a depth-first search. Number 0 is a node of no snapshot, which has
//! edges to node 0 and to the heads of what is forgotten.

use crate::snapshot::{Kind, NodeId, Nodes};

/// No position, no number.
pub(super) const NONE: u32 = u32::MAX;

/// A dominator tree, by position: each node lies behind its dominator.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub order: Vec<NodeId>,
    /// The dominator's position.
    pub parents: Vec<u32>,
    /// How many nodes lie below, it included.
    pub sizes: Vec<u32>,
    pub retained: Vec<u64>,
    /// How many of the nodes the roots reach: they come first.
    pub reached: u32,
    /// What all others can be reached from.
    pub heads: Vec<NodeId>,
}

/// The tree, and by node its position.
pub(super) fn build(nodes: &Nodes) -> (Tree, Vec<u32>) {
    if nodes.is_empty() {
        return (Tree::default(), Vec::new());
    }
    let search = Search::of(nodes);
    let dominators = dominators(nodes, &search);
    arrange(nodes, dominators, search)
}

/// A depth-first search.
struct Search {
    /// By node: its number, or [`NONE`].
    numbers: Vec<u32>,
    /// By number. That of 0 stands for no node.
    vertices: Vec<NodeId>,
    /// By number: that of the node it was reached from.
    parents: Vec<u32>,
    /// Numbers up to this one are of what the roots reach.
    reached: u32,
    /// Of what they do not reach.
    heads: Vec<NodeId>,
}

impl Search {
    fn of(nodes: &Nodes) -> Self {
        let mut search = Self {
            numbers: vec![NONE; nodes.len()],
            vertices: vec![NodeId::ROOTS],
            parents: vec![0],
            reached: 0,
            heads: Vec::new(),
        };
        let mut stack = Vec::new();
        if !nodes.is_empty() {
            search.from(nodes, NodeId::ROOTS, &mut stack);
        }
        search.reached = search.vertices.len() as u32 - 1;
        let heads = heads(nodes, &search.numbers);
        for &head in &heads {
            search.from(nodes, head, &mut stack);
        }
        search.heads = heads;
        search
    }

    fn enter(&mut self, node: NodeId, parent: u32) -> u32 {
        let number = self.vertices.len() as u32;
        self.numbers[node.index()] = number;
        self.vertices.push(node);
        self.parents.push(parent);
        number
    }

    /// Searches from a node that was not reached. The stack has numbers, and which target is next.
    fn from(&mut self, nodes: &Nodes, root: NodeId, stack: &mut Vec<(u32, u32)>) {
        stack.push((self.enter(root, 0), 0));
        while let Some((number, next)) = stack.last_mut() {
            let number = *number;
            let targets = nodes.keeps(self.vertices[number as usize]);
            let rest = &targets[*next as usize..];
            let fresh = rest.iter().position(|to| self.numbers[to.index()] == NONE);
            match fresh {
                Some(skipped) => {
                    *next += skipped as u32 + 1;
                    let to = rest[skipped];
                    stack.push((self.enter(to, number), 0));
                }
                None => {
                    stack.pop();
                }
            }
        }
    }
}

/// The heads of what has no number: what all of it can be reached from, and nothing else of it
/// leads to.
///
/// The first round goes over all of it, continuations first, and notes where it had to begin
/// anew. No such beginning leads to a later one, so the last is a head, and each one before it
/// that no later head leads to.
fn heads(nodes: &Nodes, numbers: &[u32]) -> Vec<NodeId> {
    let missing = |node: &NodeId| numbers[node.index()] == NONE && nodes.kind(*node) != Kind::Weak;
    let mut unreached: Vec<NodeId> = nodes.all().filter(missing).collect();
    if unreached.is_empty() {
        return unreached;
    }
    unreached.sort_by_key(|&node| nodes.kind(node) != Kind::Continuation);
    let mut beginnings = begin(nodes, numbers, &unreached);
    beginnings.reverse();
    let mut heads = begin(nodes, numbers, &beginnings);
    heads.reverse();
    heads
}

/// Which of these nodes are reached from none that comes before them in the list.
fn begin(nodes: &Nodes, numbers: &[u32], list: &[NodeId]) -> Vec<NodeId> {
    let mut seen = vec![false; nodes.len()];
    let mut work = Vec::new();
    let mut beginnings = Vec::new();
    for &node in list {
        if std::mem::replace(&mut seen[node.index()], true) {
            continue;
        }
        beginnings.push(node);
        work.push(node);
        while let Some(node) = work.pop() {
            for &to in nodes.keeps(node) {
                if numbers[to.index()] == NONE && !std::mem::replace(&mut seen[to.index()], true) {
                    work.push(to);
                }
            }
        }
    }
    beginnings
}

/// By number: the numbers of what refers to it.
struct Predecessors {
    firsts: Vec<u32>,
    sources: Vec<u32>,
}

impl Predecessors {
    fn of(nodes: &Nodes, search: &Search) -> Self {
        let mut firsts = vec![0u32; search.vertices.len() + 1];
        // What is forgotten keeps nothing of what the roots reach.
        let counts = |from: u32, to: u32| to > search.reached || from <= search.reached;
        let each = |visit: &mut dyn FnMut(u32, u32)| {
            for (from, &node) in (1..).zip(&search.vertices[1..]) {
                for target in nodes.keeps(node) {
                    let to = search.numbers[target.index()];
                    if counts(from, to) {
                        visit(from, to);
                    }
                }
            }
        };
        each(&mut |_, to| firsts[to as usize] += 1);
        let mut sum = 0;
        for first in &mut firsts {
            sum += *first;
            *first = sum;
        }
        let mut sources = vec![0; sum as usize];
        each(&mut |from, to| {
            let place = &mut firsts[to as usize];
            *place -= 1;
            sources[*place as usize] = from;
        });
        Self { firsts, sources }
    }

    fn to(&self, number: u32) -> &[u32] {
        let index = number as usize;
        &self.sources[self.firsts[index] as usize..self.firsts[index + 1] as usize]
    }
}

/// By number: that of its dominator.
fn dominators(nodes: &Nodes, search: &Search) -> Vec<u32> {
    let predecessors = Predecessors::of(nodes, search);
    let count = search.vertices.len() as u32;
    let mut semis = vec![0; count as usize];
    let mut links: Vec<Link> = (0..count)
        .zip(&search.parents)
        .map(|(label, &ancestor)| Link { ancestor, label })
        .collect();
    let mut path = Vec::new();
    for number in (1..count).rev() {
        let mut semi = search.parents[number as usize];
        for &from in predecessors.to(number) {
            // One that comes before is not linked yet: its label is itself.
            semi = semi.min(match from > number {
                true => compress(from, number, &mut links, &mut path),
                false => from,
            });
        }
        semis[number as usize] = semi;
        links[number as usize].label = semi;
    }
    drop(predecessors);
    // From the parent up, along dominators that are known, to the first that is not below the
    // semidominator.
    drop(links);
    let mut dominators = search.parents.clone();
    for number in 1..count as usize {
        let mut dominator = dominators[number];
        while dominator > semis[number] {
            dominator = dominators[dominator as usize];
        }
        dominators[number] = dominator;
    }
    dominators
}

/// A part of the way up the search's tree, which ends at the ancestor, and the smallest
/// semidominator on it. The two are read together.
#[derive(Clone, Copy)]
struct Link {
    ancestor: u32,
    label: u32,
}

/// Makes the label of a number the smallest on the way up to the last one that is linked, and
/// returns it: those above `linked` are.
fn compress(from: u32, linked: u32, links: &mut [Link], path: &mut Vec<u32>) -> u32 {
    let mut at = from;
    let mut link = links[at as usize];
    while link.ancestor > linked {
        path.push(at);
        at = link.ancestor;
        link = links[at as usize];
    }
    // `at` is the topmost whose ancestor is not linked.
    let Link {
        ancestor,
        mut label,
    } = link;
    while let Some(below) = path.pop() {
        let link = &mut links[below as usize];
        label = label.min(link.label);
        *link = Link { ancestor, label };
    }
    label
}

/// Lays the tree out by position. Each array by number is given up as soon as it is laid out.
fn arrange(nodes: &Nodes, dominators: Vec<u32>, search: Search) -> (Tree, Vec<u32>) {
    let Search {
        mut numbers,
        vertices,
        parents,
        reached,
        heads,
    } = search;
    drop(parents);
    let count = vertices.len();
    let mut sizes = vec![1u32; count];
    let mut retained: Vec<u64> = vertices.iter().map(|&node| nodes.bytes(node)).collect();
    for number in (1..count).rev() {
        let dominator = dominators[number] as usize;
        sizes[dominator] += sizes[number];
        retained[dominator] += retained[number];
    }
    let places = places(&dominators, &sizes, &retained);
    for number in numbers.iter_mut().filter(|number| **number != NONE) {
        *number = places[*number as usize];
    }
    let order = by_place(vertices, &places);
    let sizes = by_place(sizes, &places);
    let retained = by_place(retained, &places);
    let parents = dominators
        .iter()
        .map(|&dominator| places[dominator as usize])
        .collect();
    drop(dominators);
    let parents = by_place(parents, &places);
    let tree = Tree {
        order,
        parents,
        sizes,
        retained,
        reached,
        heads,
    };
    (tree, numbers)
}

/// By number: its position. That of 0, which has none, is [`NONE`].
fn places(dominators: &[u32], sizes: &[u32], retained: &[u64]) -> Vec<u32> {
    let children = Children::of(dominators, retained);
    let mut places = vec![NONE; sizes.len()];
    // A number's dominator has a smaller one, so a position is known when its children need it.
    for number in 0..sizes.len() {
        let mut next = places[number].wrapping_add(1);
        for &child in children.of_number(number) {
            places[child as usize] = next;
            next += sizes[child as usize];
        }
    }
    places
}

/// From an order by number to one by position.
fn by_place<T: Copy + Default>(by_number: Vec<T>, places: &[u32]) -> Vec<T> {
    let mut placed = vec![T::default(); by_number.len() - 1];
    for (&thing, &place) in by_number.iter().zip(places).skip(1) {
        placed[place as usize] = thing;
    }
    placed
}

/// By number: those that it dominates directly, what retains most first.
struct Children {
    firsts: Vec<u32>,
    list: Vec<u32>,
}

impl Children {
    fn of(dominators: &[u32], retained: &[u64]) -> Self {
        let count = dominators.len();
        let mut firsts = vec![0u32; count + 1];
        for &dominator in dominators.iter().skip(1) {
            firsts[dominator as usize] += 1;
        }
        let mut sum = 0;
        for first in &mut firsts {
            sum += *first;
            *first = sum;
        }
        let mut list = vec![0; sum as usize];
        for number in (1..count).rev() {
            let place = &mut firsts[dominators[number] as usize];
            *place -= 1;
            list[*place as usize] = number as u32;
        }
        for number in 0..count {
            let range = firsts[number] as usize..firsts[number + 1] as usize;
            // The roots come before what is forgotten.
            let key = |&child: &u32| (child != 1, !retained[child as usize], child);
            if range.len() > 1 {
                list[range].sort_unstable_by_key(key);
            }
        }
        Self { firsts, list }
    }

    fn of_number(&self, number: usize) -> &[u32] {
        &self.list[self.firsts[number] as usize..self.firsts[number + 1] as usize]
    }
}
