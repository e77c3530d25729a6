//! The scenes that come with the engine.

use std::path::Path;

use super::*;
use crate::{load, mermaid};

fn shipped(name: &str, pairs: &[(&str, &str)]) -> Scene {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    load(&folder.join(name), &overrides(pairs)).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_basic_pipeline_is_sound() {
    expect![[r#"
        flowchart LR
            s0(["flights<br/>Csv config/data/flights-2013-01.csv"])
            s1["validate<br/>validation"]
            s2["enrich<br/>enrichment"]
            s3["aggregate<br/>aggregation"]
            s4[("by_carrier<br/>Csv o/by_carrier_month.csv")]
            s5[("rejected<br/>Csv o/rejected.csv")]
            s0 --> s1
            s1 --> s2
            s2 --> s3
            s3 --> s4
            s1 -->|"rejected"| s5
    "#]]
    .assert_eq(&mermaid(&shipped("basic_pipeline.ron", &[("out", "o")])));
}

#[test]
fn the_enriched_flights_are_sound_in_every_format() {
    for format in ["csv", "ndjson", "parquet", "csv.gz", "ndjson.zst", "arrow"] {
        let scene = shipped("enriched_flights.ron", &[("format", format)]);
        assert!(mermaid(&scene).contains(&format!("enriched.{format}")));
    }
}
