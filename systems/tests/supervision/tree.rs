//! Trees of supervisors, what can happen to them, and what they do.

use tanda_components::{
    AutoShutdown, Backoff, ChildEnd, ChildSpec, Restart, Shutdown, Strategy, Supervisor,
};

/// A child in a tree: a worker by its number, or a supervisor by its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kid {
    Worker(usize),
    Supervisor(usize),
}

/// One supervisor and its children in start order. Number 0 is the top one.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) supervisor: Supervisor,
    pub(crate) children: Vec<(Kid, ChildSpec)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) workers: usize,
}

/// What happens outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A worker that starts is ready.
    Ready(usize),
    /// A worker is gone. `end` is what it means if nobody told it to go and it was ready.
    Gone(usize, ChildEnd),
    /// A worker that is ready hangs and is on its way out, though its supervisor did not say so.
    Hangs(usize),
    /// There is nothing left for a worker to do.
    Unneeded(usize),
    /// Time passes, microseconds.
    Pass(u64),
    /// The top supervisor is told to stop.
    StopAll,
}

/// What a tree does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Start(usize),
    Stop(usize),
    Kill(usize),
    /// A supervisor is up again.
    Up(usize),
    /// A supervisor is gone, and why.
    Over(usize, Why),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Ordered,
    StartFailed,
    TooMany,
    Hopeless,
    Auto,
}

/// How the end of a supervisor looks from above.
pub(crate) fn end_of_supervisor(why: Why) -> ChildEnd {
    match why {
        Why::StartFailed => ChildEnd::StartFailed,
        Why::Hopeless => ChildEnd::Hopeless,
        Why::TooMany | Why::Auto | Why::Ordered => ChildEnd::Shutdown,
    }
}

/// A worker's end as its life makes it.
pub(crate) fn end_in(ready: bool, end: ChildEnd) -> ChildEnd {
    match end {
        ChildEnd::Hopeless => ChildEnd::Hopeless,
        _ if !ready => ChildEnd::StartFailed,
        ChildEnd::StartFailed => ChildEnd::Failed,
        ChildEnd::Normal | ChildEnd::Shutdown | ChildEnd::Failed | ChildEnd::Spent => end,
    }
}

pub(crate) const NO_BACKOFF: Backoff = Backoff {
    base_micros: 0,
    factor_percent: 200,
    cap_micros: 0,
    jitter_percent: 0,
    reset_after_micros: 1_000_000,
};

pub(crate) fn supervisor(strategy: Strategy, intensity: u32, period_secs: u32) -> Supervisor {
    Supervisor { strategy, intensity, period_secs, auto_shutdown: AutoShutdown::Never, seed: 7 }
}

pub(crate) fn spec(restart: Restart) -> ChildSpec {
    let shutdown = Shutdown::After { micros: 5_000_000 };
    ChildSpec { restart, shutdown, significant: false, backoff: NO_BACKOFF }
}

/// One supervisor over workers.
pub(crate) fn flat(supervisor: Supervisor, specs: &[ChildSpec]) -> Tree {
    let children = specs.iter().enumerate().map(|(n, &spec)| (Kid::Worker(n), spec)).collect();
    Tree { nodes: vec![Node { supervisor, children }], workers: specs.len() }
}

/// Names of workers and supervisors in texts: `a`, `b`, …, and `S0`, `S1`, ….
pub(crate) fn show(did: &[Did]) -> String {
    let name = |worker: usize| char::from(b'a' + worker as u8);
    let one = |did: &Did| match *did {
        Did::Start(worker) => format!("start {}", name(worker)),
        Did::Stop(worker) => format!("stop {}", name(worker)),
        Did::Kill(worker) => format!("kill {}", name(worker)),
        Did::Up(node) => format!("S{node} up"),
        Did::Over(node, why) => format!("S{node} over: {why:?}"),
    };
    did.iter().map(one).collect::<Vec<_>>().join(", ")
}
