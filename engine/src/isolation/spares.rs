//! Workers that wait, started and bound, for one of their stage to die.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use super::feed::lock;
use super::{Given, Recipe, Shared, WorkerProcess};

/// The spare workers of one stage, and the thread that keeps them at their number.
pub(crate) struct Spares {
    ready: Arc<Mutex<VecDeque<WorkerProcess>>>,
    orders: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spares {
    /// Begins to start `count` workers.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(
        count: u16,
        recipe: Arc<Recipe>,
        given: Arc<Given>,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let ready = Arc::new(Mutex::new(VecDeque::new()));
        let store = Arc::clone(&ready);
        let thread = thread::Builder::new().name("tanda-spares".into()).spawn(move || {
            for () in received {
                match WorkerProcess::start_bound(&recipe, &given, &shared, |_| ()) {
                    Ok(spare) => lock(&store).push_back(spare),
                    // The next death waits for its worker as without spares, and tries again.
                    Err(fault) => tracing::warn!(stage = recipe.stage, "no spare worker: {fault}"),
                }
            }
        })?;
        for _ in 0..count {
            let _ = orders.send(());
        }
        Ok(Self { ready, orders: Some(orders), thread: Some(thread) })
    }

    /// A spare that is alive, if there is one; another one is started in its place.
    pub(super) fn take(&self) -> Option<WorkerProcess> {
        loop {
            let spare = lock(&self.ready).pop_front()?;
            if let Some(orders) = &self.orders {
                // The thread ends with this.
                let _ = orders.send(());
            }
            if spare.life.is_alive() {
                return Some(spare);
            }
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed where it happened.
            let _ = thread.join();
        }
    }
}
