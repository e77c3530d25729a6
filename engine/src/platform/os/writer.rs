//! A sink's thread: writes what it is handed, in that order.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use bevy_ecs::entity::Entity;

use super::{Completion, job::Adapter, pool::Content, wake::Sender};
use crate::{
    connectors::write::{WriteError, Writer},
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
        adapters: Vec<Adapter>,
        completions: Sender<Completion>,
    ) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let thread = thread::Builder::new().name("tanda-sink".into()).spawn(move || {
            write_on_order(sink, writer, &adapters, &received, &completions);
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

fn write_on_order(
    sink: Entity,
    mut writer: Box<dyn Writer>,
    adapters: &[Adapter],
    orders: &mpsc::Receiver<Order>,
    completions: &Sender<Completion>,
) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Write { batch, content, input } => {
                let adapter = &adapters[usize::from(input)];
                let result = guarded(|| write(&mut *writer, &content, adapter));
                drop(content);
                completions.send(match result {
                    Ok(bytes) => Completion::Written { batch, bytes },
                    Err(message) => Completion::BatchFailed { batch, stage: sink, message },
                });
            }
            Order::Close => {
                return completions.send(match guarded(|| writer.close()) {
                    Ok(closed) => Completion::Closed { sink, closed },
                    Err(message) => Completion::StageFailed { stage: sink, message },
                });
            }
            Order::Abandon => return writer.abandon(),
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
