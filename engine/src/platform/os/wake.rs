//! How threads wake the tick: completions go through a channel, and a sleeping tick through an
//! eventfd.

use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    eventfd::{EfdFlags, EventFd},
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};

/// They end a process that does not expect them; not those that abort it, which cannot wait, nor
/// those of timers, which have a handler.
const DEADLY: [Signal; 4] = [Signal::SIGQUIT, Signal::SIGALRM, Signal::SIGUSR2, Signal::SIGXCPU];

const COMPLETION: u64 = 0;
const SIGNAL: u64 = 1;

/// A sender for other threads. Waking costs a system call only when the tick sleeps.
pub(super) struct Sender<T> {
    channel: mpsc::Sender<T>,
    bell: Arc<Bell>,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { channel: self.channel.clone(), bell: Arc::clone(&self.bell) }
    }
}

struct Bell {
    event: EventFd,
    /// SYNC POINT bell: set before the tick looks at the channel a last time, so that a sender
    /// either is seen by that look or sees the flag.
    sleeping: AtomicBool,
}

impl<T> Sender<T> {
    /// Sends; if the receiver is gone the engine is ending and nobody needs it.
    pub(super) fn send(&self, completion: T) {
        if self.channel.send(completion).is_ok() && self.bell.sleeping.swap(false, Ordering::SeqCst)
        {
            // Only an overflow of 2^64 could refuse it, and the bell is then ringing anyway.
            let _ = self.bell.event.write(1);
        }
    }
}

/// What the user wants, by signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// SIGINT: the run is to end.
    pub(super) interrupt: bool,
    /// SIGTERM, or SIGHUP when its terminal goes: the run is to end.
    pub(super) terminate: bool,
    /// SIGUSR1: it is to say what it waits for.
    pub(super) explain: bool,
    /// One of those that end a process at once.
    pub(super) deadly: Option<Signal>,
}

/// What the tick sleeps on.
pub(super) struct Waiter<T> {
    channel: mpsc::Receiver<T>,
    sender: Sender<T>,
    epoll: Epoll,
    signals: Option<SignalFd>,
}

impl<T> Waiter<T> {
    /// A waiter; with `signals`, those of [`wished_signals`] wake it too. They must be blocked in
    /// all threads.
    pub(super) fn new(signals: bool) -> io::Result<Self> {
        let event = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&event, EpollEvent::new(EpollFlags::EPOLLIN, COMPLETION))?;
        let signals = signals.then(signal_fd).transpose()?;
        if let Some(signals) = &signals {
            epoll.add(signals.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, SIGNAL))?;
        }
        let (channel_in, channel) = mpsc::channel();
        let bell = Arc::new(Bell { event, sleeping: AtomicBool::new(false) });
        Ok(Self { channel, sender: Sender { channel: channel_in, bell }, epoll, signals })
    }

    pub(super) fn sender(&self) -> Sender<T> {
        self.sender.clone()
    }

    pub(super) fn try_next(&self) -> Option<T> {
        self.channel.try_recv().ok()
    }

    /// Sleeps until there is a completion; or a signal, or no more than `timeout`: then `None`.
    pub(super) fn sleep(&self, timeout: Option<Duration>) -> Option<T> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let bell = &self.sender.bell;
        bell.sleeping.store(true, Ordering::SeqCst);
        let mut completion = self.try_next();
        while completion.is_none() {
            let mut events = [EpollEvent::empty(); 2];
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            let count = self.epoll.wait(&mut events, epoll_timeout(left)).unwrap_or(0);
            if events[..count].iter().any(|event| event.data() == SIGNAL) {
                break;
            }
            // Nothing is lost when the bell had been rung already: the channel is looked at next.
            let _ = bell.event.read();
            bell.sleeping.store(true, Ordering::SeqCst);
            completion = self.try_next();
        }
        bell.sleeping.store(false, Ordering::SeqCst);
        completion
    }

    /// Takes the signals that have come.
    pub(super) fn take_signals(&self) -> Wishes {
        let mut wishes = Wishes::default();
        let Some(signals) = &self.signals else { return wishes };
        while let Ok(Some(signal)) = signals.read_signal() {
            let is = |other: Signal| i32::try_from(signal.ssi_signo) == Ok(other as i32);
            wishes.interrupt |= is(Signal::SIGINT);
            wishes.terminate |= is(Signal::SIGTERM) || is(Signal::SIGHUP);
            wishes.explain |= is(Signal::SIGUSR1);
            wishes.deadly = wishes.deadly.or(DEADLY.into_iter().find(|&signal| is(signal)));
        }
        wishes
    }
}

/// In milliseconds, rounded up: waking early would only mean to sleep again.
fn epoll_timeout(left: Option<Duration>) -> EpollTimeout {
    let Some(left) = left else { return EpollTimeout::NONE };
    let millis = left.as_micros().div_ceil(1_000);
    EpollTimeout::try_from(i32::try_from(millis).unwrap_or(i32::MAX)).unwrap_or(EpollTimeout::MAX)
}

fn signal_fd() -> io::Result<SignalFd> {
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    Ok(SignalFd::with_flags(&wished_signals(), flags)?)
}

fn wished_signals() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGUSR1);
    signals.extend(DEADLY);
    // Whoever starts a run by `nohup` does not want it ended by that.
    if !is_ignored(Signal::SIGHUP) {
        signals.add(Signal::SIGHUP);
    }
    signals
}

/// Has the one who started this process had it ignore `signal`? The engine never does.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal as u32 - 1)) != 0)
}

/// Keeps SIGUSR1 from ending the process, as [`block_stop_signals`] does.
///
/// # Errors
/// When the system refuses; the signal then acts as before.
pub(crate) fn block_explain_signal() -> io::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGUSR1);
    Ok(signals.thread_block()?)
}

/// Keeps SIGINT, SIGTERM, SIGHUP, SIGUSR1 and the deadly ones from ending the process, in this
/// thread and those it starts, so that the engine can hear them. To be called before there are
/// other threads.
///
/// # Errors
/// When the system refuses; the signals then act as before.
pub(crate) fn block_stop_signals() -> io::Result<()> {
    Ok(wished_signals().thread_block()?)
}
