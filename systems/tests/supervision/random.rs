//! Random trees and random events, a million of them on request:
//!
//!     TANDA_SUPERVISION_SEQUENCES=1000000 \
//!         cargo test --release -p tanda-systems --test supervision

use tanda_components::{
    AutoShutdown, Backoff, ChildEnd, ChildSpec, ChildState, Fate, Phase, Restart, Shutdown,
    Strategy, Supervisor,
};
use tanda_systems::supervision::Life;

use crate::{
    Both,
    tree::{Did, Event, Kid, Node, Tree},
};

/// Sequences of events; `TANDA_SUPERVISION_SEQUENCES` asks for more.
fn sequences_wanted() -> u64 {
    let wanted = std::env::var("TANDA_SUPERVISION_SEQUENCES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

const EVENTS: u64 = 80;

/// Random numbers from a seed (`SplitMix64`).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

fn child(dice: &mut Dice, auto_shutdown: AutoShutdown) -> ChildSpec {
    let restart =
        dice.one(&[Restart::Permanent, Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let may_be_significant = restart != Restart::Permanent && auto_shutdown != AutoShutdown::Never;
    let backoff = Backoff {
        base_micros: dice.one(&[0, 0, 300_000, 2_000_000]),
        factor_percent: dice.one(&[100, 200, 250]),
        cap_micros: dice.one(&[1_000_000, 9_000_000]),
        jitter_percent: dice.one(&[0, 30]),
        reset_after_micros: dice.one(&[500_000, 3_000_000]),
    };
    let after = |micros| Shutdown::After { micros };
    let shutdown =
        dice.one(&[Shutdown::BrutalKill, after(700_000), after(5_000_000), Shutdown::Infinity]);
    let significant = may_be_significant && dice.below(2) == 0;
    ChildSpec { restart, shutdown, significant, backoff }
}

/// Up to three levels, up to four supervisors, one to four children each.
fn tree(dice: &mut Dice) -> Tree {
    let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
    let ends = [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
    let mut tree = Tree { nodes: Vec::new(), workers: 0 };
    let mut wanted = vec![0];
    while let Some(depth) = (tree.nodes.len() < wanted.len()).then(|| wanted[tree.nodes.len()]) {
        let supervisor = Supervisor {
            strategy: dice.one(&strategies),
            intensity: dice.one(&[0, 1, 2, 3, 5, 8, 30]),
            period_secs: 1 + dice.below(4) as u32,
            auto_shutdown: dice.one(&ends),
            seed: dice.below(1 << 40),
        };
        let mut children = Vec::new();
        for _ in 0..=dice.below(4) {
            let spec = child(dice, supervisor.auto_shutdown);
            let nests = depth < 2 && wanted.len() < 4 && dice.below(3) == 0;
            if nests {
                children.push((Kid::Supervisor(wanted.len()), spec));
                wanted.push(depth + 1);
            } else {
                children.push((Kid::Worker(tree.workers), spec));
                tree.workers += 1;
            }
        }
        tree.nodes.push(Node { supervisor, children });
    }
    tree
}

fn event(dice: &mut Dice, workers: usize, both: &Both) -> Event {
    let ends = [
        ChildEnd::Normal,
        ChildEnd::Shutdown,
        ChildEnd::Failed,
        ChildEnd::Failed,
        ChildEnd::Failed,
        ChildEnd::Spent,
    ];
    let end = if dice.below(150) == 0 { ChildEnd::Hopeless } else { dice.one(&ends) };
    if workers == 0 {
        return Event::Pass(dice.below(2_000_000));
    }
    let worker = dice.below(workers as u64) as usize;
    match (dice.below(300) / 3, both.real.life(worker)) {
        (0, _) if dice.below(3) == 0 => Event::StopAll,
        (1, _) if dice.below(2) == 0 => Event::Unneeded(worker),
        (0..30, _) => Event::Pass(dice.one(&[0, 1, 200_000, 999_999, 1_000_000, 2_500_000])),
        (30..38, Life::Up) => Event::Hangs(worker),
        (30..85, Life::Starting) => Event::Ready(worker),
        (_, _) => Event::Gone(worker, end),
    }
}

/// What must hold of any supervision, whatever the model says.
fn check_laws(tree: &Tree, both: &Both, did: &[Did]) {
    for (node, running) in tree.nodes.iter().zip(&both.real.nodes) {
        let restarts = running.state.log.total();
        assert!(restarts <= node.supervisor.intensity + 1, "{restarts} restarts in the log");
        let down = running.children.iter().all(|child| child.life == Life::Down);
        assert!(!running.state.is_ended() || down, "a supervisor is gone before its children");
        let forgotten = running.children.iter().any(|child| {
            let ChildState { mail, fate, .. } = child.state;
            child.life == Life::Down && fate == Fate::Kept && mail.is_none()
        });
        assert!(running.state.phase != Phase::Up || !forgotten, "a child is forgotten");
    }
    let starts = did.iter().filter(|did| matches!(did, Did::Start(_))).count();
    assert!(starts <= tree.workers, "{did:?}");
}

#[test]
fn random_events_never_make_the_step_differ_from_the_model() {
    let wanted = sequences_wanted();
    let (mut starts, mut overs, mut stops) = (0_u64, 0_u64, 0_u64);
    for seed in 0..wanted {
        let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D));
        let tree = tree(&mut dice);
        let mut both = Both::new(&tree);
        for _ in 0..EVENTS {
            if both.real.nodes[0].state.is_ended() {
                break;
            }
            let event = event(&mut dice, tree.workers, &both);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let did = both.after(event);
                check_laws(&tree, &both, &did);
                did
            }));
            let did = outcome.unwrap_or_else(|_| panic!("sequence {seed} of {tree:#?}"));
            for did in did {
                match did {
                    Did::Start(_) => starts += 1,
                    Did::Stop(_) | Did::Kill(_) => stops += 1,
                    Did::Over(..) => overs += 1,
                    Did::Up(_) => {}
                }
            }
        }
    }
    assert!(
        starts > 3 * wanted && stops > 2 * wanted && overs > wanted / 4,
        "{starts} {stops} {overs}"
    );
}
