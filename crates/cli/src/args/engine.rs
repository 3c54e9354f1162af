//! The settings of the engine, on the command line.

use super::numbers::parse_size;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use mangrove::{
    Config, ContinuationsInObjects, GuardKind, Hooks, MemoryChecks, MemoryLimit, OptLevel,
    ParkPolicy, Zeal,
};

/// The words for some values, and what help says of each.
type Choices<T, const N: usize = 3> = [(&'static str, T, &'static str); N];

const GUARDS: Choices<GuardKind> = [
    (
        "auto",
        GuardKind::Auto,
        "Lightweight where the kernel has it",
    ),
    (
        "lightweight",
        GuardKind::Lightweight,
        "Guard regions, of Linux 6.13 and later",
    ),
    (
        "mprotect",
        GuardKind::Mprotect,
        "Protected pages: two mappings to a stack",
    ),
];

const POLICIES: Choices<ContinuationsInObjects, 2> = [
    (
        "reject",
        ContinuationsInObjects::Reject,
        "No: modules in which they could are rejected",
    ),
    (
        "trace",
        ContinuationsInObjects::Trace,
        "Yes: collections follow continuations out of objects",
    ),
];

const CHECKS: Choices<MemoryChecks> = [
    (
        "auto",
        MemoryChecks::Auto,
        "By reservation where there is much address space, else explicitly",
    ),
    (
        "reservation",
        MemoryChecks::Reservation,
        "By reserving what an access can address",
    ),
    (
        "explicit",
        MemoryChecks::Explicit,
        "By comparing with the memory's size",
    ),
];

const LEVELS: Choices<OptLevel, 4> = [
    (
        "frame",
        OptLevel::Frame,
        "Operands and locals in the frame, as in functions too large for another level",
    ),
    ("none", OptLevel::None, "Quick compilation"),
    (
        "speed",
        OptLevel::Speed,
        "Fast code, with functions as they were written",
    ),
    (
        "inline",
        OptLevel::Inline,
        "Fast code, with small functions compiled into those that call them",
    ),
];

fn choice<T, const N: usize>(choices: &'static Choices<T, N>) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let words = choices
        .iter()
        .map(|&(word, _, help)| PossibleValue::new(word).help(help));
    PossibleValuesParser::new(words).map(|given| {
        let found = choices.iter().find(|&&(word, ..)| word == given);
        found.expect("one of the words that are possible").1
    })
}

/// Settings of the engine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Whether code calls the runtime at each switch, because `--trace` asks for it.
    #[arg(skip)]
    pub switches: bool,
    /// Collect beyond need: none, alloc, alloc:N, switch, call, move, interrupt, random:N, minor,
    /// joined with commas; minor says what the others collect
    #[arg(long, value_name = "MODES", value_parser = parse_zeal)]
    pub zeal: Option<Zeal>,
    /// Whether structs, arrays and exceptions may hold continuations [default: reject]
    #[arg(long, value_name = "POLICY", value_parser = choice(&POLICIES))]
    pub continuations_in_objects: Option<ContinuationsInObjects>,
    /// Let programs clone continuations: experimental, in no proposal. `mangrove clone_cont`
    /// can then be imported
    #[arg(long)]
    pub continuation_clone: bool,
    /// Most bytes of live objects, like 64M; less than 2G. A collection takes up to
    /// twice as much [default: 1G, or what address space and memory limit have room for]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub heap_max: Option<u64>,
    /// Bytes of the young space at first, and at least, like 512K [default: 1M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub young_min: Option<u64>,
    /// Bytes the young space may grow to where much of it survives, at most 64M and a
    /// quarter of the heap [default: 16M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub young_max: Option<u64>,
    /// Bytes of each stack, like 64K [default: 256K for continuations, 1M for calls]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub stack_size: Option<u64>,
    /// Bytes of the stack that a call begins on, like 8M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub initial_stack_size: Option<u64>,
    /// Most continuations at a time, like 1000 or 2M
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub continuations_max: Option<u64>,
    /// Most bytes of stacks in use at a time, like 256M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub stack_bytes_max: Option<u64>,
    /// Most continuations that may have resumed each other
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub nesting_max: Option<u64>,
    /// Park what this many collections in a row have found untouched
    #[arg(long, value_name = "COUNT")]
    pub park_after: Option<u32>,
    /// Let collections park nothing while fewer stacks than this are in use
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub park_keep: Option<u64>,
    /// Park an eighth when this many stacks are in use and one more is wanted
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub park_most: Option<u64>,
    /// Park nothing
    #[arg(long, conflicts_with_all = ["park_after", "park_keep", "park_most"])]
    pub no_park: bool,
    /// Most bytes a memory may grow to, like 16M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory_max: Option<u64>,
    /// How accesses to 32-bit memories are checked: by reserving 8 GiB for each, or
    /// with explicit comparisons [default: by reservation, explicitly where less than
    /// 64G of address space may be reserved]
    #[arg(long, value_name = "HOW", value_parser = choice(&CHECKS))]
    pub memory_checks: Option<MemoryChecks>,
    /// Most bytes of address space to reserve for heap, stacks, memories, types and
    /// code together, like 1G [default: three quarters of what ulimit -v leaves]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub address_space: Option<u64>,
    /// Most bytes of memory for heap (twice --heap-max), stacks, memories and tables
    /// together, like 256M; cgroup for what the control group's memory.max leaves
    #[arg(long, value_name = "SIZE|cgroup", value_parser = parse_memory_limit)]
    pub memory_limit: Option<MemoryLimit>,
    /// Most elements a table may grow to, like 1000 or 2M
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub table_max: Option<u64>,
    /// Most instances in a store
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub instances_max: Option<u64>,
    /// Most calls from the host that may be active inside each other
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub activations_max: Option<u64>,
    /// How hard to optimise
    #[arg(long, value_name = "LEVEL", value_parser = choice(&LEVELS))]
    pub opt_level: Option<OptLevel>,
    /// Give the canonical NaN wherever arithmetic gives one
    #[arg(long)]
    pub canonical_nans: bool,
    /// How to guard the low end of stacks
    #[arg(long, value_name = "KIND", value_parser = choice(&GUARDS))]
    pub guard: Option<GuardKind>,
    /// Start each continuation on a stack whose memory is new: slow, for tests
    #[arg(long)]
    pub fresh_stacks: bool,
    /// Let programs import weak_new, weak_get, watch and next_dead of the module mangrove
    #[arg(long)]
    pub weak_references: bool,
    /// Validate modules as Wasm 3.0, without stack switching
    #[arg(long)]
    pub no_stack_switching: bool,
}

impl EngineArgs {
    /// The engine's settings; what is not given keeps its default.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        if let Some(zeal) = self.zeal {
            config.zeal(zeal);
        }
        if let Some(policy) = self.continuations_in_objects {
            config.continuations_in_objects(policy);
        }
        config.continuation_clone(self.continuation_clone);
        if let Some(bytes) = self.heap_max {
            config.heap_max(bytes);
        }
        if let Some(bytes) = self.young_min {
            config.young_min(bytes);
        }
        if let Some(bytes) = self.young_max {
            config.young_max(bytes);
        }
        if let Some(bytes) = self.stack_size {
            config.stack_size(count(bytes));
        }
        if let Some(bytes) = self.initial_stack_size {
            config.initial_stack_size(count(bytes));
        }
        if let Some(most) = self.continuations_max {
            config.continuations_max(count(most));
        }
        if let Some(bytes) = self.stack_bytes_max {
            config.stack_bytes_max(bytes);
        }
        if let Some(most) = self.nesting_max {
            config.nesting_max(count(most));
        }
        config.park(self.park_policy());
        if let Some(bytes) = self.memory_max {
            config.memory_max(bytes);
        }
        if let Some(checks) = self.memory_checks {
            config.memory_checks(checks);
        }
        if let Some(bytes) = self.address_space {
            config.address_space(bytes);
        }
        if let Some(limit) = self.memory_limit {
            config.memory_limit(limit);
        }
        if let Some(elements) = self.table_max {
            config.table_max(elements);
        }
        if let Some(most) = self.instances_max {
            config.instances_max(count(most));
        }
        if let Some(most) = self.activations_max {
            config.activations_max(count(most));
        }
        config.hooks(Hooks {
            switches: self.switches,
            ..Hooks::default()
        });
        config.canonical_nans(self.canonical_nans);
        config.stack_switching(!self.no_stack_switching);
        config.weak_references(self.weak_references);
        config.fresh_stacks(self.fresh_stacks);
        if let Some(kind) = self.guard {
            config.guard(kind);
        }
        if let Some(level) = self.opt_level {
            config.opt_level(level);
        }
        config
    }

    fn park_policy(&self) -> ParkPolicy {
        if self.no_park {
            return ParkPolicy::NEVER;
        }
        let policy = ParkPolicy::default();
        ParkPolicy {
            after: self.park_after.unwrap_or(policy.after),
            keep: self.park_keep.map_or(policy.keep, count),
            most: self.park_most.map_or(policy.most, count),
        }
    }
}

/// A count of things in memory; one that does not fit limits nothing.
fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn parse_zeal(text: &str) -> Result<Zeal, String> {
    text.parse()
        .map_err(|error: mangrove::Error| error.to_string())
}

/// A size, or `cgroup`.
fn parse_memory_limit(text: &str) -> Result<MemoryLimit, String> {
    match text {
        "cgroup" => Ok(MemoryLimit::Cgroup),
        _ => parse_size(text)
            .map(MemoryLimit::Bytes)
            .map_err(|error| format!("{error}, or cgroup")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_limits() {
        assert_eq!(parse_memory_limit("64M"), Ok(MemoryLimit::Bytes(64 << 20)));
        assert_eq!(parse_memory_limit("cgroup"), Ok(MemoryLimit::Cgroup));
        assert!(parse_memory_limit("group").is_err());
    }
}
