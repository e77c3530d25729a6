//! The allocator of `shared_memory!`, and what it does for a plugin. It is this program's, as it
//! would be a plugin library's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use tanda_memory::{Arena, Blocks, SegmentFile, SegmentId};
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};
use tanda_plugin_host::{Library, Memory, Output};

tanda_plugin::shared_memory!();

const ARENA_BYTES: usize = 64 << 20;

/// The memory that this program took; one at a time uses it.
struct Shared {
    memory: &'static Memory,
    arena: Arena,
    _alone: MutexGuard<'static, ()>,
}

fn shared() -> Shared {
    static SHARED: OnceLock<(&'static Memory, Arena)> = OnceLock::new();
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (memory, arena) = SHARED.get_or_init(|| {
        let map = SegmentFile::create(ARENA_BYTES).unwrap().map_writer().unwrap();
        let arena = Arena::new(SegmentId(0), map);
        let memory = Memory::for_this_program(|| Blocks::new(arena.clone()));
        (memory.expect("the program has the allocator"), arena)
    });
    Shared { memory, arena: arena.clone(), _alone: alone }
}

impl Shared {
    fn has(&self, bytes: &[u8]) -> bool {
        self.arena.locate(bytes.as_ptr(), bytes.len()).is_some()
    }
}

/// Doubles a column; keeps a table of a megabyte since it was opened.
struct Double(Vec<u8>);

impl Plugin for Double {
    type Config = ();
    const NAME: &'static str = "double";
    const VERSION: &'static str = "1";
    const FLAGS: Flags = Flags::STATELESS;
    const CONFIG_REFERENCE: &'static str = "nothing";

    fn open(_config: (), _host: &Host) -> Result<Self, PluginError> {
        Ok(Self(vec![1; 1 << 20]))
    }

    fn bind(&mut self, _input: &SchemaRef) -> Result<Binding, PluginError> {
        let own = Field::new("double", DataType::Int64, true);
        let ports = vec![Port::passing("main").with([own])];
        Ok(Binding { ports, reads: Reads::All, flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        let one = i64::from(self.0[0]);
        let values = batch.column(1).as_primitive::<Int64Type>();
        let double: Int64Array = values.iter().map(|value| value.map(|v| (one + 1) * v)).collect();
        let mut columns: Vec<_> = out.passed(0).iter().map(|&i| batch.column(i).clone()).collect();
        columns.push(Arc::new(double));
        out.emit(0, columns, batch.num_rows())
    }
}

fn double(shared: &Shared, rows: i64) -> RecordBatch {
    let library = Library::builtin::<Double>().unwrap();
    let cancel = Arc::default();
    let mut instance = library.open_instance_in(shared.memory, "()", cancel, "test").unwrap();
    assert_eq!(shared.arena.used_bytes(), 0, "what `open` keeps is state");
    instance.bind(&support::schema(), None).unwrap();
    let values: Vec<_> = (0..rows).map(Some).collect();
    let mut outputs = instance.process(&support::batch(&values)).unwrap();
    let Output::Batch(batch) = outputs.ports.remove(0) else { panic!("the port is connected") };
    batch
}

#[test]
fn column_that_a_plugin_makes_lies_in_shared_memory_and_outlives_it() {
    let shared = shared();
    let batch = double(&shared, 10_000);
    let column = batch.column(2).as_primitive::<Int64Type>();
    assert!(shared.has(column.values().inner().as_slice()));
    assert_eq!(column.value(9_999), 19_998);
    thread::scope(|scope| scope.spawn(move || drop(batch)).join()).unwrap();
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn small_column_is_left_where_it_is() {
    let shared = shared();
    let batch = double(&shared, 10);
    assert!(!shared.has(batch.column(2).as_primitive::<Int64Type>().values().inner().as_slice()));
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn plugin_without_room_takes_memory_of_its_own() {
    let shared = shared();
    let rest = shared.arena.allocate(ARENA_BYTES).unwrap();
    let library = Library::builtin::<Double>().unwrap();
    let mut instance =
        library.open_instance_in(shared.memory, "()", Arc::default(), "test").unwrap();
    instance.bind(&support::schema(), None).unwrap();
    let values: Vec<_> = (0..10_000).map(Some).collect();
    let outputs = instance.process(&support::batch(&values)).unwrap();
    drop(rest);
    let Output::Batch(batch) = &outputs.ports[0] else { panic!("the port is connected") };
    let column = batch.column(2).as_primitive::<Int64Type>();
    assert!(!shared.has(column.values().inner().as_slice()));
    assert_eq!(column.value(9_999), 19_998);
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn only_what_is_made_while_memory_is_lent_lies_in_it() {
    let shared = shared();
    let (inside, small) = shared.memory.lend(|| (vec![7_u8; 4096], vec![7_u8; 4095]));
    let outside = vec![7_u8; 4096];
    let elsewhere = shared.memory.lend(|| thread::spawn(|| vec![7_u8; 4096]).join().unwrap());
    let found = [&inside, &small, &outside, &elsewhere].map(|block| shared.has(block));
    assert_eq!(found, [true, false, false, false]);
    let zeroed = shared.memory.lend(|| {
        drop(inside);
        vec![0_u8; 4096]
    });
    assert!(shared.has(&zeroed) && zeroed.iter().all(|byte| *byte == 0), "used before, zeroed now");
    drop(zeroed);
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn block_that_grows_and_shrinks_keeps_its_bytes_wherever_it_goes() {
    let shared = shared();
    let is = |bytes: &Vec<u8>, count: usize| (0..count).all(|index| bytes[index] == index as u8);
    let mut bytes: Vec<u8> = Vec::new();
    shared.memory.lend(|| bytes.extend((0..100_000_usize).map(|index| index as u8)));
    assert!(shared.has(&bytes) && is(&bytes, 100_000), "it grew into shared memory");
    bytes.shrink_to_fit();
    assert!(shared.has(&bytes) && is(&bytes, 100_000), "it shrank in its place");
    bytes.reserve_exact(100_000);
    assert!(!shared.has(&bytes) && is(&bytes, 100_000), "it grew while nothing was lent");
    shared.memory.lend(|| bytes.reserve_exact(200_000));
    assert!(shared.has(&bytes) && is(&bytes, 100_000), "it came back");
    bytes.truncate(5_000);
    bytes.shrink_to_fit();
    assert!(!shared.has(&bytes) && is(&bytes, 5_000), "little of a large block moves out");
    drop(bytes);
    assert_eq!(shared.arena.used_bytes(), 0);
}

/// The books of many blocks take memory while they are locked: from the same allocator here.
#[test]
fn books_do_not_keep_themselves_in_what_they_keep() {
    let shared = shared();
    let blocks: Vec<Vec<u8>> = shared.memory.lend(|| (0..7_000).map(|_| vec![1; 4096]).collect());
    assert!(blocks.iter().all(|block| shared.has(block)));
    shared.memory.lend(|| drop(blocks));
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn blocks_are_used_by_many_threads_and_fall_back_when_there_is_no_room() {
    let shared = shared();
    let (sender, receiver) = mpsc::channel::<Vec<u8>>();
    let memory = shared.memory;
    let makers: Vec<_> = (1..5_u8)
        .map(|sign| {
            let sender = sender.clone();
            thread::spawn(move || {
                for step in 0..300_usize {
                    let bytes = 4096 + step * 997 % 200_000;
                    sender.send(memory.lend(|| vec![sign; bytes])).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for block in receiver {
        assert!(block.iter().all(|byte| *byte == block[0]), "two owners of one block");
        kept.push(block);
    }
    makers.into_iter().for_each(|maker| maker.join().unwrap());
    let inside = kept.iter().filter(|block| shared.has(block)).count();
    assert!(inside > 100 && inside < kept.len(), "{inside} of {}", kept.len());
    drop(kept);
    assert_eq!(shared.arena.used_bytes(), 0);
}

#[test]
fn program_that_has_memory_wants_no_other() {
    let shared = shared();
    // The first memory that is lent is the program's from then on.
    shared.memory.lend(|| ());
    let other = Memory::for_this_program(|| unreachable!("it has memory"));
    assert!(other.is_none());
    assert!(shared.memory.lend(|| shared.has(&vec![0_u8; 4096])));
}
