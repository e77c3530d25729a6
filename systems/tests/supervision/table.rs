//! Every strategy, every restart type, every way to end: what is done, and that the model does the
//! same.

use std::fmt::Write as _;

use expect_test::expect_file;
use tanda_components::{ChildEnd, ExitReason, Restart, Strategy};
use tanda_systems::supervision::{Life, end_of};

use crate::{
    Both,
    tree::{Did, Event, flat, show, spec, supervisor},
};

/// How the child in the middle ends. A failed or hanging start follows an error.
const WAYS: [(&str, ExitReason); 9] = [
    ("normal", ExitReason::Exited { code: 0 }),
    ("shutdown", ExitReason::Exited { code: 0 }),
    ("error", ExitReason::Exited { code: 1 }),
    ("SIGKILL", ExitReason::Signalled { signal: 9 }),
    ("SIGSEGV", ExitReason::Signalled { signal: 11 }),
    ("SIGSYS", ExitReason::Signalled { signal: 31 }),
    ("hang", ExitReason::TimedOut),
    ("start fails", ExitReason::Exited { code: 1 }),
    ("start hangs", ExitReason::StartTimedOut),
];

const MIDDLE: usize = 1;

/// Three children, of which the middle one is of type `restart` and ends: all that is done, until
/// everything that was told to go has gone, and everything that was started is up.
fn cell(strategy: Strategy, restart: Restart, (way, reason): (&str, ExitReason)) -> String {
    let specs = [Restart::Permanent, restart, Restart::Permanent].map(spec);
    let mut both = Both::new(&flat(supervisor(strategy, 5, 5), &specs));
    let mut fails = u8::from(way.starts_with("start "));
    let mut did = if way == "hang" { both.after(Event::Hangs(MIDDLE)) } else { Vec::new() };
    let first = match way {
        "shutdown" => ChildEnd::Shutdown,
        _ if fails > 0 => ChildEnd::Failed,
        _ => end_of(reason, false, false),
    };
    let mut todo = both.after(Event::Gone(MIDDLE, first));
    while let Some(last) = todo.last().copied() {
        did.append(&mut todo);
        let next = match last {
            Did::Start(MIDDLE) if fails > 0 => {
                fails -= 1;
                Event::Gone(MIDDLE, end_of(reason, true, false))
            }
            Did::Start(worker) => Event::Ready(worker),
            Did::Stop(worker) => Event::Gone(worker, ChildEnd::Normal),
            Did::Kill(worker) => Event::Gone(worker, ChildEnd::Failed),
            Did::Up(_) | Did::Over(..) => break,
        };
        todo = both.after(next);
    }
    let starting = (0..3).any(|worker| both.real.life(worker) == Life::Starting);
    assert!(!starting, "{strategy:?} {restart:?} {way}: not all is over");
    show(&did)
}

#[test]
fn every_cell_of_strategy_restart_type_and_way_to_end() {
    let mut text = String::new();
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            let _ = writeln!(text, "{strategy:?} {restart:?}");
            for way in WAYS {
                let _ = writeln!(text, "  {:<12} {}", way.0, cell(strategy, restart, way));
            }
        }
    }
    // No line ends in spaces, whatever the editor.
    let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    expect_file!["./table.txt"].assert_eq(&text);
}
