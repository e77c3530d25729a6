//! Made-up rows.

use expect_test::expect;

use super::{Folder, OnBad, limits};
use crate::{Limits, Piece, Stop};

const SCENE: &str = r#"Generator(rows: 5, seed: 7, columns: [("id", Sequence), ("n", Int(-3, 3)),
    ("x", Float(0.0, 1.0)), ("s", Choice(["a", "b"])), ("ok", Bool(0.5))])"#;

#[test]
fn rows_depend_on_the_seed_and_not_on_the_batch_size() {
    let folder = Folder::new();
    let all = folder.read(SCENE);
    expect![[r#"
        id:int64 | n:int64 | x:float64 | s:utf8 | ok:bool
        0 | 1 | 0.45420829576894206 | b | true
        1 | -1 | 0.29510521697944914 | b | false
        2 | -1 | 0.043762787358475275 | a | false
        3 | 0 | 0.2778892762817958 | b | true
        4 | -1 | 0.5138373446321991 | a | false
    "#]]
    .assert_eq(&all);
    for batch_rows in [1, 2, 3] {
        let limits = Limits { batch_rows, ..limits() };
        let cut = folder.read_with(SCENE, &limits, None, OnBad::Fail);
        assert_eq!(cut.replace("---\n", ""), all);
    }
    assert_ne!(folder.read(&SCENE.replace("seed: 7", "seed: 8")), all);
}

#[test]
fn values_are_spread_over_their_whole_range() {
    let folder = Folder::new();
    let scene = r#"Generator(rows: 1000, columns: [("n", Int(-9223372036854775808, 9223372036854775807)), ("d", Int(0, 9))])"#;
    let read = folder.read(scene);
    let negative = read.lines().filter(|line| line.starts_with('-')).count();
    assert!((400..600).contains(&negative), "{negative}");
    for digit in 0..10 {
        let count = read.lines().filter(|line| line.ends_with(&format!(" {digit}"))).count();
        assert!((50..150).contains(&count), "{digit}: {count}");
    }
}

#[test]
fn a_stop_ends_an_endless_generator() {
    let folder = Folder::new();
    let source = folder.open(r#"Generator(columns: [("id", Sequence)])"#).unwrap();
    let (mut reader, decoder) = source.start(None, OnBad::Fail);
    assert!(decoder.is_none());
    let stop = Stop::new().unwrap();
    assert!(reader.next(&stop).unwrap().is_some());
    stop.ask();
    assert!(reader.next(&stop).unwrap().is_none());
}

#[test]
fn a_paced_generator_sleeps_and_a_stop_wakes_it() {
    let folder = Folder::new();
    let scene = r#"Generator(rows_per_second: 1000, columns: [("id", Sequence)])"#;
    let (mut reader, _) = folder.open(scene).unwrap().start(None, OnBad::Fail);
    let stop = Stop::new().unwrap();
    let asker = stop.clone();
    let began = std::time::Instant::now();
    let reader = std::thread::spawn(move || {
        let first = reader.next(&stop).unwrap();
        let waited = began.elapsed();
        asker.ask();
        (first, waited, reader.next(&stop).unwrap().is_none())
    });
    let (first, waited, ended) = reader.join().unwrap();
    let Some(Piece::Decoded(batch)) = first else { panic!("no batch") };
    assert_eq!((batch.num_rows(), ended), (1000, true));
    assert!(waited >= std::time::Duration::from_millis(990), "{waited:?}");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let refused = |columns: &str| Folder::new().read(&format!("Generator(columns: [{columns}])"));
    assert_eq!(refused(""), "error: `columns`: found none, expected at least one column\n");
    assert_eq!(
        refused(r#"("n", Int(3, 1))"#),
        "error: `columns`: found column \"n\": Int(3, 1), expected Int(low, high) with low <= high\n"
    );
    assert!(refused(r#"("a", Sequence), ("a", Sequence)"#).contains("the name \"a\" twice"));
    assert!(refused(r#"("b", Bool(1.5))"#).contains("with p from 0 to 1"));
    assert!(refused(r#"("c", Choice([]))"#).contains("of at least one text"));
    assert!(refused(r#"("x", Float(1.0, 1.0))"#).contains("with low < high"));
}
