//! Walking a lineage: which events, in which order (CADDE 4.0, lineage confirmation 来歴確認).

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    str::FromStr,
    time::Duration,
};

use super::index::Index;

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// To the origins.
    #[default]
    Backward,
    /// To what was made of it.
    Forward,
    /// Both.
    Both,
}

impl Direction {
    /// Reads the wire's spelling, which is in capitals.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "BACKWARD" => Some(Self::Backward),
            "FORWARD" => Some(Self::Forward),
            "BOTH" => Some(Self::Both),
            _ => None,
        }
    }
}

/// Which lineage is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageQuery {
    /// The event to start from.
    pub id: String,
    /// Which way to go.
    pub direction: Direction,
    /// How many steps away from the start; `None` for all.
    pub depth: Option<u32>,
    /// Most events in the answer.
    pub limit: usize,
    /// Most bytes that the answer takes in memory.
    pub max_bytes: usize,
    /// Which page of it; `None` for all of it.
    pub page: Option<Page>,
    /// What reading it may cost.
    pub effort: Effort,
}

/// How many times as many events as an answer may have its pages may have together.
const PAGED: usize = 10;

impl LineageQuery {
    /// Most events that are looked for.
    pub fn most_events(&self) -> usize {
        let most = match self.page {
            Some(_) => self.limit.saturating_mul(PAGED),
            None => self.limit,
        };
        match self.effort {
            Effort::Short => most.min(SHORT_STEPS),
            Effort::Long => most,
        }
    }
}

/// A part of a lineage. Pages go outward from the event: it comes first, then its ancestors, the nearest first, then its
/// descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Most events of it, and most successors that each of them names.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<Bookmark>,
}

/// Where a page ended. What is recorded meanwhile may move the place, but not the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// How many events came before.
    pub position: usize,
    /// The last of them.
    pub last: Index,
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.last)
    }
}

/// A text that no page came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no bookmark of this lineage")]
pub struct BadBookmark;

impl FromStr for Bookmark {
    type Err = BadBookmark;

    fn from_str(text: &str) -> Result<Self, BadBookmark> {
        let (position, last) = text.split_once('.').ok_or(BadBookmark)?;
        let (position, last) = (position.parse(), last.parse());
        match (position, last) {
            (Ok(position), Ok(last)) if position > 0 => Ok(Self { position, last }),
            _ => Err(BadBookmark),
        }
    }
}

/// What reading a lineage may cost. Most are short, and are read beside the long ones; what turns out to be long begins again
/// among those, of which a caller has one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A few milliseconds.
    Short,
    /// Seconds.
    Long,
}

/// Records and edges that a short walk reads.
const SHORT_STEPS: usize = 2_000;

/// Records and edges that a long walk reads.
const LONG_STEPS: usize = 4_000_000;

impl Effort {
    /// How many records and edges are read.
    pub const fn steps(self) -> usize {
        match self {
            Self::Short => SHORT_STEPS,
            Self::Long => LONG_STEPS,
        }
    }

    /// How long it may take.
    pub const fn time(self) -> Duration {
        match self {
            Self::Short => Duration::from_millis(250),
            Self::Long => Duration::from_secs(8),
        }
    }
}

/// The edges of the ledger, as far as both ends have arrived.
pub trait Graph {
    /// Why an edge could not be read.
    type Error;

    /// Predecessors of the event at `idx`, in the order in which it names them.
    ///
    /// # Errors
    /// [`Self::Error`].
    fn previous(&mut self, idx: Index) -> Result<Vec<Index>, Self::Error>;

    /// Successors of the event at `idx`, in ledger order. Where there are more than the limit of the walk, that many and one
    /// are enough: an original may have been sent millions of times.
    ///
    /// # Errors
    /// [`Self::Error`].
    fn next(&mut self, idx: Index) -> Result<Vec<Index>, Self::Error>;
}

/// Edges that are looked at for each event that an answer may have. Events with thousands of predecessors, each named by
/// thousands of others, are few events with many millions of edges.
const EDGES_PER_EVENT: usize = 16;

/// Edges that are looked at in any case: those of the largest events of a short lineage.
const EDGES_LEAST: usize = 100_000;

/// How many edges a lineage of `limit` events may have.
pub fn max_edges(limit: usize) -> usize {
    limit.saturating_mul(EDGES_PER_EVENT).max(EDGES_LEAST)
}

/// The events of a lineage, in the order of the answer; `None` if there are more than `limit`, or edges without measure.
///
/// Backward: farthest first, the start last. Forward: the start first. Both: the ancestors and the start as backward, then the
/// descendants; not the ancestors' other descendants. Events at the same distance come in the order in which they are named.
///
/// # Errors
/// What `graph` reports.
pub fn walk<G: Graph>(
    graph: &mut G,
    start: Index,
    direction: Direction,
    depth: Option<u32>,
    limit: usize,
) -> Result<Option<Vec<Index>>, G::Error> {
    let mut visited = Visited {
        seen: HashSet::new(),
        order: Vec::new(),
        depth,
        limit,
        edges_left: max_edges(limit),
    };
    if matches!(direction, Direction::Backward | Direction::Both) {
        let is_whole = visited.visit(vec![start], 0, |idx| graph.previous(idx))?;
        if !is_whole {
            return Ok(None);
        }
        visited.order.reverse();
    }
    let (seeds, distance) = match direction {
        Direction::Backward => (Vec::new(), 0),
        Direction::Forward => (vec![start], 0),
        Direction::Both if depth == Some(0) => (Vec::new(), 0),
        Direction::Both => (graph.next(start)?, 1),
    };
    let is_whole = visited.visit(seeds, distance, |idx| graph.next(idx))?;
    Ok(is_whole.then_some(visited.order))
}

/// The beginning of a lineage, outward from its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outward {
    /// The event, its ancestors, its descendants, each the nearest first.
    pub order: Vec<Index>,
    /// How many of them are ancestors or the event itself.
    pub ancestors: usize,
}

/// The first `most` events of a lineage, outward from `start`.
///
/// # Errors
/// What `graph` reports.
pub fn outward<G: Graph>(
    graph: &mut G,
    start: Index,
    direction: Direction,
    depth: Option<u32>,
    most: usize,
) -> Result<Outward, G::Error> {
    let (mut seen, mut order) = (HashSet::from([start]), vec![start]);
    let mut spread = |neighbours: &mut dyn FnMut(Index) -> Result<Vec<Index>, G::Error>| {
        let mut open = VecDeque::from([(start, 0)]);
        while let Some((idx, distance)) = open.pop_front() {
            if order.len() >= most {
                break;
            }
            if depth.is_some_and(|depth| depth <= distance) {
                continue;
            }
            for found in neighbours(idx)? {
                if order.len() < most && seen.insert(found) {
                    order.push(found);
                    open.push_back((found, distance + 1));
                }
            }
        }
        Ok(order.len())
    };
    let ancestors = match direction {
        Direction::Forward => 1,
        Direction::Backward | Direction::Both => spread(&mut |idx| graph.previous(idx))?,
    };
    if matches!(direction, Direction::Forward | Direction::Both) {
        spread(&mut |idx| graph.next(idx))?;
    }
    Ok(Outward { order, ancestors })
}

struct Visited {
    seen: HashSet<Index>,
    order: Vec<Index>,
    depth: Option<u32>,
    limit: usize,
    edges_left: usize,
}

impl Visited {
    /// Breadth first, from `seeds`, which are `distance` away from the start. False if a limit was reached.
    fn visit<E>(
        &mut self,
        seeds: Vec<Index>,
        distance: u32,
        mut neighbours: impl FnMut(Index) -> Result<Vec<Index>, E>,
    ) -> Result<bool, E> {
        let mut open = VecDeque::new();
        if !self.find(seeds, distance, &mut open) {
            return Ok(false);
        }
        while let Some((idx, distance)) = open.pop_front() {
            if self.depth.is_none_or(|depth| depth > distance)
                && !self.find(neighbours(idx)?, distance + 1, &mut open)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes in what has not been seen. An event has its place by the first edge to it, so that it need not be held twice.
    fn find(
        &mut self,
        found: Vec<Index>,
        distance: u32,
        open: &mut VecDeque<(Index, u32)>,
    ) -> bool {
        let Some(left) = self.edges_left.checked_sub(found.len()) else {
            return false;
        };
        self.edges_left = left;
        for idx in found {
            if self.seen.insert(idx) {
                if self.order.len() == self.limit {
                    return false;
                }
                self.order.push(idx);
                open.push_back((idx, distance));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// `prev[i]` are the predecessors of event i.
    struct Model(Vec<Vec<Index>>);

    fn at(idx: Index) -> usize {
        usize::try_from(idx).expect("indices of the model are small")
    }

    impl Graph for Model {
        type Error = Infallible;

        fn previous(&mut self, idx: Index) -> Result<Vec<Index>, Infallible> {
            Ok(self.0[at(idx)].clone())
        }

        fn next(&mut self, idx: Index) -> Result<Vec<Index>, Infallible> {
            let names = |prev: &Vec<Index>| prev.contains(&idx);
            Ok((0..)
                .zip(&self.0)
                .filter(|(_, prev)| names(prev))
                .map(|(n, _)| n)
                .collect())
        }
    }

    fn walked(
        prev: &[Vec<Index>],
        start: Index,
        direction: Direction,
        depth: Option<u32>,
    ) -> Vec<Index> {
        match walk(
            &mut Model(prev.to_vec()),
            start,
            direction,
            depth,
            usize::MAX,
        ) {
            Ok(order) => order.expect("there is no limit"),
            Err(never) => match never {},
        }
    }

    /// Two originals, merged, sent to two receivers: 0, 1 ← 2 ← 3, 4; 3 ← 5.
    fn example() -> Vec<Vec<Index>> {
        vec![vec![], vec![], vec![1, 0], vec![2], vec![2], vec![3]]
    }

    #[rstest]
    #[case(5, Direction::Backward, None, &[0, 1, 2, 3, 5])]
    #[case(5, Direction::Backward, Some(1), &[3, 5])]
    #[case(5, Direction::Backward, Some(0), &[5])]
    #[case(0, Direction::Forward, None, &[0, 2, 3, 4, 5])]
    #[case(0, Direction::Forward, Some(2), &[0, 2, 3, 4])]
    #[case(3, Direction::Both, None, &[0, 1, 2, 3, 5])]
    #[case(2, Direction::Both, Some(1), &[0, 1, 2, 3, 4])]
    #[case(2, Direction::Both, Some(0), &[2])]
    fn set_and_order_are_those_of_existing_ledgers(
        #[case] start: Index,
        #[case] direction: Direction,
        #[case] depth: Option<u32>,
        #[case] order: &[Index],
    ) {
        assert_eq!(walked(&example(), start, direction, depth), order);
    }

    #[test]
    fn edges_without_measure_are_refused() {
        // Few events, each of which names all before it, many times over.
        let dense = |names: usize| -> Vec<Vec<Index>> {
            let before = |n: Index| std::iter::repeat_n(0..n, names).flatten();
            (0..40).map(|n| before(n).collect()).collect()
        };
        let walk = |prev| {
            let Ok(found) = walk(&mut Model(prev), 39, Direction::Backward, None, 40);
            found
        };
        assert_eq!(walk(dense(10)).map(|found| found.len()), Some(40));
        assert_eq!(walk(dense(200)), None);
    }

    #[test]
    fn a_limit_refuses_instead_of_truncating() {
        let walk = |limit| walk(&mut Model(example()), 5, Direction::Backward, None, limit);
        assert_eq!(walk(4), Ok(None));
        assert!(matches!(walk(5), Ok(Some(_))));
    }

    #[test]
    fn a_chain_may_be_long() {
        let chain: Vec<Vec<Index>> = (0..10_000)
            .map(|i| if i == 0 { vec![] } else { vec![i - 1] })
            .collect();
        assert_eq!(
            walked(&chain, 9_999, Direction::Backward, None).len(),
            10_000
        );
    }

    /// The rule, written down as directly as possible: distances first, then one list a distance.
    fn by_distance(
        start: &[Index],
        first: u32,
        depth: Option<u32>,
        seen: &mut Vec<Index>,
        mut neighbours: impl FnMut(Index) -> Vec<Index>,
    ) -> Vec<Index> {
        let (mut order, mut level, mut distance) = (Vec::new(), start.to_vec(), first);
        while !level.is_empty() {
            let mut following = Vec::new();
            for idx in level {
                if seen.contains(&idx) {
                    continue;
                }
                seen.push(idx);
                order.push(idx);
                if depth.is_none_or(|depth| depth > distance) {
                    following.extend(neighbours(idx));
                }
            }
            (level, distance) = (following, distance + 1);
        }
        order
    }

    proptest! {
        #[test]
        fn walking_agrees_with_the_rule(
            edges in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..25),
            start in any::<prop::sample::Index>(),
            depth in prop::option::of(0u32..6),
        ) {
            let prev: Vec<Vec<Index>> = edges.iter().enumerate()
                .map(|(i, names)| if i == 0 { vec![] } else {
                    names.iter().map(|n| Index::try_from(n.index(i)).expect("small")).collect()
                })
                .collect();
            let start = Index::try_from(start.index(prev.len())).expect("small");
            let previous = |idx| prev[at(idx)].clone();
            let next = |idx| -> Vec<Index> {
                (0..).zip(&prev).filter(|(_, names)| names.contains(&idx)).map(|(n, _)| n).collect()
            };

            let mut backward = by_distance(&[start], 0, depth, &mut Vec::new(), previous);
            backward.reverse();
            prop_assert_eq!(walked(&prev, start, Direction::Backward, depth), backward.clone());

            let forward = by_distance(&[start], 0, depth, &mut Vec::new(), next);
            prop_assert_eq!(walked(&prev, start, Direction::Forward, depth), forward);

            let mut seen = backward.clone();
            let seeds = if depth == Some(0) { vec![] } else { next(start) };
            let mut both = backward;
            both.extend(by_distance(&seeds, 1, depth, &mut seen, next));
            prop_assert_eq!(walked(&prev, start, Direction::Both, depth), both);
        }
    }
}
