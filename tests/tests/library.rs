//! The engine as a library: a program with the prelude and nothing else adds its own systems.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use tanda::prelude::*;
use tanda_tests::Bench;

const SCENE: &str = r#"Scene( name: "library", engine: ( isolation: InProcess, batch_rows: 100 ),
    stages: {
        "in": Source( read: Generator( rows: 10000, columns: [ ("n", Sequence) ] ) ),
        "out": Sink( write: Csv( path: "{dir}/out.csv" ), from: "in" ) } )"#;

/// The derives find what they need in the prelude: this package has no dependency on `bevy_ecs`.
#[derive(Resource, Default)]
struct Log(Vec<&'static str>);

#[derive(Component)]
struct Seen;

#[derive(Event)]
struct Noticed;

fn write(what: &'static str) -> impl Fn(ResMut<Log>) {
    move |mut log| log.0.push(what)
}

fn engine(bench: &Bench) -> Engine<tanda::platform::os::OsPlatform> {
    let scene = SCENE.replace("{dir}", &bench.path().display().to_string());
    Engine::from_scene(bench.write("scene.ron", scene)).unwrap()
}

#[test]
fn derives_work_from_the_prelude_alone() {
    let manifest = include_str!("../Cargo.toml");
    assert!(!manifest.contains("bevy"), "with the dependency this test shows nothing");
    fn notice(batches: Query<Entity, (With<Lineage>, Without<Seen>)>, mut commands: Commands) {
        for batch in &batches {
            commands.entity(batch).insert(Seen);
            commands.trigger(Noticed);
        }
    }
    let hear = |_: On<Noticed>, mut log: ResMut<Log>| log.0.push("noticed");
    let bench = Bench::new();
    let engine = engine(&bench).insert_resource(Log::default()).observe(hear);
    let mut engine = engine.add_systems(TickSystems::Balance, notice);
    engine.run_to_end();
    assert_eq!(engine.broken_law(), None);
    assert!(engine.world().resource::<Log>().0.len() >= 100);
}

/// Systems of one phase that touch the same data are an error unless they have an order.
#[test]
fn systems_run_in_the_order_of_adding_whatever_the_phases_between() {
    let bench = Bench::new();
    let mut engine = engine(&bench)
        .insert_resource(Log::default())
        .add_systems(TickSystems::Balance, write("first"))
        .add_systems(TickSystems::Retire, write("fifth"))
        .add_systems(TickSystems::Balance, (write("second"), write("third")).chain())
        .add_systems(TickSystems::Ingest, || ())
        .add_systems(TickSystems::Balance, write("fourth"))
        .add_systems(TickSystems::Retire, write("sixth"));
    engine.tick();
    let order = ["first", "second", "third", "fourth", "fifth", "sixth"];
    assert_eq!(engine.world().resource::<Log>().0, order);
}

fn law_broken_by(phase: TickSystems) -> String {
    fn despawn(batches: Query<Entity, With<Lineage>>, mut commands: Commands) {
        batches.iter().take(1).for_each(|batch| commands.entity(batch).despawn());
    }
    let bench = Bench::new();
    let ended = engine(&bench).add_systems(phase, despawn).run();
    assert!(!bench.has("out.csv"), "what was not written whole has no name");
    match ended {
        Err(EngineError::Law { law }) => law,
        other => panic!("{phase:?}: {other:?}"),
    }
}

#[test]
fn a_system_that_breaks_a_law_ends_the_run_with_its_name() {
    use TickSystems::{Allocate, Balance, Dispatch, Heartbeat, Ingest, Retire, Supervise};
    for phase in [Ingest, Heartbeat, Supervise, Allocate, Balance, Dispatch, Retire] {
        let law = law_broken_by(phase);
        assert!(law.contains("law `") && law.contains("is broken"), "{phase:?}: {law}");
    }
}
