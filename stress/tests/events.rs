//! What a store tells of switches is true: whoever follows the events alone knows, at each
//! of them, the chains that run, those that are suspended as one, and who lives.

use mangrove::{Config, End, Event, EventKind, Hooks};
use mangrove_stress::model::run_told;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// What follows from the events so far.
#[derive(Default)]
struct Told {
    /// For each activation its chain, the outermost continuation first.
    activations: Vec<Vec<u32>>,
    /// Chains that are suspended as one, or fresh, by their innermost continuation.
    waiting: HashMap<u32, Vec<u32>>,
    /// Those that live, and those of them that are of calls.
    live: HashSet<u32>,
    calls: HashSet<u32>,
    parked: HashMap<u32, u64>,
    collected: HashSet<u32>,
    /// Whether there is any zeal.
    zeal: bool,
    /// How often each kind of event came.
    met: HashMap<&'static str, u64>,
}

impl Told {
    fn running(&self) -> Option<u32> {
        self.activations.last().map(|chain| *chain.last().unwrap())
    }

    /// Cuts the chain off that ends with `from`, up to but not including the handler.
    fn cut(&mut self, from: u32, handler: Option<u32>) {
        assert_eq!(self.running(), Some(from));
        let chain = self.activations.last_mut().unwrap();
        let rest = match handler {
            None => self.activations.pop().unwrap(),
            Some(handler) => {
                let at = chain.iter().position(|&id| id == handler).unwrap();
                chain.split_off(at + 1)
            }
        };
        assert!(!rest.is_empty());
        assert!(self.waiting.insert(from, rest).is_none());
    }

    fn waiting(&mut self, continuation: u32) -> Vec<u32> {
        let chain = self.waiting.remove(&continuation);
        let chain = chain.expect("a continuation that waits");
        assert_eq!(chain.last(), Some(&continuation));
        chain
    }

    fn ended(&mut self, continuation: u32, end: End) {
        assert!(self.live.remove(&continuation));
        self.calls.remove(&continuation);
        self.parked.remove(&continuation);
        if end == End::Collected {
            self.collected.insert(continuation);
            return;
        }
        assert_eq!(self.running(), Some(continuation), "{end:?}");
        let chain = self.activations.last_mut().unwrap();
        chain.pop();
        if chain.is_empty() {
            self.activations.pop();
        }
    }

    fn told(&mut self, event: &Event<'_>) {
        let by_now = self.running();
        let kind = match *event.kind() {
            EventKind::Called { continuation, .. } => {
                assert!(self.live.insert(continuation));
                assert!(self.calls.insert(continuation));
                self.activations.push(vec![continuation]);
                "called"
            }
            EventKind::Made {
                continuation,
                by,
                at,
                clone_of: None,
                ..
            } => {
                assert_eq!(by, by_now);
                assert!(at.is_some());
                assert!(self.live.insert(continuation));
                assert!(
                    self.waiting
                        .insert(continuation, vec![continuation])
                        .is_none()
                );
                "made"
            }
            EventKind::Bound {
                continuation, by, ..
            } => {
                assert_eq!(by, by_now);
                assert!(self.waiting.contains_key(&continuation));
                "bound"
            }
            EventKind::Resumed {
                continuation,
                outermost,
                by,
                stopped,
                ..
            } => {
                let chain = self.waiting(continuation);
                assert_eq!(chain[0], outermost);
                assert!(chain.len() == 1 || stopped.is_some());
                match by {
                    Some(_) => {
                        assert_eq!(by, by_now);
                        self.activations.last_mut().unwrap().extend(chain);
                    }
                    None => self.activations.push(chain),
                }
                "resumed"
            }
            EventKind::Suspended {
                continuation,
                to,
                tag,
                at,
            } => {
                assert!(tag.is_some() && at.is_some());
                self.cut(continuation, to);
                "suspended"
            }
            EventKind::Switched {
                from,
                continuation,
                handler,
                at,
                ..
            } => {
                assert!(at.is_some());
                let chain = self.waiting(continuation);
                self.cut(from, handler);
                match handler {
                    Some(_) => self.activations.last_mut().unwrap().extend(chain),
                    None => self.activations.push(chain),
                }
                "switched"
            }
            EventKind::Ended { continuation, end } => {
                self.ended(continuation, end);
                "ended"
            }
            ref other => match self.told_of_one(other) {
                Some(kind) => kind,
                None if matches!(other, EventKind::Collected(_)) => {
                    self.collected(event);
                    "collected"
                }
                None => return,
            },
        };
        *self.met.entry(kind).or_default() += 1;
    }

    /// What changes no chain.
    fn told_of_one(&mut self, event: &EventKind) -> Option<&'static str> {
        let by_now = self.running();
        Some(match *event {
            EventKind::Thrown { continuation, .. } => {
                assert_eq!(Some(continuation), by_now);
                "thrown"
            }
            EventKind::Trapped { continuation, .. } => {
                assert_eq!(continuation, by_now);
                "trapped"
            }
            EventKind::Parked {
                continuation,
                bytes,
            } => {
                assert!(self.live.contains(&continuation) && bytes > 0);
                // Between the event and the resumption there is zeal.
                let mut chains = self.activations.iter().flatten();
                assert!(self.zeal || !chains.any(|&id| id == continuation));
                assert_eq!(self.parked.insert(continuation, bytes), None);
                "parked"
            }
            EventKind::Unparked {
                continuation,
                bytes,
            } => {
                assert_eq!(self.parked.remove(&continuation), Some(bytes));
                "unparked"
            }
            _ => return None,
        })
    }

    fn collected(&mut self, event: &Event<'_>) {
        let EventKind::Collected(report) = event.kind() else {
            return;
        };
        assert_eq!(report.reclaimed as usize, self.collected.len());
        let dead = std::mem::take(&mut self.collected);
        // What is suspended as one dies as one.
        self.waiting.retain(|_, chain| {
            let gone = chain.iter().filter(|&id| dead.contains(id)).count();
            assert!(gone == 0 || gone == chain.len());
            gone == 0
        });
        self.compare(event);
    }

    fn compare(&self, event: &Event<'_>) {
        let counts = event.counts();
        let live = self.live.len() - self.calls.len();
        assert_eq!(counts.continuations as usize, live);
        assert_eq!(counts.parked as usize, self.parked.len());
        assert_eq!(counts.parked_bytes, self.parked.values().sum::<u64>());
    }
}

fn follow(seed: u64, zeal: &str) -> HashMap<&'static str, u64> {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap()).hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let told = Arc::new(Mutex::new(Told {
        zeal: zeal != "none",
        ..Told::default()
    }));
    let listener = Arc::clone(&told);
    let played = run_told(seed, 20_000, &config, move |event| {
        listener.lock().unwrap().told(event);
    });
    assert_eq!(played.unwrap().difference, None);
    let told = told.lock().unwrap();
    assert!(told.activations.is_empty());
    told.met.clone()
}

#[test]
fn who_follows_the_events_knows_the_chains() {
    for seed in [1, 2] {
        let met = follow(seed, "none");
        let kinds = [
            "called",
            "made",
            "bound",
            "resumed",
            "suspended",
            "switched",
            "ended",
            "thrown",
            "trapped",
            "collected",
            "parked",
            "unparked",
        ];
        for kind in kinds {
            assert!(met.get(kind).is_some_and(|&n| n >= 10), "{kind}: {met:?}");
        }
    }
}

#[test]
fn where_stacks_move_and_collections_are_everywhere_too() {
    follow(3, "move");
    follow(4, "switch,minor");
}
