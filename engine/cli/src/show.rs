//! Progress while a scene runs: a bar per source on a terminal, else a line every few seconds.

use std::{
    io::IsTerminal,
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};

use super::say;
use tanda::progress::{Progress, SourceProgress};

const REDRAW: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(5);
/// Nothing read for so long is worth a word.
const STILL: Duration = Duration::from_secs(10);
/// So is a drain that takes so long.
const LONG_DRAIN: Duration = Duration::from_secs(3);
const DRAINING: &str = "draining: what was read is written, then outputs are closed; Ctrl-C again \
                        ends without draining";

/// Shows progress until it is dropped.
pub(super) struct Shown {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    pub(super) fn start(progress: Progress) -> Self {
        let (end, ended) = mpsc::channel();
        let show = move || {
            if std::io::stderr().is_terminal() {
                draw_bars(&progress, &ended);
            } else {
                print_lines(&progress, &ended);
            }
        };
        // Without a thread there is no progress to see, and nothing else is lost.
        let thread = thread::Builder::new().name("tanda-progress".into()).spawn(show).ok();
        Self { end: Some(end), thread }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Shows progress until the run has ended, by `each` every now and then, and by `tell` that it
/// drains and what it waits for: when the user asks, and when nothing has been read for a while.
fn redraw(
    progress: &Progress,
    ended: &mpsc::Receiver<()>,
    mut tell: impl FnMut(&str),
    mut each: impl FnMut(),
) {
    let mut draining = false;
    let mut still = Stillness::default();
    while ended.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
        if progress.is_draining() && !draining {
            draining = true;
            tell(DRAINING);
            still = Stillness { wait: LONG_DRAIN, since: Instant::now(), ..still };
        }
        if still.is_to_be_explained(progress, Instant::now()) {
            // The engine hears it as if the user had asked; without signals it cannot.
            let _ = kill(Pid::this(), Signal::SIGUSR1);
        }
        progress.told().iter().for_each(|told| tell(told.trim_end()));
        each();
    }
}

/// Since when nothing has been read.
struct Stillness {
    rows: Vec<(u64, u64)>,
    since: Instant,
    wait: Duration,
}

impl Default for Stillness {
    fn default() -> Self {
        Self { rows: Vec::new(), since: Instant::now(), wait: STILL }
    }
}

impl Stillness {
    /// After [`STILL`], then after twice as long, and so on.
    fn is_to_be_explained(&mut self, progress: &Progress, now: Instant) -> bool {
        let rows: Vec<_> = progress.sources.iter().map(SourceProgress::read).collect();
        if rows != self.rows {
            *self = Self { rows, since: now, wait: STILL };
            return false;
        }
        let over = now.saturating_duration_since(self.since) >= self.wait;
        self.wait *= if over { 2 } else { 1 };
        over
    }
}

fn draw_bars(progress: &Progress, ended: &mpsc::Receiver<()>) {
    let all = MultiProgress::new();
    let bars: Vec<ProgressBar> =
        progress.sources.iter().map(|source| all.add(bar(source))).collect();
    // Nobody can be told where standard error cannot be written.
    let tell = |told: &str| drop(all.println(told));
    redraw(progress, ended, tell, || {
        for (bar, source) in bars.iter().zip(&progress.sources) {
            let (bytes, rows) = source.read();
            if bytes != bar.position() {
                bar.set_position(bytes);
                bar.set_message(format!("{} rows", HumanCount(rows)));
            }
        }
    });
    bars.iter().for_each(ProgressBar::finish_and_clear);
}

fn bar(source: &SourceProgress) -> ProgressBar {
    let template = match source.bytes_total {
        Some(_) => "{prefix} {bar:30} {percent:>3}% {binary_bytes_per_sec} {msg} {eta}",
        None => "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec} {msg}",
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = source.bytes_total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    bar.with_style(style).with_prefix(source.name.clone())
}

fn tell_line(told: &str) {
    say(format_args!("{told}\n"));
}

fn print_lines(progress: &Progress, ended: &mpsc::Receiver<()>) {
    let started = Instant::now();
    let (mut last, mut due) = (Vec::new(), LINE);
    redraw(progress, ended, tell_line, || {
        if started.elapsed() < due {
            return;
        }
        due += LINE;
        let now: Vec<_> = progress.sources.iter().map(SourceProgress::read).collect();
        if now == last {
            return;
        }
        for (source, (bytes, rows)) in progress.sources.iter().zip(&now) {
            let share = source.bytes_total.filter(|&total| total > 0);
            let share =
                share.map_or_else(String::new, |total| format!(" ({}%)", bytes * 100 / total));
            let seconds = started.elapsed().as_secs();
            let (name, rows) = (&source.name, HumanCount(*rows));
            say(format_args!("{seconds:>5} s  {name}: {rows} rows read{share}\n"));
        }
        last = now;
    });
}
