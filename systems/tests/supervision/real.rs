//! The decisions under test, driven as the engine's system drives them, without a world.

use tanda_components::{
    ChildEnd, ChildState, EngineTime, Mail, SupervisorEnd, SupervisorState, Told,
};
use tanda_systems::supervision::{
    ChildView, Life, Order, advance_clock, begin, end_above, next_wake, step,
};

use crate::tree::{Did, Event, Kid, Tree, Why, end_in};

pub(crate) struct Real {
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Running>,
    tree: Tree,
    /// Where each worker, and each supervisor, is a child.
    worker_at: Vec<(usize, usize)>,
    node_at: Vec<Option<(usize, usize)>>,
}

pub(crate) struct Running {
    pub(crate) state: SupervisorState,
    pub(crate) children: Vec<ChildView>,
}

fn why(end: SupervisorEnd) -> Why {
    match end {
        SupervisorEnd::Ordered => Why::Ordered,
        SupervisorEnd::StartFailed { .. } => Why::StartFailed,
        SupervisorEnd::TooManyRestarts { .. } => Why::TooMany,
        SupervisorEnd::Hopeless { .. } => Why::Hopeless,
        SupervisorEnd::AutoShutdown { .. } => Why::Auto,
    }
}

impl Real {
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut worker_at = vec![(0, 0); tree.workers];
        let mut node_at = vec![None; tree.nodes.len()];
        let mut nodes = Vec::new();
        for (number, node) in tree.nodes.iter().enumerate() {
            let mut children = Vec::new();
            for (place, &(kid, spec)) in node.children.iter().enumerate() {
                match kid {
                    Kid::Worker(worker) => worker_at[worker] = (number, place),
                    Kid::Supervisor(other) => node_at[other] = Some((number, place)),
                }
                children.push(ChildView {
                    spec,
                    state: ChildState::default(),
                    life: Life::Up,
                    needed: true,
                    supervises: matches!(kid, Kid::Supervisor(_)),
                });
            }
            nodes.push(Running { state: SupervisorState::default(), children });
        }
        Self { now: 0, nodes, tree: tree.clone(), worker_at, node_at }
    }

    fn time(&self) -> EngineTime {
        EngineTime::from_micros(self.now)
    }

    pub(crate) fn life(&self, worker: usize) -> Life {
        let (node, place) = self.worker_at[worker];
        self.nodes[node].children[place].life
    }

    pub(crate) fn is_ready(&self, worker: usize) -> bool {
        let (node, place) = self.worker_at[worker];
        self.nodes[node].children[place].state.up_since.is_some()
    }

    fn gone(&mut self, node: usize, place: usize, end: ChildEnd) {
        let at = self.time();
        let running = &mut self.nodes[node];
        let number = running.state.next_mail();
        let child = &mut running.children[place];
        child.life = Life::Down;
        let told = child.state.told != Told::Nothing;
        child.state.mail = (!told).then_some(Mail { end, at, number });
    }

    /// Lets something happen; false if it cannot.
    pub(crate) fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Pass(micros) => {
                self.now += micros;
                return true;
            }
            Event::StopAll => {
                self.nodes[0].state.order_stop();
                return true;
            }
            Event::Ready(worker) => {
                let now = self.time();
                let (node, place) = self.worker_at[worker];
                let child = &mut self.nodes[node].children[place];
                if child.life != Life::Starting {
                    return false;
                }
                child.life = Life::Up;
                child.state.up_since = Some(now);
                self.nodes[node].state.roused = true;
            }
            Event::Hangs(worker) => {
                let (node, place) = self.worker_at[worker];
                let child = &mut self.nodes[node].children[place];
                if child.life != Life::Up {
                    return false;
                }
                child.life = Life::Stopping;
            }
            Event::Unneeded(worker) => {
                let (node, place) = self.worker_at[worker];
                self.nodes[node].children[place].needed = false;
            }
            Event::Gone(worker, end) => {
                if self.life(worker) == Life::Down {
                    return false;
                }
                let (node, place) = self.worker_at[worker];
                let end = end_in(self.is_ready(worker), end);
                self.gone(node, place, end);
            }
        }
        true
    }

    /// Runs every supervisor that has something to do, the topmost first, until none has.
    pub(crate) fn settle(&mut self) -> Vec<Did> {
        let mut did = Vec::new();
        let now = self.time();
        loop {
            let busy = |running: &Running| {
                running.state.roused || running.state.wake.is_some_and(|wake| wake <= now)
            };
            let Some(node) = self.nodes.iter().position(busy) else { return did };
            self.nodes[node].state.roused = false;
            advance_clock(now, &mut self.nodes[node].state);
            loop {
                let running = &mut self.nodes[node];
                let supervisor = &self.tree.nodes[node].supervisor;
                let order = step(now, supervisor, &mut running.state, &mut running.children);
                let Some(order) = order else { break };
                self.apply(node, order, &mut did);
            }
            let running = &mut self.nodes[node];
            (running.state.wake, running.state.waits) =
                next_wake(now, &running.state, &running.children);
        }
    }

    fn apply(&mut self, node: usize, order: Order, did: &mut Vec<Did>) {
        let kid = |place: u16| self.tree.nodes[node].children[usize::from(place)].0;
        match order {
            Order::Leave(_) => {}
            Order::Start(place) => match kid(place) {
                Kid::Worker(worker) => did.push(Did::Start(worker)),
                Kid::Supervisor(other) => self.start_node(other),
            },
            Order::Stop(place) => match kid(place) {
                Kid::Worker(worker) => did.push(Did::Stop(worker)),
                Kid::Supervisor(other) => self.nodes[other].state.order_stop(),
            },
            Order::Kill(place) => match kid(place) {
                Kid::Worker(worker) => did.push(Did::Kill(worker)),
                Kid::Supervisor(_) => panic!("a supervisor is never killed"),
            },
            Order::Started => {
                did.push(Did::Up(node));
                if let Some((above, place)) = self.node_at[node] {
                    let now = self.time();
                    let child = &mut self.nodes[above].children[place];
                    child.life = Life::Up;
                    child.state.up_since = Some(now);
                    self.nodes[above].state.roused = true;
                }
            }
            Order::Exit(end) => {
                let why = why(end);
                did.push(Did::Over(node, why));
                if let Some((above, place)) = self.node_at[node] {
                    self.gone(above, place, end_above(end));
                }
            }
        }
        self.mirror(node);
    }

    /// The supervisor begins anew, with all of its children.
    fn start_node(&mut self, node: usize) {
        let now = self.time();
        let running = &mut self.nodes[node];
        running.state = begin(now, &running.state);
        for child in &mut running.children {
            let restarts = child.state.restarts;
            child.state = ChildState { restarts, up_since: None, ..ChildState::default() };
        }
    }

    /// A supervisor's life is seen from above.
    fn mirror(&mut self, node: usize) {
        if let Some((above, place)) = self.node_at[node] {
            self.nodes[above].children[place].life = Life::from(&self.nodes[node].state);
        }
    }
}
