//! What a worker writes to its log pipe: lines for the engine's log, and the last ones for the
//! report of its end.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::spawner::leave_stop_signals;

/// Lines that are kept for the report of an end.
const LINES_KEPT: usize = 8;
/// A longer line is cut.
const LINE_BYTES_MAX: u64 = 4 << 10;
/// Lines that go to the engine's log in one second; the rest is counted.
const LINES_PER_SECOND_MAX: u32 = 100;

/// How long the last words of a dead worker are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last lines of a worker's log.
#[derive(Clone, Default)]
struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn get(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The log of one worker.
pub(super) struct Log {
    lines: LastLines,
    ended: mpsc::Receiver<()>,
}

impl Log {
    /// Reads the pipe to its end on a thread of its own; the thread ends with the worker.
    pub(super) fn follow(stage: String, pipe: ChildStderr) -> std::io::Result<Self> {
        let lines = LastLines::default();
        let kept = lines.clone();
        let (end, ended) = mpsc::channel();
        thread::Builder::new().name("tanda-log".into()).stack_size(128 << 10).spawn(move || {
            leave_stop_signals();
            read_lines(&stage, pipe, &kept);
            drop(end);
        })?;
        Ok(Self { lines, ended })
    }

    /// The last lines of a worker that is dead, oldest first. The pipe ends with it, unless a
    /// process that it started holds the other end: nobody waits for that one.
    pub(super) fn last_words(&self) -> Vec<String> {
        // Disconnected: the end was read.
        let _ = self.ended.recv_timeout(PATIENCE);
        self.lines.get()
    }
}

fn read_lines(stage: &str, pipe: ChildStderr, kept: &LastLines) {
    let mut pipe = BufReader::new(pipe);
    let mut second = Second::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut pipe).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let text = printable(&line);
        if text.is_empty() {
            continue;
        }
        if second.admits(stage) {
            write_line(stage, &text);
        }
        kept.push(text);
    }
    second.tell_dropped(stage);
}

/// The worker is a foreigner: nothing of what it writes may steer the user's terminal.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end()
        .chars()
        .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
        .collect()
}

fn write_line(stage: &str, text: &str) {
    let text = text.trim_start();
    let (level, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_start();
    match level {
        "ERROR" => tracing::error!(target: "tanda::plugin", stage, "{rest}"),
        "WARN" => tracing::warn!(target: "tanda::plugin", stage, "{rest}"),
        "INFO" => tracing::info!(target: "tanda::plugin", stage, "{rest}"),
        "DEBUG" => tracing::debug!(target: "tanda::plugin", stage, "{rest}"),
        "TRACE" => tracing::trace!(target: "tanda::plugin", stage, "{rest}"),
        _ => tracing::warn!(target: "tanda::plugin", stage, "{text}"),
    }
}

/// Bounds how much of a flood reaches the log.
struct Second {
    began: Instant,
    lines: u32,
    dropped: u64,
}

impl Second {
    fn new() -> Self {
        Self { began: Instant::now(), lines: 0, dropped: 0 }
    }

    fn admits(&mut self, stage: &str) -> bool {
        if self.began.elapsed() >= Duration::from_secs(1) {
            self.tell_dropped(stage);
            *self = Self::new();
        }
        self.lines += 1;
        let admitted = self.lines <= LINES_PER_SECOND_MAX;
        self.dropped += u64::from(!admitted);
        admitted
    }

    fn tell_dropped(&self, stage: &str) {
        if self.dropped > 0 {
            let dropped = self.dropped;
            tracing::warn!(target: "tanda::plugin", stage, "{dropped} more lines were dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_worker_cannot_steer_the_terminal() {
        assert_eq!(printable(b"WARN \x1b[2Jgone\x07\r\n"), "WARN \u{fffd}[2Jgone\u{fffd}");
    }

    #[test]
    fn flood_is_counted_and_not_passed_on() {
        let mut second = Second::new();
        let admitted = (0..1_000).filter(|_| second.admits("stage")).count();
        assert_eq!((admitted, second.dropped), (100, 900));
    }
}
