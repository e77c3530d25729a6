//! Places of the parts of a scene.

use super::*;
use crate::{Fault, Place};

/// The text of `SOUND` from `place` to the end of its line.
fn at(place: Place) -> &'static str {
    let line = SOUND.lines().nth(place.line - 1).unwrap();
    let start = line.char_indices().nth(place.column - 1).map_or(line.len(), |(at, _)| at);
    &line[start..]
}

#[test]
fn every_part_of_a_stage_has_its_place() {
    let places = sound(&[("input", "much longer than before"), ("out", "o")]).places;
    assert!(at(places.name("validate")).starts_with("\"validate\": Plugin"));
    assert!(at(places.field("validate", "library")).starts_with("\"validation\""));
    assert!(at(places.field("validate", "instances")).starts_with("4,"));
    assert!(at(places.input("validate", 0)).starts_with("\"flights\""));
    assert!(at(places.input("bad", 1)).starts_with("\"flights.rejected\""));
    assert!(at(places.path("flights")).starts_with("\"${input}\""));
    assert!(at(places.path("bad")).starts_with("\"${out}/bad.csv\""));
    assert!(at(places.mention("flights", "read", "int32")).starts_with("\"int32\""));
}

#[test]
fn a_place_in_a_config_leads_through_its_parameters() {
    let scene = sound(&[("out", "a \"quoted\\ value\nof two lines")]);
    let crate::StageBody::Plugin(plugin) = &scene.stages[1].body else {
        panic!("no plugin");
    };
    let matches_at = plugin.config.find("Matches").unwrap();
    let before = &plugin.config[..matches_at];
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap().chars().count();
    let place = scene.places.in_config("validate", line, column);
    assert!(at(place).starts_with("Matches(\"a\""));
}

#[test]
fn a_mention_is_a_whole_token_first_and_then_a_word() {
    let text = r#"(name: "a", stages: {
        "in": Source(read: Csv(path: "x")),
        "p": Plugin(library: "p", from: "in",
                    config: ( a: "no_distance, distance / 2", distance: "b", c: "air time" )),
        "out": Sink(write: Blackhole, from: "p") })"#;
    let places = parse(text, "a.ron", &[]).unwrap().places;
    let column = |about| places.about("p", about).column;
    let line = text.lines().nth(3).unwrap();
    assert_eq!(column("distance"), 1 + line.find("distance:").unwrap());
    assert_eq!(column("2"), 1 + line.find("2\"").unwrap());
    assert_eq!(column("air"), 1 + line.find("air").unwrap());
    assert_eq!(column("tance"), 1 + line.find("( a").unwrap());
}

#[test]
fn what_is_not_there_is_answered_with_the_nearest_thing() {
    let places = sound(&[]).places;
    assert_eq!(places.about("flights", "x"), places.name("flights"));
    assert_eq!(places.name("nobody"), Place { line: 1, column: 1 });
    assert_eq!(places.in_config("validate", 9, 9).line, 14);
}

#[test]
fn a_later_fault_prints_like_one_of_the_scene() {
    let places = sound(&[]).places;
    let place = places.about("validate", "a");
    let fault = Fault::new(Some(place), "there is no column `a`", Some("add it".into()));
    expect![[r#"
        sound.ron:14:66: error: there is no column `a`
          14 |             config: ( rules: [ Required(["tail${out}"]), Matches("a", r"^\d$") ] ), /* raw */
             |                                                                  ^
          hint: add it"#]].assert_eq(&places.faults(vec![fault]).to_string());
}
