//! The start of a run: every stage gets its threads, every isolated instance its worker.

use std::{io, sync::Arc};

use arrow::record_batch::RecordBatch;
use bevy_ecs::{entity::EntityHashMap, prelude::*};
use tanda_components::{Edges, Instance, Snapshotting, limits::PORTS_MAX};

use super::{
    Completion, OsPlatform, Running, Runs, StageEnd, StageParts, job::Work, reader::ReaderThread,
    writer::WriterThread,
};
use crate::{
    failover::{FailoverParts, FailoverThread},
    isolation::Shared,
    pipeline::StartError,
    refused::in_words,
};

impl OsPlatform {
    /// Starts the threads and workers of every stage.
    ///
    /// # Errors
    /// The first stage that the system refuses a thread; those before it have theirs.
    pub(super) fn start_stages(
        &mut self,
        world: &mut World,
        stages: &[Entity],
    ) -> Result<(), StartError> {
        let instances = instances_of(world);
        let parts = std::mem::take(&mut self.parts);
        let sealers = sealers(world, stages, &parts);
        for ((&entity, mut parts), seals) in stages.iter().zip(parts).zip(sealers) {
            let own = instances.get(&entity).map_or(&[][..], Vec::as_slice);
            let work = parts.work.iter().cloned().map(Runs::Here);
            self.instances.extend(own.iter().zip(work).map(|(&i, runs)| (i, (entity, runs))));
            let isolated = parts.isolated.take();
            let edges = world.get::<Edges>(entity).expect("every stage has edges");
            let connected = std::array::from_fn(|port| edges.of_port(port as u8).count() > 0);
            let failover = parts.failover.take();
            let name = parts.name.clone();
            let refused = |what: &str, error: &io::Error| StartError {
                stage: name.clone(),
                message: format!("cannot start {what}: {}", in_words(error)),
            };
            let mut running = self
                .start_stage(entity, parts, connected)
                .map_err(|error| refused("its thread", &error))?;
            running.seals = seals;
            if let Some(failover) = failover {
                running.dead_port = failover.dead_letters.as_ref().map(|(_, port)| *port);
                let thread = self.start_failover(entity, failover);
                let what = "a thread for batches that fail";
                running.failover = Some(thread.map_err(|error| refused(what, &error))?);
            }
            if let Some(isolated) = isolated {
                running.isolated = own.to_vec();
                running.keeps_state = own.iter().any(|&i| world.get::<Snapshotting>(i).is_some());
                let workers = self.start_workers(isolated, own);
                let workers = workers.map_err(|e| refused("a thread for its workers", &e))?;
                let runs = own.iter().zip(workers);
                self.instances.extend(runs.map(|(&i, w)| (i, (entity, Runs::Worker(w)))));
            }
            self.stages.insert(entity, running);
        }
        Ok(())
    }

    fn start_failover(&self, stage: Entity, parts: FailoverParts) -> io::Result<FailoverThread> {
        let completions = self.waiter.sender();
        FailoverThread::spawn(parts, move |batch, outcome| {
            completions.send(Completion::FailedOver { batch, stage, outcome });
        })
    }

    fn start_stage(
        &mut self,
        entity: Entity,
        parts: StageParts,
        connected: [bool; PORTS_MAX],
    ) -> io::Result<Running> {
        let plugins = parts.work.iter().filter_map(|work| match work {
            Work::Process(instance, _) => Some(Arc::clone(instance)),
            Work::Decode(_) | Work::Encode(_) => None,
        });
        let mut running = Running {
            name: parts.name,
            plugins: plugins.collect(),
            isolated: Vec::new(),
            keeps_state: false,
            failover: None,
            dead_port: None,
            seals: None,
            adapters: parts.adapters.into(),
            connected,
            nothing: parts.delivered.into_iter().map(RecordBatch::new_empty).collect(),
            reader: None,
            rows_read: None,
            writer: None,
            bytes_written: 0,
        };
        let completions = self.waiter.sender();
        match parts.end {
            StageEnd::Plugin => {}
            StageEnd::Source { reader, stop, rows } => {
                running.rows_read = Some(rows);
                running.reader = Some(ReaderThread::spawn(entity, reader, stop, completions)?);
            }
            StageEnd::Sink { writer, flush_every } => {
                let adapters = running.adapters.to_vec();
                let spawned =
                    WriterThread::spawn(entity, writer, flush_every, adapters, completions);
                running.writer = Some(spawned?);
            }
        }
        Ok(running)
    }
}

/// The instances of each stage, in the order of their numbers.
fn instances_of(world: &mut World) -> EntityHashMap<Vec<Entity>> {
    let mut all = world.query::<(Entity, &Instance)>();
    let mut sorted: Vec<(u16, Entity, Entity)> =
        all.iter(world).map(|(entity, of)| (of.index, of.stage, entity)).collect();
    sorted.sort_unstable();
    let mut instances = EntityHashMap::<Vec<Entity>>::default();
    for (_, stage, entity) in sorted {
        instances.entry(stage).or_default().push(entity);
    }
    instances
}

/// For each stage, the shared memory that a stage behind it reads from, if one is isolated.
fn sealers(world: &World, stages: &[Entity], parts: &[StageParts]) -> Vec<Option<Arc<Shared>>> {
    let shared_by: EntityHashMap<&Arc<Shared>> = stages
        .iter()
        .zip(parts)
        .filter_map(|(&stage, parts)| Some((stage, &parts.isolated.as_ref()?.shared)))
        .collect();
    let sealer = |&stage| {
        let edges = world.get::<Edges>(stage).expect("every stage has edges").as_slice();
        let shared = edges.iter().find_map(|edge| shared_by.get(&edge.stage));
        shared.map(|shared| Arc::clone(shared))
    };
    stages.iter().map(sealer).collect()
}
