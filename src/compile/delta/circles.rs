//! Whether the steps of an edited image can still be ordered, told from the order that they had.

use rustc_hash::FxHashMap;

use super::whole::Whole;
use crate::graph::edges::Edges;
use crate::graph::part::Part;
use crate::graph::slots::NONE;

/// Whether no circle can have come about. Along every edge between old steps their old places must ascend; and each new
/// step must fit between the last of what it needs and the first of what needs it. Then places ascend along any way.
pub(super) fn none_came(whole: &Whole, part: &Part, edges: &Edges) -> bool {
    let Some(nodes) = nodes(whole, part, edges) else { return false };
    let place = &whole.index().place;
    let of = |node: u32| nodes.get(&node).copied().unwrap_or(Node::New);
    let mut numbers: FxHashMap<u32, usize> = FxHashMap::default();
    let mut between: Vec<(usize, usize)> = Vec::new();
    let (mut low, mut high): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    for edge in &edges.edges {
        let mut number = |node: u32| {
            *numbers.entry(node).or_insert_with(|| {
                low.push(-1);
                high.push(i64::MAX);
                low.len() - 1
            })
        };
        match (of(edge.from), of(edge.to)) {
            (Node::Old(from), Node::Old(to)) => {
                let (from, to) = (place[from as usize], place[to as usize]);
                if from == NONE || to == NONE || from >= to {
                    return false;
                }
            }
            (Node::Old(from), Node::New) => {
                let to = number(edge.to);
                low[to] = low[to].max(i64::from(place[from as usize]));
            }
            (Node::New, Node::Old(to)) => {
                let from = number(edge.from);
                high[from] = high[from].min(i64::from(place[to as usize]));
            }
            (Node::New, Node::New) => {
                between.push((number(edge.from), number(edge.to)));
            }
        }
    }
    let up = |from: usize, to: usize| {
        let next = low[from] + 1;
        raise(&mut low, to, next)
    };
    let rising = hand_on(&between, up);
    let down = |from: usize, to: usize| {
        let next = high[to] - 1;
        lower(&mut high, from, next)
    };
    rising && hand_on(&between, down) && low.iter().zip(&high).all(|(low, high)| low < high)
}

/// Hands places on between new steps, one by one further, until nothing changes; in a circle that never is.
fn hand_on(between: &[(usize, usize)], mut hand: impl FnMut(usize, usize) -> bool) -> bool {
    let rounds = between.len() + 1;
    (0..rounds).any(|_| !between.iter().fold(false, |changed, &(from, to)| hand(from, to) || changed))
}

fn raise(low: &mut [i64], at: usize, to: i64) -> bool {
    let changed = low[at] < to;
    low[at] = low[at].max(to);
    changed
}

fn lower(high: &mut [i64], at: usize, to: i64) -> bool {
    let changed = high[at] > to;
    high[at] = high[at].min(to);
    changed
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    /// As in the whole.
    Old(u32),
    New,
}

/// The nodes of the part that stand for nodes of the whole; nothing if two of the whole became one.
fn nodes(whole: &Whole, part: &Part, edges: &Edges) -> Option<FxHashMap<u32, Node>> {
    let (image, old) = (&part.image, &whole.graph.image);
    let mut nodes: FxHashMap<u32, Node> = FxHashMap::default();
    for (feature, origin) in part.origins.iter().enumerate().filter(|(_, origin)| origin.kept) {
        let node = Node::Old(old.slots.merged[origin.whole as usize]);
        if *nodes.entry(image.slots.merged[feature]).or_insert(node) != node {
            return None;
        }
    }
    for (at, &slot) in edges.extra.iter().enumerate() {
        let slot = &image.slots.slots[slot as usize];
        let Some(was) = part.was[slot.entity.index()] else { continue };
        let before = old.slots.of(was).iter().find(|before| before.phase == slot.phase);
        if let Some(node) = before.map(|before| before.node).filter(|&node| node != NONE)
            && node as usize >= old.features.len()
        {
            nodes.insert((image.features.len() + at) as u32, Node::Old(node));
        }
    }
    Some(nodes)
}
