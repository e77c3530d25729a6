//! Scenes without a fault.

use super::*;

#[test]
fn a_sound_scene_is_read_in_full() {
    let Scene { params, engine, stages, .. } = sound(&[("out", "o\"\\ut")]);
    let stages: Vec<_> = stages.iter().map(|stage| format!("{stage:?}\n")).collect();
    expect![[r#"
        {"input": "in.csv", "out": "o\"\\ut"}
        EngineSettings { memory: ByteSize(67108864), batch_rows: 100, threads: Some(2), executor: MultiThreaded, isolation: Process { sandbox: Strict }, plugin_paths: [] }
        Stage { name: "flights", body: Source(SourceStage { read: Csv(CsvRead { path: "in.csv", delimiter: ';', quote: '"', null: None, schema: Some({"year": "int32"}), record_bytes_max: None, strict: false }), priority: -5, batch_rows: None, batch_bytes: Some(ByteSize(65536)), linger: Some(Duration(200ms)) }) }
        Stage { name: "validate", body: Plugin(PluginStage { library: "validation", from: [Input { stage: "flights", port: "main" }], config: "( rules: [ Required([\"tailo\\\"\\\\ut\"]), Matches(\"a\", r\"^\\d$\") ] )", instances: Count(4), isolation: None, read: [], timeout: Duration(60s), start_timeout: Duration(30s), memory_limit: None, spares: 0, on_failure: None, order: Source }) }
        Stage { name: "good", body: Sink(SinkStage { write: File(FileWrite { path: "o\"\\ut/good.parquet" }), from: [Input { stage: "validate", port: "main" }], order: Source, flush_every: Duration(1s) }) }
        Stage { name: "bad", body: Sink(SinkStage { write: Csv(CsvWrite { path: "o\"\\ut/bad.csv", delimiter: ',', decimals: Some(6), null: "" }), from: [Input { stage: "validate", port: "rejected" }, Input { stage: "flights", port: "rejected" }], order: Arrival, flush_every: Duration(1s) }) }
    "#]].assert_eq(&format!("{params:?}\n{engine:?}\n{}", stages.concat()));
}

#[test]
fn a_missing_part_takes_its_default() {
    let text = r#"(name: "a", stages: {
        "in": Source(read: Generator(columns: [("n", Sequence)])),
        "p": Plugin(library: "p", from: "in"),
        "out": Sink(write: Blackhole, from: ["p"]) })"#;
    let Scene { engine, stages, .. } = parse(text, "a.ron", &[]).unwrap();
    expect![[r#"
        EngineSettings { memory: ByteSize(536870912), batch_rows: 16384, threads: None, executor: SingleThreaded, isolation: Process { sandbox: Strict }, plugin_paths: [] }
        [Stage { name: "in", body: Source(SourceStage { read: Generator(GeneratorRead { rows: None, rows_per_second: None, seed: 0, columns: [("n", Sequence)] }), priority: 0, batch_rows: None, batch_bytes: None, linger: None }) }, Stage { name: "p", body: Plugin(PluginStage { library: "p", from: [Input { stage: "in", port: "main" }], config: "()", instances: Auto, isolation: None, read: [], timeout: Duration(60s), start_timeout: Duration(30s), memory_limit: None, spares: 0, on_failure: None, order: Source }) }, Stage { name: "out", body: Sink(SinkStage { write: Blackhole, from: [Input { stage: "p", port: "main" }], order: Source, flush_every: Duration(1s) }) }]"#]].assert_eq(&format!("{engine:?}\n{stages:?}"));
}

#[test]
fn stages_are_ordered_so_that_each_comes_after_what_it_reads() {
    let text = r#"(name: "a", stages: {
        "out": Sink(write: Blackhole, from: ["b", "a.x"]),
        "b": Plugin(library: "p", from: "a"),
        "a": Plugin(library: "p", from: "in"),
        "in": Source(read: Csv(path: "-")) })"#;
    let graph = Graph::of(&parse(text, "a.ron", &[]).unwrap());
    assert_eq!(graph.order(), [3, 2, 1, 0]);
    let into_out: Vec<_> = graph.edges_into(0).map(|edge| &graph.edges()[edge]).collect();
    expect![[r#"[Edge { from: 1, port: "main", to: 0, input_index: 0 }, Edge { from: 2, port: "x", to: 0, input_index: 1 }]"#]].assert_eq(&format!("{into_out:?}"));
    assert_eq!(graph.edges_from(2).count(), 2);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert!(parse(&format!("\u{FEFF}{SOUND}"), "a.ron", &[]).is_ok());
}

#[test]
fn the_graph_is_drawn_with_its_ports() {
    let scene = sound(&[("out", "a\"b<c>")]);
    expect![[r#"
        flowchart LR
            s0(["flights<br/>Csv in.csv"])
            s1["validate<br/>validation"]
            s2[("good<br/>File a#34;b#60;c#62;/good.parquet")]
            s3[("bad<br/>Csv a#34;b#60;c#62;/bad.csv")]
            s0 --> s1
            s1 --> s2
            s1 -->|"rejected"| s3
            s0 -->|"rejected"| s3
    "#]]
    .assert_eq(&crate::mermaid(&scene));
    expect![[r#"
        digraph "sound" {
            rankdir=LR;
            s0 [shape=ellipse, label="flights\nCsv in.csv"];
            s1 [shape=box, label="validate\nvalidation"];
            s2 [shape=cylinder, label="good\nFile a\"b<c>/good.parquet"];
            s3 [shape=cylinder, label="bad\nCsv a\"b<c>/bad.csv"];
            s0 -> s1;
            s1 -> s2;
            s1 -> s3 [label="rejected"];
            s0 -> s3 [label="rejected"];
        }
    "#]]
    .assert_eq(&crate::dot(&scene));
}
