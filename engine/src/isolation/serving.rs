//! One living worker, served until it is gone: answers are taken, its end is seen.

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tanda_components::ExitReason;
use tanda_ipc::{EngineEnd, Slot};
use tanda_plugin_host::Bound;

use super::WorkerProcess;
use super::answers::{Answers, Lie};
use super::feed::{Asked, Feed, Pending, Releases, lock};
use super::life::Life;
use super::thread::Told;

/// The thread's side of one living worker.
pub(super) struct Serving {
    end: Arc<Mutex<EngineEnd>>,
    bell: OwnedFd,
    asked: Asked,
    /// The command that is being answered.
    current: Option<Pending>,
    answers: Answers,
    life: Life,
}

impl Serving {
    pub(super) fn new(process: WorkerProcess) -> (Feed, Self) {
        let bound: Bound = process.bound().expect("workers are bound before they serve").clone();
        let WorkerProcess { channel, end, bell, life, segment, shared, level, .. } = process;
        let end = Arc::new(Mutex::new(end));
        let asked = Asked::new(Mutex::new(VecDeque::new()));
        let releases = Releases::default();
        let answers =
            Answers::new(Arc::clone(&shared), segment, level, &bound, Arc::clone(&releases));
        let feed = Feed {
            end: Arc::clone(&end),
            asked: Arc::clone(&asked),
            releases,
            channel: Arc::new(channel),
            shared,
            killer: life.killer(),
            next_token: 1,
            told: BTreeSet::new(),
            told_count: 0,
            scratch: Vec::new(),
        };
        (feed, Self { end, bell, asked, current: None, answers, life })
    }

    /// Serves until the worker is gone; says why it went. `feed` is handed on when the state that
    /// was given first has been restored, or at once if none was.
    pub(super) fn serve(
        mut self,
        mut feed: Option<Feed>,
        state: &mut Option<Vec<u8>>,
        tell: &impl Fn(Told),
    ) -> (ExitReason, String) {
        if state.is_none()
            && let Some(feed) = feed.take()
        {
            tell(Told::Started(Box::new(feed)));
        }
        let lie = loop {
            let over = match self.wait() {
                Ok(over) => over,
                Err(errno) => break Some(Lie(format!("it cannot be waited for: {errno}"))),
            };
            if let Err(lie) = self.drain(&mut feed, state, tell) {
                break Some(lie);
            }
            if over {
                break None;
            }
        };
        let (reason, how) = self.life.end();
        // What it had asked for is given up before its end is known, so that nothing comes after.
        lock(&self.asked).clear();
        match lie {
            Some(lie) => (ExitReason::Lied, lie.to_string()),
            None => (reason, how),
        }
    }

    /// Takes what is there; then sleeps until there is more, or the worker has ended: then true,
    /// and what it answered last is still to be taken.
    fn wait(&mut self) -> Result<bool, Errno> {
        {
            let mut end = lock(&self.end);
            end.bell_clear();
            end.park_begin();
        }
        let mut fds = [
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.life.pidfd.as_fd(), PollFlags::POLLIN),
        ];
        // An answer that came before `park_begin` rang no bell: look before sleeping.
        let timeout = if self.has_answer() { PollTimeout::ZERO } else { PollTimeout::NONE };
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let over = fds[1].any().unwrap_or(true);
        lock(&self.end).park_end();
        Ok(over)
    }

    fn has_answer(&self) -> bool {
        lock(&self.end).has_completion()
    }

    fn drain(
        &mut self,
        feed: &mut Option<Feed>,
        state: &mut Option<Vec<u8>>,
        tell: &impl Fn(Told),
    ) -> Result<(), Lie> {
        while let Some(slot) = self.next_slot()? {
            if self.current.is_none() {
                self.current = lock(&self.asked).pop_front();
            }
            let told = self.answers.take(&slot, self.current.as_ref(), state)?;
            let Some(told) = told else { continue };
            self.current = None;
            let counters = self.answers.take_counters();
            if !counters.is_empty() {
                tell(Told::Counted(counters));
            }
            match told {
                Told::Restored => {
                    if let Some(feed) = feed.take() {
                        tell(Told::Started(Box::new(feed)));
                    }
                }
                told @ (Told::Job(_)
                | Told::Counted(_)
                | Told::SnapshotTaken { .. }
                | Told::ToMerge { .. }
                | Told::Merged
                | Told::Finished { .. }
                | Told::FinishFailed { .. }
                | Told::Started(_)
                | Told::Exited { .. }) => tell(told),
            }
        }
        Ok(())
    }

    fn next_slot(&self) -> Result<Option<Slot>, Lie> {
        lock(&self.end).complete().map_err(|corrupt| Lie(corrupt.to_string()))
    }
}
