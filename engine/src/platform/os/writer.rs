//! A sink's thread: writes what it is handed, in that order.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bevy_ecs::entity::Entity;

use super::{Completion, job::Adapter, pool::Content, wake::Sender};
use crate::{
    connectors::{WriteError, Writer},
    panics::guarded,
};

/// What the tick tells a sink's thread.
enum Order {
    Write { batch: Entity, content: Arc<Content>, input: u8 },
    Close,
    Abandon,
}

/// The tick's end of a sink's thread.
pub(super) struct WriterThread {
    orders: mpsc::Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl WriterThread {
    pub(super) fn spawn(
        sink: Entity,
        writer: Box<dyn Writer>,
        flush_every: Option<Duration>,
        adapters: Vec<Adapter>,
        completions: Sender<Completion>,
    ) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let thread = thread::Builder::new().name("tanda-sink".into()).spawn(move || {
            let orders = Orders { received, flush_every, unflushed: None };
            write_on_order(sink, writer, &adapters, orders, &completions);
        })?;
        Ok(Self { orders, thread: Some(thread) })
    }

    pub(super) fn write(&self, batch: Entity, content: Arc<Content>, input: u8) {
        let _ = self.orders.send(Order::Write { batch, content, input });
    }

    pub(super) fn close(&self) {
        let _ = self.orders.send(Order::Close);
    }

    /// Gives up and waits until what was buffered has been flushed.
    pub(super) fn abandon(&mut self) {
        let _ = self.orders.send(Order::Abandon);
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was reported where it happened.
            let _ = thread.join();
        }
    }
}

/// What a sink's thread is told, and when it flushes between.
struct Orders {
    received: mpsc::Receiver<Order>,
    /// `None`: at the end alone.
    flush_every: Option<Duration>,
    /// Since when something has been written that may not have reached the file.
    unflushed: Option<Instant>,
}

/// What comes next.
enum Next {
    Order(Order),
    Flush,
    Gone,
}

impl Orders {
    /// Waits for the next order, or until it is time to flush.
    fn next(&mut self) -> Next {
        let Some((every, since)) = self.flush_every.zip(self.unflushed) else {
            return self.received.recv().map_or(Next::Gone, Next::Order);
        };
        let left = every.saturating_sub(since.elapsed());
        // However fast orders come, none goes before a flush that is due.
        if left.is_zero() {
            self.unflushed = None;
            return Next::Flush;
        }
        match self.received.recv_timeout(left) {
            Ok(order) => Next::Order(order),
            Err(mpsc::RecvTimeoutError::Timeout) => self.next(),
            Err(mpsc::RecvTimeoutError::Disconnected) => Next::Gone,
        }
    }

    fn note_written(&mut self) {
        self.unflushed.get_or_insert_with(Instant::now);
    }
}

fn write_on_order(
    sink: Entity,
    mut writer: Box<dyn Writer>,
    adapters: &[Adapter],
    mut orders: Orders,
    completions: &Sender<Completion>,
) {
    loop {
        match orders.next() {
            Next::Order(Order::Write { batch, content, input }) => {
                let adapter = &adapters[usize::from(input)];
                let result = guarded(|| write(&mut *writer, &content, adapter));
                drop(content);
                orders.note_written();
                completions.send(match result {
                    Ok(bytes) => Completion::Written { batch, bytes },
                    Err(message) => Completion::BatchFailed { batch, stage: sink, message },
                });
            }
            Next::Order(Order::Close) => {
                return completions.send(match guarded(|| writer.close()) {
                    Ok(closed) => Completion::Closed { sink, closed },
                    Err(message) => Completion::StageFailed { stage: sink, message },
                });
            }
            Next::Order(Order::Abandon) => return writer.abandon(),
            Next::Flush => {
                if let Err(message) = guarded(|| writer.flush()) {
                    completions.send(Completion::StageFailed { stage: sink, message });
                }
            }
            Next::Gone => return,
        }
    }
}

fn write(writer: &mut dyn Writer, content: &Content, adapter: &Adapter) -> Result<u64, WriteError> {
    match content {
        Content::Bytes(bytes) => writer.write_bytes(bytes)?,
        Content::Batch(batch) => writer.write_batch(&adapter.adapt(batch))?,
        Content::Piece(_) => unreachable!("no edge leads from an undecoded piece to a sink"),
    }
    Ok(content.bytes())
}
