//! A source's thread: reads one piece for each credit it is given.

use std::{sync::mpsc, thread};

use bevy_ecs::entity::Entity;

use super::{Completion, wake::Sender};
use crate::{
    connectors::{Piece, Reader, Stop},
    panics::guarded,
};

/// What the tick tells a source's thread.
pub(super) enum Order {
    /// One more piece.
    Read,
    /// Hand out what was read, then end.
    Stop,
}

/// The tick's end of a source's thread.
pub(super) struct ReaderThread {
    orders: mpsc::Sender<Order>,
    stop: Stop,
}

impl ReaderThread {
    pub(super) fn spawn(
        source: Entity,
        mut reader: Box<dyn Reader>,
        stop: Stop,
        completions: Sender<Completion>,
    ) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let reader_stop = stop.clone();
        thread::Builder::new().name("tanda-source".into()).spawn(move || {
            read_on_order(source, &mut *reader, &reader_stop, &received, &completions);
        })?;
        Ok(Self { orders, stop })
    }

    pub(super) fn read(&self) {
        // A thread that has ended has said so; its answer is under way.
        let _ = self.orders.send(Order::Read);
    }

    pub(super) fn stop(&self) {
        self.stop.ask();
        let _ = self.orders.send(Order::Stop);
    }
}

fn read_on_order(
    source: Entity,
    reader: &mut dyn Reader,
    stop: &Stop,
    orders: &mpsc::Receiver<Order>,
    completions: &Sender<Completion>,
) {
    let mut stopping = false;
    loop {
        if !stopping {
            match orders.recv() {
                Ok(Order::Read) => {}
                Ok(Order::Stop) => stopping = true,
                Err(mpsc::RecvError) => return,
            }
        }
        match guarded(|| reader.next(stop)) {
            Ok(Some(piece)) => completions.send(Completion::Read { source, piece }),
            Ok(None) => return completions.send(Completion::SourceEnded { source }),
            Err(message) => {
                return completions.send(Completion::StageFailed { stage: source, message });
            }
        }
    }
}

/// Records of a piece, and whether it needs no decoding.
pub(super) fn measure(piece: &Piece) -> (u64, bool) {
    match piece {
        Piece::Raw(raw) => (raw.rows() as u64, false),
        Piece::Decoded(batch) => (batch.num_rows() as u64, true),
    }
}
