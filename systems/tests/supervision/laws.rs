//! The borders and the order of things, one claim each.

use tanda_components::{
    AutoShutdown, Backoff, ChildEnd, ChildSpec, Restart, Shutdown, Strategy, Supervisor,
};

use crate::{
    Both,
    tree::{Did, Event, Kid, NO_BACKOFF, Node, Tree, flat, show, spec, supervisor},
};

const SECOND: u64 = 1_000_000;

fn one(intensity: u32, period_secs: u32, spec: ChildSpec) -> Both {
    Both::new(&flat(supervisor(Strategy::OneForOne, intensity, period_secs), &[spec]))
}

/// The worker dies, and is up again at once if it is started.
fn die(both: &mut Both, worker: usize) -> String {
    let did = both.after(Event::Gone(worker, ChildEnd::Failed));
    if did.contains(&Did::Start(worker)) {
        both.after(Event::Ready(worker));
    }
    show(&did)
}

fn pass(both: &mut Both, micros: u64) -> String {
    show(&both.after(Event::Pass(micros)))
}

#[test]
fn restart_exactly_a_period_ago_still_counts() {
    let mut both = one(1, 5, spec(Restart::Permanent));
    assert_eq!(die(&mut both, 0), "start a");
    // 0.0 s and 5.999 s are 5 whole seconds apart.
    pass(&mut both, 5_999_999);
    assert_eq!(die(&mut both, 0), "S0 over: TooMany");
}

#[test]
fn restart_longer_than_a_period_ago_is_forgotten() {
    let mut both = one(1, 5, spec(Restart::Permanent));
    for _ in 0..20 {
        assert_eq!(die(&mut both, 0), "start a");
        pass(&mut both, 6 * SECOND);
    }
}

#[test]
fn as_many_restarts_as_the_intensity_are_granted_and_the_next_is_the_end() {
    for intensity in 0..7 {
        let mut both = one(intensity, 5, spec(Restart::Permanent));
        for _ in 0..intensity {
            assert_eq!(die(&mut both, 0), "start a");
        }
        assert_eq!(die(&mut both, 0), "S0 over: TooMany", "intensity {intensity}");
    }
}

#[test]
fn restart_of_all_counts_once() {
    let specs = [spec(Restart::Permanent); 10];
    let mut both = Both::new(&flat(supervisor(Strategy::OneForAll, 1, 5), &specs));
    settle(&mut both, Event::Gone(4, ChildEnd::Failed));
    let did = settle(&mut both, Event::Gone(4, ChildEnd::Failed));
    assert!(did.ends_with("S0 over: TooMany"), "{did}");
}

/// All that is done about an event, when everybody does at once what he is told.
fn settle(both: &mut Both, event: Event) -> String {
    let mut all = Vec::new();
    let mut did = both.after(event);
    while let Some(last) = did.last().copied() {
        all.append(&mut did);
        did = match last {
            Did::Start(worker) => both.after(Event::Ready(worker)),
            Did::Stop(worker) => both.after(Event::Gone(worker, ChildEnd::Normal)),
            Did::Kill(worker) => both.after(Event::Gone(worker, ChildEnd::Failed)),
            Did::Up(_) | Did::Over(..) => Vec::new(),
        };
    }
    show(&all)
}

#[test]
fn children_are_stopped_in_reverse_one_at_a_time() {
    let specs = [spec(Restart::Permanent); 4];
    let mut both = Both::new(&flat(supervisor(Strategy::OneForOne, 3, 5), &specs));
    assert_eq!(show(&both.after(Event::StopAll)), "stop d");
    assert_eq!(show(&both.after(Event::Gone(3, ChildEnd::Normal))), "stop c");
    // One that has gone by itself is passed over.
    assert_eq!(show(&both.after(Event::Gone(1, ChildEnd::Failed))), "");
    assert_eq!(show(&both.after(Event::Gone(2, ChildEnd::Failed))), "stop a");
    assert_eq!(show(&both.after(Event::Gone(0, ChildEnd::Normal))), "S0 over: Ordered");
}

#[test]
fn child_that_ignores_the_stop_is_killed_when_its_time_is_over() {
    let slow = ChildSpec { shutdown: Shutdown::After { micros: 700 }, ..spec(Restart::Permanent) };
    let mut both = one(3, 5, slow);
    assert_eq!(show(&both.after(Event::StopAll)), "stop a");
    assert_eq!(pass(&mut both, 699), "");
    assert_eq!(pass(&mut both, 1), "kill a");
    assert_eq!(pass(&mut both, 10 * SECOND), "");
    assert_eq!(show(&both.after(Event::Gone(0, ChildEnd::Failed))), "S0 over: Ordered");
}

#[test]
fn brutal_kill_asks_nobody_and_infinity_waits_for_ever() {
    let with = |shutdown| ChildSpec { shutdown, ..spec(Restart::Permanent) };
    let mut brutal = one(3, 5, with(Shutdown::BrutalKill));
    assert_eq!(show(&brutal.after(Event::StopAll)), "kill a");
    let mut patient = one(3, 5, with(Shutdown::Infinity));
    assert_eq!(show(&patient.after(Event::StopAll)), "stop a");
    assert_eq!(pass(&mut patient, 1 << 40), "");
}

fn backing_off(base_micros: u64, cap_micros: u64, reset_after_micros: u64) -> ChildSpec {
    let backoff = Backoff { base_micros, cap_micros, reset_after_micros, ..NO_BACKOFF };
    ChildSpec { backoff, ..spec(Restart::Permanent) }
}

/// The trap of systemd: with a delay above `period / intensity`, its limit is never reached.
#[test]
fn intensity_is_reached_however_long_children_wait() {
    for (base, cap) in [(10_000, 100_000), (SECOND, 60 * SECOND), (3_600 * SECOND, u64::MAX)] {
        let mut both = one(6, 5, backoff_of(base, cap));
        let mut restarts = 0;
        loop {
            let mut did = die(&mut both, 0);
            if did.is_empty() {
                // The longest wait that the law allows is over.
                did = pass(&mut both, 1 << 45);
                both.after(Event::Ready(0));
            }
            if did == "S0 over: TooMany" {
                break;
            }
            assert_eq!(did, "start a");
            restarts += 1;
            // It lives for a tenth of a second, which is no stable life.
            pass(&mut both, 100_000);
        }
        assert_eq!(restarts, 6, "base {base}");
    }
}

fn backoff_of(base_micros: u64, cap_micros: u64) -> ChildSpec {
    backing_off(base_micros, cap_micros, 10 * SECOND)
}

#[test]
fn first_restart_comes_at_once_and_the_next_ones_wait_twice_as_long_each() {
    let mut both = one(100, 5, backing_off(1_000, 6_000, SECOND));
    assert_eq!(die(&mut both, 0), "start a");
    for wait in [1_000, 2_000, 4_000, 6_000, 6_000] {
        assert_eq!(die(&mut both, 0), "", "wait {wait}");
        assert_eq!(pass(&mut both, wait - 1), "");
        assert_eq!(pass(&mut both, 1), "start a");
        both.after(Event::Ready(0));
    }
}

#[test]
fn stable_life_ends_the_row_and_a_shorter_one_does_not() {
    for (lived, at_once) in [(SECOND - 1, false), (SECOND, true)] {
        let mut both = one(100, 1, backing_off(1_000, 6_000, SECOND));
        assert_eq!(die(&mut both, 0), "start a");
        pass(&mut both, lived);
        assert_eq!(die(&mut both, 0) == "start a", at_once, "lived {lived}");
    }
}

#[test]
fn all_are_stopped_before_the_wait_and_started_after_it() {
    let specs = [backing_off(1_000, 6_000, SECOND); 2];
    let mut both = Both::new(&flat(supervisor(Strategy::OneForAll, 9, 5), &specs));
    settle(&mut both, Event::Gone(0, ChildEnd::Failed));
    assert_eq!(settle(&mut both, Event::Gone(0, ChildEnd::Failed)), "stop b");
    assert_eq!(pass(&mut both, 999), "");
    assert_eq!(pass(&mut both, 1), "start a");
}

/// A restart races with a stop: the child that starts is killed, and no other is started.
#[test]
fn stop_overtakes_a_restart() {
    let specs = [spec(Restart::Permanent); 3];
    let mut both = Both::new(&flat(supervisor(Strategy::OneForAll, 9, 5), &specs));
    assert_eq!(settle_until_start(&mut both, 1), "stop c, stop a, start a");
    assert_eq!(show(&both.after(Event::StopAll)), "kill a");
    // It became ready on the way: too late.
    assert_eq!(show(&both.after(Event::Ready(0))), "");
    assert_eq!(show(&both.after(Event::Gone(0, ChildEnd::Failed))), "S0 over: Ordered");
    assert_eq!(pass(&mut both, 60 * SECOND), "");
}

/// As `settle`, but the first child that is started stays on the way.
fn settle_until_start(both: &mut Both, victim: usize) -> String {
    let mut all = both.after(Event::Gone(victim, ChildEnd::Failed));
    while let Some(&Did::Stop(worker)) = all.last() {
        all.extend(both.after(Event::Gone(worker, ChildEnd::Normal)));
    }
    show(&all)
}

/// `S0` over `a` and `S1`, which has `b` and `c`.
fn nested(intensity_above: u32, intensity_below: u32) -> Both {
    let below = supervisor(Strategy::OneForOne, intensity_below, 5);
    let workers = |range: std::ops::Range<usize>| {
        range.map(|worker| (Kid::Worker(worker), spec(Restart::Permanent))).collect::<Vec<_>>()
    };
    let mut children = workers(0..1);
    children.push((Kid::Supervisor(1), spec(Restart::Permanent)));
    let above = supervisor(Strategy::OneForOne, intensity_above, 5);
    let nodes = vec![
        Node { supervisor: above, children },
        Node { supervisor: below, children: workers(1..3) },
    ];
    Both::new(&Tree { nodes, workers: 3 })
}

#[test]
fn supervisor_escalates_while_a_child_of_it_restarts() {
    let mut both = nested(1, 1);
    assert_eq!(show(&both.after(Event::Gone(1, ChildEnd::Failed))), "start b");
    // One restart too many while `b` starts: `b` is killed, and all begin anew.
    assert_eq!(show(&both.after(Event::Gone(2, ChildEnd::Failed))), "kill b");
    let did = both.after(Event::Gone(1, ChildEnd::Failed));
    assert_eq!(show(&did), "S1 over: TooMany, start b");
    assert_eq!(show(&both.after(Event::Ready(1))), "start c");
    assert_eq!(show(&both.after(Event::Ready(2))), "S1 up");
    // The clock of the new supervisor begins anew, too; the one above has counted.
    assert_eq!(show(&both.after(Event::Gone(1, ChildEnd::Failed))), "start b");
    both.after(Event::Ready(1));
    assert_eq!(show(&both.after(Event::Gone(1, ChildEnd::Failed))), "stop c");
    let did = both.after(Event::Gone(2, ChildEnd::Normal));
    assert_eq!(show(&did), "S1 over: TooMany, stop a");
    assert_eq!(show(&both.after(Event::Gone(0, ChildEnd::Normal))), "S0 over: TooMany");
}

#[test]
fn supervisor_whose_child_cannot_start_fails_to_start_itself() {
    let mut both = nested(2, 0);
    assert_eq!(
        settle(&mut both, Event::Gone(2, ChildEnd::Failed)),
        "stop b, S1 over: TooMany, start b, start c, S1 up"
    );
    assert_eq!(show(&both.after(Event::Gone(2, ChildEnd::Failed))), "stop b");
    assert_eq!(show(&both.after(Event::Gone(1, ChildEnd::Normal))), "S1 over: TooMany, start b");
    assert_eq!(show(&both.after(Event::Ready(1))), "start c");
    assert_eq!(show(&both.after(Event::Gone(2, ChildEnd::Failed))), "stop b");
    let did = both.after(Event::Gone(1, ChildEnd::Normal));
    assert_eq!(show(&did), "S1 over: StartFailed, stop a");
}

#[test]
fn what_can_never_work_ends_all_above_at_once() {
    let mut both = nested(9, 9);
    assert_eq!(
        settle(&mut both, Event::Gone(2, ChildEnd::Hopeless)),
        "stop b, S1 over: Hopeless, stop a, S0 over: Hopeless"
    );
}

#[test]
fn significant_children_end_their_supervisor() {
    let significant = ChildSpec { significant: true, ..spec(Restart::Transient) };
    let specs = [significant, significant, spec(Restart::Permanent)];
    let with = |auto_shutdown| {
        let supervisor = supervisor(Strategy::OneForOne, 9, 5);
        Both::new(&flat(Supervisor { auto_shutdown, ..supervisor }, &specs))
    };
    let normal = |worker| Event::Gone(worker, ChildEnd::Normal);
    let mut any = with(AutoShutdown::AnySignificant);
    assert_eq!(settle(&mut any, normal(1)), "stop c, stop a, S0 over: Auto");
    let mut all = with(AutoShutdown::AllSignificant);
    assert_eq!(settle(&mut all, normal(1)), "");
    // An abnormal end of a transient child is a restart.
    assert_eq!(settle(&mut all, Event::Gone(0, ChildEnd::Failed)), "start a");
    assert_eq!(settle(&mut all, normal(0)), "stop c, S0 over: Auto");
}

#[test]
fn temporary_child_never_comes_back_and_a_transient_one_comes_with_its_siblings() {
    let types = [Restart::Temporary, Restart::Transient, Restart::Permanent];
    let mut both = Both::new(&flat(supervisor(Strategy::OneForAll, 9, 5), &types.map(spec)));
    assert_eq!(settle(&mut both, Event::Gone(1, ChildEnd::Normal)), "");
    assert_eq!(settle(&mut both, Event::Gone(2, ChildEnd::Failed)), "stop a, start b, start c");
}

#[test]
fn mail_waits_while_children_are_restarted() {
    let specs = [spec(Restart::Permanent); 3];
    let mut both = Both::new(&flat(supervisor(Strategy::RestForOne, 9, 5), &specs));
    assert_eq!(settle_until_start(&mut both, 1), "stop c, start b");
    // `a` dies meanwhile: dealt with when `c` is up.
    assert_eq!(show(&both.after(Event::Gone(0, ChildEnd::Failed))), "");
    assert_eq!(show(&both.after(Event::Ready(1))), "start c");
    assert_eq!(show(&both.after(Event::Ready(2))), "stop c");
}

/// A thousand children crash together, and again as soon as they are up.
#[test]
fn jitter_spreads_the_restarts_of_children_that_crash_together() {
    const COUNT: usize = 1_000;
    let backoff = Backoff {
        base_micros: SECOND,
        factor_percent: 200,
        cap_micros: 30 * SECOND,
        jitter_percent: 50,
        reset_after_micros: 60 * SECOND,
    };
    let spec = ChildSpec { backoff, ..spec(Restart::Permanent) };
    let mut both = Both::new(&flat(supervisor(Strategy::OneForOne, 9_000, 5), &[spec; COUNT]));
    for round in 0..3 {
        let mut started: Vec<usize> = Vec::new();
        for worker in 0..COUNT {
            let did = both.after(Event::Gone(worker, ChildEnd::Failed));
            started.extend(did.iter().filter(|did| matches!(did, Did::Start(_))).map(|_| 0));
        }
        // The slots of 100 ms in which they start.
        let mut slot = 0;
        while started.len() < COUNT {
            started.extend(both.after(Event::Pass(100_000)).iter().map(|_| slot));
            slot += 1;
        }
        let (first, last) = (started[0], started[COUNT - 1]);
        let mean = COUNT as f64 / (last - first + 1) as f64;
        let most =
            (first..=last).map(|slot| started.iter().filter(|&&other| other == slot).count()).max();
        // The very first restart comes at once for all.
        assert!(round == 0 || most.unwrap_or(0) as f64 <= 5.0 * mean, "round {round}: {most:?}");
        (0..COUNT).for_each(|worker| drop(both.after(Event::Ready(worker))));
    }
}
