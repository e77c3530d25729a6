//! The reference: supervisors written as OTP's are, as processes with a mailbox and a script of
//! what they are in the middle of. Messages name the incarnation of a child (its "pid"), so an old
//! one is known for what it is; nothing here is shared with what is tested but the law of delays.

use std::collections::VecDeque;

use tanda_components::{
    AutoShutdown, ChildEnd, ChildSpec, Restart, Shutdown, Strategy, Supervisor,
};
use tanda_systems::supervision::backoff::delay_micros;

use crate::tree::{Did, Event, Kid, Tree, Why, end_in, end_of_supervisor};

/// A message to a supervisor.
#[derive(Clone, Copy, Debug)]
struct Exit {
    kid: usize,
    pid: u64,
    end: ChildEnd,
    at: u64,
}

/// A line of the script: what a supervisor does before it looks into its mailbox again.
#[derive(Clone, Copy, Debug)]
enum Line {
    Terminate(usize),
    AwaitDown(usize, Option<u64>),
    Bury(usize),
    Pause(u64),
    Launch(usize),
    AwaitUp(usize),
    Announce,
    Die(Why),
}

/// A running process, as its supervisor knows it.
#[derive(Clone, Copy, Debug)]
struct Process {
    pid: u64,
    alive: bool,
    ready_at: Option<u64>,
    /// It was told to go, or is on its way out by itself.
    leaves: bool,
    told: bool,
    kill_at: Option<u64>,
}

impl Process {
    fn new(pid: u64, ready_at: Option<u64>) -> Self {
        Self { pid, alive: true, ready_at, leaves: false, told: false, kill_at: None }
    }
}

#[derive(Debug)]
struct Slot {
    kid: Kid,
    spec: ChildSpec,
    process: Process,
    /// The supervisor holds a pid or a restart for it; false is OTP's `undefined`.
    known: bool,
    removed: bool,
    timer: Option<u64>,
    row: u16,
    needed: bool,
}

#[derive(Debug)]
struct Actor {
    supervisor: Supervisor,
    slots: Vec<Slot>,
    mailbox: VecDeque<Exit>,
    script: VecDeque<Line>,
    /// It is itself being started.
    init: bool,
    dying: bool,
    dead: bool,
    restarts: Vec<u64>,
    stood_still: u64,
    stands_since: Option<u64>,
    begun: u64,
    poked: bool,
}

#[derive(Debug)]
pub(crate) struct Model {
    now: u64,
    pids: u64,
    actors: Vec<Actor>,
    parents: Vec<Option<(usize, usize)>>,
    workers: Vec<(usize, usize)>,
}

impl Model {
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut model = Self {
            now: 0,
            pids: 1,
            actors: Vec::new(),
            parents: vec![None; tree.nodes.len()],
            workers: vec![(0, 0); tree.workers],
        };
        for (number, node) in tree.nodes.iter().enumerate() {
            let mut slots = Vec::new();
            for (place, &(kid, spec)) in node.children.iter().enumerate() {
                match kid {
                    Kid::Worker(worker) => model.workers[worker] = (number, place),
                    Kid::Supervisor(other) => model.parents[other] = Some((number, place)),
                }
                let process = Process::new(0, Some(0));
                let (known, removed, timer, row, needed) = (true, false, None, 0, true);
                slots.push(Slot { kid, spec, process, known, removed, timer, row, needed });
            }
            model.actors.push(Actor {
                supervisor: node.supervisor,
                slots,
                mailbox: VecDeque::new(),
                script: VecDeque::new(),
                init: false,
                dying: false,
                dead: false,
                restarts: Vec::new(),
                stood_still: 0,
                stands_since: None,
                begun: 0,
                poked: false,
            });
        }
        model
    }

    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Pass(micros) => self.now += micros,
            Event::StopAll => self.shut_down(0),
            Event::Ready(worker) => {
                let (node, kid) = self.workers[worker];
                self.actors[node].slots[kid].process.ready_at = Some(self.now);
                self.actors[node].poked = true;
            }
            Event::Hangs(worker) => {
                let (node, kid) = self.workers[worker];
                self.actors[node].slots[kid].process.leaves = true;
            }
            Event::Unneeded(worker) => {
                let (node, kid) = self.workers[worker];
                self.actors[node].slots[kid].needed = false;
            }
            Event::Gone(worker, end) => {
                let (node, kid) = self.workers[worker];
                let ready = self.actors[node].slots[kid].process.ready_at.is_some();
                self.gone(node, kid, end_in(ready, end));
            }
        }
    }

    /// A process is dead: its supervisor gets a message unless it waits for just that.
    fn gone(&mut self, node: usize, kid: usize, end: ChildEnd) {
        let now = self.now;
        let actor = &mut self.actors[node];
        actor.poked = true;
        let process = &mut actor.slots[kid].process;
        process.alive = false;
        if !process.told {
            actor.mailbox.push_back(Exit { kid, pid: process.pid, end, at: now });
        }
    }

    /// `exit(Supervisor, shutdown)`: overtakes all mail and whatever it is in the middle of.
    fn shut_down(&mut self, node: usize) {
        let actor = &mut self.actors[node];
        if !actor.dying && !actor.dead {
            actor.poked = true;
            actor.die(Why::Ordered);
        }
    }

    pub(crate) fn settle(&mut self) -> Vec<Did> {
        let mut did = Vec::new();
        let now = self.now;
        while let Some(node) = self.actors.iter().position(|actor| actor.has_work(now)) {
            self.actors[node].poked = false;
            self.actors[node].wake_clock(now);
            while self.go_on(node, &mut did) {}
            self.actors[node].rest_clock(now);
        }
        did
    }

    /// One line of the script, one message or one timer; false when there is nothing to do.
    fn go_on(&mut self, node: usize, did: &mut Vec<Did>) -> bool {
        let now = self.now;
        if let Some(&line) = self.actors[node].script.front() {
            return self.play(node, line, did);
        }
        if self.actors[node].dead {
            return false;
        }
        if let Some(exit) = self.actors[node].mailbox.pop_front() {
            self.actors[node].receive(exit, now);
            return true;
        }
        let due = |slot: &Slot| slot.timer.is_some_and(|due| due <= now);
        let Some(kid) = self.actors[node].slots.iter().position(due) else { return false };
        self.actors[node].slots[kid].timer = None;
        if self.actors[node].slots[kid].needed {
            self.launch(node, kid, did);
        } else {
            self.actors[node].slots[kid].known = false;
        }
        true
    }

    fn play(&mut self, node: usize, line: Line, did: &mut Vec<Did>) -> bool {
        let now = self.now;
        match line {
            Line::Terminate(kid) => {
                self.actors[node].script.pop_front();
                self.terminate(node, kid, did);
            }
            Line::AwaitDown(kid, deadline) => {
                let alive = self.actors[node].slots[kid].process.alive;
                if alive && deadline.is_some_and(|deadline| deadline <= now) {
                    self.actors[node].script[0] = Line::AwaitDown(kid, None);
                    self.actors[node].slots[kid].process.kill_at = None;
                    self.kill(node, kid, did);
                } else if alive {
                    return false;
                } else {
                    self.actors[node].script.pop_front();
                }
            }
            Line::Bury(from) => {
                self.actors[node].script.pop_front();
                self.actors[node].bury(from);
            }
            Line::Pause(until) => {
                if until > now {
                    return false;
                }
                self.actors[node].script.pop_front();
            }
            Line::Launch(kid) => {
                self.actors[node].script.pop_front();
                let slot = &self.actors[node].slots[kid];
                if slot.removed || !slot.needed {
                    self.actors[node].slots[kid].known = false;
                } else {
                    self.launch(node, kid, did);
                    self.actors[node].script.push_front(Line::AwaitUp(kid));
                }
            }
            Line::AwaitUp(kid) => return self.actors[node].await_up(kid),
            Line::Announce => {
                self.actors[node].script.pop_front();
                self.actors[node].init = false;
                did.push(Did::Up(node));
                if let Some((above, kid)) = self.parents[node] {
                    self.actors[above].slots[kid].process.ready_at = Some(now);
                    self.actors[above].poked = true;
                }
            }
            Line::Die(why) => {
                let actor = &mut self.actors[node];
                actor.script.clear();
                actor.dead = true;
                did.push(Did::Over(node, why));
                if let Some((above, kid)) = self.parents[node] {
                    self.gone(above, kid, end_of_supervisor(why));
                }
            }
        }
        true
    }

    fn terminate(&mut self, node: usize, kid: usize, did: &mut Vec<Did>) {
        let now = self.now;
        let slot = &mut self.actors[node].slots[kid];
        if !slot.process.alive {
            return;
        }
        let on_its_way = slot.process.leaves;
        let ready = slot.process.ready_at.is_some();
        slot.process.told = true;
        slot.process.leaves = true;
        let (kid_is, shutdown) = (slot.kid, slot.spec.shutdown);
        let deadline = match (kid_is, shutdown) {
            (Kid::Supervisor(other), _) => {
                self.shut_down(other);
                None
            }
            _ if on_its_way => slot.process.kill_at,
            (Kid::Worker(_), _) if !ready => {
                self.kill(node, kid, did);
                None
            }
            (Kid::Worker(_), Shutdown::BrutalKill | Shutdown::After { micros: 0 }) => {
                self.kill(node, kid, did);
                None
            }
            (Kid::Worker(worker), Shutdown::After { micros }) => {
                did.push(Did::Stop(worker));
                Some(now + micros)
            }
            (Kid::Worker(worker), Shutdown::Infinity) => {
                did.push(Did::Stop(worker));
                None
            }
        };
        self.actors[node].slots[kid].process.kill_at = deadline;
        self.actors[node].script.push_front(Line::AwaitDown(kid, deadline));
    }

    fn kill(&self, node: usize, kid: usize, did: &mut Vec<Did>) {
        if let Kid::Worker(worker) = self.actors[node].slots[kid].kid {
            did.push(Did::Kill(worker));
        }
    }

    fn launch(&mut self, node: usize, kid: usize, did: &mut Vec<Did>) {
        let (pid, now) = (self.pids, self.now);
        self.pids += 1;
        let slot = &mut self.actors[node].slots[kid];
        slot.process = Process::new(pid, None);
        (slot.known, slot.timer) = (true, None);
        match slot.kid {
            Kid::Worker(worker) => did.push(Did::Start(worker)),
            Kid::Supervisor(other) => self.actors[other].init(now),
        }
    }
}

impl Actor {
    fn has_work(&self, now: u64) -> bool {
        let waiting = match self.script.front() {
            Some(Line::Pause(until)) => *until <= now,
            Some(Line::AwaitDown(kid, deadline)) => {
                self.slots[*kid].process.alive && deadline.is_some_and(|deadline| deadline <= now)
            }
            Some(_) => false,
            None => {
                let due = |slot: &Slot| slot.timer.is_some_and(|due| due <= now);
                !self.dead && self.slots.iter().any(due)
            }
        };
        self.poked || waiting
    }

    /// OTP's `init`: all children from their specifications.
    fn init(&mut self, now: u64) {
        self.mailbox.clear();
        self.restarts.clear();
        self.script = (0..self.slots.len()).map(Line::Launch).collect();
        self.script.push_back(Line::Announce);
        (self.init, self.dying, self.dead, self.poked) = (true, false, false, true);
        (self.stood_still, self.stands_since, self.begun) = (0, None, now);
        for slot in &mut self.slots {
            (slot.known, slot.removed, slot.timer, slot.row) = (true, false, None, 0);
        }
    }

    fn die(&mut self, why: Why) {
        self.dying = true;
        self.script = (0..self.slots.len()).rev().map(Line::Terminate).collect();
        self.script.push_back(Line::Die(why));
    }

    fn bury(&mut self, from: usize) {
        self.mailbox.retain(|exit| exit.kid < from);
        for slot in &mut self.slots[from..] {
            slot.timer = None;
            slot.removed |= slot.spec.restart == Restart::Temporary;
            slot.known = !slot.removed;
        }
    }

    /// OTP's `handle_info({'EXIT', Pid, Reason})` and `try_again_restart`.
    fn receive(&mut self, exit: Exit, now: u64) {
        let slot = &mut self.slots[exit.kid];
        if slot.process.pid != exit.pid {
            return;
        }
        if !slot.needed {
            slot.known = false;
            if matches!(exit.end, ChildEnd::StartFailed | ChildEnd::Hopeless) {
                self.resume(exit.kid);
            }
            return;
        }
        match exit.end {
            ChildEnd::Spent => slot.timer = Some(now),
            ChildEnd::StartFailed => self.restart(exit, now),
            ChildEnd::Hopeless if slot.spec.restart != Restart::Temporary => {
                slot.known = false;
                self.die(Why::Hopeless);
            }
            ChildEnd::Normal | ChildEnd::Shutdown | ChildEnd::Failed | ChildEnd::Hopeless => {
                let abnormal = matches!(exit.end, ChildEnd::Failed | ChildEnd::Hopeless);
                let restarts = match slot.spec.restart {
                    Restart::Permanent => true,
                    Restart::Transient => abnormal,
                    Restart::Temporary => false,
                };
                if restarts {
                    return self.restart(exit, now);
                }
                slot.known = false;
                slot.removed |= slot.spec.restart == Restart::Temporary;
                if slot.spec.significant {
                    self.auto_shutdown();
                }
            }
        }
    }

    /// Starts those that were to be started after a child which nobody needs any more.
    fn resume(&mut self, from: usize) {
        if self.supervisor.strategy == Strategy::OneForOne {
            return;
        }
        for (kid, slot) in self.slots.iter().enumerate().skip(from) {
            let pid = slot.process.pid;
            let mail = self.mailbox.iter().find(|exit| exit.kid == kid && exit.pid == pid);
            match mail.map(|exit| exit.end) {
                // Its own turn comes, and takes those after it along.
                Some(ChildEnd::StartFailed | ChildEnd::Hopeless) => return,
                Some(_) => {}
                None if slot.process.alive => self.script.push_back(Line::AwaitUp(kid)),
                None if slot.known => self.script.push_back(Line::Launch(kid)),
                None => {}
            }
        }
    }

    fn auto_shutdown(&mut self) {
        let active = self.slots.iter().any(|slot| slot.spec.significant && slot.known);
        match self.supervisor.auto_shutdown {
            AutoShutdown::Never => {}
            AutoShutdown::AllSignificant if active => {}
            AutoShutdown::AnySignificant | AutoShutdown::AllSignificant => self.die(Why::Auto),
        }
    }

    /// OTP's `restart`, with the wait that is ours.
    fn restart(&mut self, exit: Exit, now: u64) {
        let seconds = (now - self.begun - self.stood_still) / 1_000_000;
        let period = u64::from(self.supervisor.period_secs);
        self.restarts.retain(|&at| at >= seconds.saturating_sub(period));
        self.restarts.push(seconds);
        let slot = &mut self.slots[exit.kid];
        if self.restarts.len() > self.supervisor.intensity as usize {
            slot.known = false;
            return self.die(Why::TooMany);
        }
        let lived = slot.process.ready_at.map(|ready| exit.at - ready);
        if lived.is_some_and(|lived| lived >= slot.spec.backoff.reset_after_micros) {
            slot.row = 0;
        }
        let delay =
            delay_micros(&slot.spec.backoff, slot.row, self.supervisor.seed, exit.kid as u16);
        slot.row += 1;
        let due = now + delay;
        let from = match self.supervisor.strategy {
            Strategy::OneForOne => {
                slot.timer = Some(due);
                return;
            }
            Strategy::OneForAll => 0,
            Strategy::RestForOne => exit.kid,
        };
        self.script = (from..self.slots.len()).rev().map(Line::Terminate).collect();
        self.script.extend([Line::Bury(from), Line::Pause(due)]);
        self.script.extend((from..self.slots.len()).map(Line::Launch));
    }

    /// Whether to go on: the child is ready, or its start has failed; not while it starts.
    fn await_up(&mut self, kid: usize) -> bool {
        let slot = &self.slots[kid];
        let failed = self.mailbox.iter().find(|exit| {
            exit.kid == kid
                && exit.pid == slot.process.pid
                && matches!(exit.end, ChildEnd::StartFailed | ChildEnd::Hopeless)
        });
        match failed.map(|exit| exit.end) {
            Some(end) if self.init => {
                let hopeless = end == ChildEnd::Hopeless;
                self.die(if hopeless { Why::Hopeless } else { Why::StartFailed });
            }
            Some(_) => self.script.clear(),
            None if slot.process.alive && slot.process.ready_at.is_none() => return false,
            None => drop(self.script.pop_front()),
        }
        true
    }

    fn wake_clock(&mut self, now: u64) {
        if let Some(since) = self.stands_since.take() {
            self.stood_still += now - since;
        }
    }

    /// The clock stands while there is nothing to do but to wait for a child's time.
    fn rest_clock(&mut self, now: u64) {
        let waits = match self.script.front() {
            Some(Line::Pause(_)) => true,
            Some(_) => false,
            None => !self.dead && self.slots.iter().any(|slot| slot.timer.is_some()),
        };
        self.stands_since = waits.then_some(now);
    }
}
