//! What is wrong between stages.

use super::*;

#[test]
fn no_stages() {
    check(
        "",
        &expect![[r#"
        a.ron:1:27: error: the scene has no stages
          1 | Scene( name: "a", stages: {
            |                           ^
          hint: begin with `"input": Source( read: Csv( path: … ) )`"#]],
    );
}

#[test]
fn a_stage_name_out_of_bounds() {
    check(
        r#""In": Source( read: Csv( path: "x" ) ), "": Sink( write: Blackhole, from: "In" ),"#,
        &expect![[r#"
            a.ron:2:1: error: `In` is no stage name
              2 | "In": Source( read: Csv( path: "x" ) ), "": Sink( write: Blackhole, from: "In" ),
                | ^
              hint: use lower-case letters, digits, `_` and `-`, 63 of them at most

            a.ron:2:41: error: `` is no stage name
              2 | "In": Source( read: Csv( path: "x" ) ), "": Sink( write: Blackhole, from: "In" ),
                |                                         ^
              hint: use lower-case letters, digits, `_` and `-`, 63 of them at most"#]],
    );
}

#[test]
fn an_unknown_stage_names_the_nearest_and_does_not_make_that_one_unread() {
    check(
        r#""flights": Source( read: Csv( path: "x" ) ),
"other": Source( read: Csv( path: "y" ) ),
"out": Sink( write: Blackhole, from: ["fligths.rejected", "nonsense"] ),"#,
        &expect![[r#"
            a.ron:3:1: error: nobody reads `other`
              3 | "other": Source( read: Csv( path: "y" ) ),
                | ^
              hint: read it in another stage, or remove it

            a.ron:4:39: error: there is no stage `fligths`
              4 | "out": Sink( write: Blackhole, from: ["fligths.rejected", "nonsense"] ),
                |                                       ^
              hint: did you mean `flights`? stages: `flights`, `other`

            a.ron:4:59: error: there is no stage `nonsense`
              4 | "out": Sink( write: Blackhole, from: ["fligths.rejected", "nonsense"] ),
                |                                                           ^
              hint: stages: `flights`, `other`"#]],
    );
}

#[test]
fn a_sink_is_no_input_and_a_source_has_two_ports() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"out": Sink( write: Blackhole, from: ["in.bad", "in", "in.main"] ),
"more": Sink( write: Blackhole, from: "out" ),"#,
        &expect![[r#"
            a.ron:3:39: error: source `in` has no port `bad`
              3 | "out": Sink( write: Blackhole, from: ["in.bad", "in", "in.main"] ),
                |                                       ^
              hint: a source has the ports `main` (its rows) and `rejected` (its bad records)

            a.ron:3:55: error: the stage reads `in` twice: every row would come in twice
              3 | "out": Sink( write: Blackhole, from: ["in.bad", "in", "in.main"] ),
                |                                                       ^

            a.ron:4:39: error: `out` is a sink: nothing comes out of it
              4 | "more": Sink( write: Blackhole, from: "out" ),
                |                                       ^
              hint: read from the stage that the sink reads from"#]],
    );
}

#[test]
fn an_empty_from() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"out": Sink( write: Blackhole, from: [] ), "p": Sink( write: Blackhole, from: "in" ),"#,
        &expect![[r#"
            a.ron:3:38: error: `from` is empty: nothing comes into the stage
              3 | "out": Sink( write: Blackhole, from: [] ), "p": Sink( write: Blackhole, from: "in" ),
                |                                      ^
              hint: name the stage to read from: `from: "stage"`"#]],
    );
}

#[test]
fn every_cycle_is_drawn() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"a": Plugin( library: "p", from: ["in", "c"] ),
"b": Plugin( library: "p", from: "a" ),
"c": Plugin( library: "p", from: "b" ),
"d": Plugin( library: "p", from: ["c", "d"] ),
"out": Sink( write: Blackhole, from: "d" ),"#,
        &expect![[r#"
            a.ron:3:41: error: the stages feed themselves: a → b → c → a
              3 | "a": Plugin( library: "p", from: ["in", "c"] ),
                |                                         ^
              hint: stages must not form a ring: take one of these edges out

            a.ron:6:40: error: the stages feed themselves: d → d
              6 | "d": Plugin( library: "p", from: ["c", "d"] ),
                |                                        ^
              hint: stages must not form a ring: take one of these edges out"#]],
    );
}

#[test]
fn stages_that_nobody_reads() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"used": Source( read: Csv( path: "y" ) ),
"p": Plugin( library: "p", from: "used" ),
"only_rejected": Plugin( library: "p", from: "used" ),
"out": Sink( write: Blackhole, from: "only_rejected.rejected" ),"#,
        &expect![[r#"
            a.ron:2:1: error: nobody reads `in`
              2 | "in": Source( read: Csv( path: "x" ) ),
                | ^
              hint: read it in another stage, or remove it

            a.ron:4:1: error: nobody reads `p`
              4 | "p": Plugin( library: "p", from: "used" ),
                | ^
              hint: read it in another stage, or remove it"#]],
    );
}

#[test]
fn two_sinks_on_one_path() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"a": Sink( write: Csv( path: "out/a.csv" ), from: "in" ),
"b": Sink( write: File( path: "./out//a.csv" ), from: "in" ),
"c": Sink( write: Csv( path: "-" ), from: "in" ),
"d": Sink( write: Ndjson( path: "-" ), from: "in" ),"#,
        &expect![[r#"
            a.ron:4:31: error: sinks `a` and `b` both write "./out//a.csv"
              4 | "b": Sink( write: File( path: "./out//a.csv" ), from: "in" ),
                |                               ^
              hint: give each sink its own path, or let one sink read both: `from: ["a", "b"]`

            a.ron:6:33: error: sinks `c` and `d` both write standard output
              6 | "d": Sink( write: Ndjson( path: "-" ), from: "in" ),
                |                                 ^
              hint: give each sink its own path, or let one sink read both: `from: ["a", "b"]`"#]],
    );
}

#[test]
fn two_sources_on_standard_input() {
    check(
        r#""a": Source( read: Csv( path: "-" ) ), "b": Source( read: Ndjson( path: "-" ) ),
"out": Sink( write: Blackhole, from: ["a", "b"] ),"#,
        &expect![[r#"
            a.ron:2:73: error: sources `a` and `b` both read standard input
              2 | "a": Source( read: Csv( path: "-" ) ), "b": Source( read: Ndjson( path: "-" ) ),
                |                                                                         ^
              hint: let both stages read from one source"#]],
    );
}

#[test]
fn more_stages_and_edges_than_the_engine_holds() {
    let source = |name: usize| format!("\"s{name}\": Source( read: Csv( path: \"{name}\" ) ),\n");
    let sources: String = (0..129).map(source).collect();
    check(
        &sources,
        &expect![[r#"
        a.ron:1:27: error: the scene has 129 stages; 128 is the most
          1 | Scene( name: "a", stages: {
            |                           ^"#]],
    );
    let sources: String = (0..17).map(source).collect();
    let inputs: Vec<_> = (0..17).map(|name| format!("\"s{name}\"")).collect();
    let inputs = inputs.join(",");
    check(
        &format!("{sources}\"out\": Sink( write: Blackhole, from: [{inputs}] ),"),
        &expect![[r#"
            a.ron:19:1: error: `out` has 17 inputs; 16 is the most
              19 | "out": Sink( write: Blackhole, from: ["s0","s1","s2","s3","s4","s5","s6","s7","s8","s9","s10","s11","s12","s13","s14","s
                 | ^"#]],
    );
    let sinks = (0..17).map(|name| format!("\"o{name}\": Sink( write: Blackhole, from: \"s0\" ),"));
    check(
        &format!("{}{}", source(0), sinks.collect::<String>()),
        &expect![[r#"
        a.ron:2:1: error: `s0` has 17 readers; 16 is the most
          2 | "s0": Source( read: Csv( path: "0" ) ),
            | ^"#]],
    );
}

#[test]
fn a_stage_name_that_is_too_long() {
    let long = "a".repeat(64);
    check(
        &format!(
            "\"{long}\": Source( read: Csv( path: \"x\" ) ), \"out\": Sink( write: Blackhole, from: \"{long}\" ),"
        ),
        &expect![[r#"
            a.ron:2:1: error: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is no stage name
              2 | "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": Source( read: Csv( path: "x" ) ), "out": Sink( write
                | ^
              hint: use lower-case letters, digits, `_` and `-`, 63 of them at most"#]],
    );
}

#[test]
fn a_stage_that_is_given_twice_is_not_also_unread() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"p": Plugin( library: "p", from: "in" ),
"p": Plugin( library: "p", from: "in" ),
"out": Sink( write: Blackhole, from: "p" ),"#,
        &expect![[r#"
            a.ron:4:1: error: stage `p` is given twice
              4 | "p": Plugin( library: "p", from: "in" ),
                | ^
              hint: the first one is at line 3"#]],
    );
}

#[test]
fn a_sink_that_a_glob_of_the_scene_would_find() {
    check(
        r#""in": Source( read: Csv( path: "gl/*.csv" ) ),
"a": Sink( write: Csv( path: "./gl//out.csv" ), from: "in" ),
"b": Sink( write: Csv( path: "gl/out.csv.gz" ), from: "in" ),
"c": Sink( write: Csv( path: "gl/sub/out.csv" ), from: "in" ),
"d": Sink( write: Csv( path: "gl/.out.csv" ), from: "in" ),
"e": Sink( write: Csv( path: "-" ), from: "in" ),"#,
        &expect![[r#"
            a.ron:3:30: error: sink `a` writes "./gl//out.csv", which source `in` reads by its glob "gl/*.csv"
              3 | "a": Sink( write: Csv( path: "./gl//out.csv" ), from: "in" ),
                |                              ^
              hint: write into another folder, or let the glob name fewer files: the next run would read what this one wrote"#]],
    );
}

#[test]
fn a_path_that_names_no_file_is_not_also_shared() {
    check(
        r#""in": Source( read: Csv( path: "x" ) ),
"a": Sink( write: Csv( path: "" ), from: "in" ),
"b": Sink( write: Csv( path: "" ), from: "in" ),"#,
        &expect![[r#"
            a.ron:3:30: error: the path is empty
              3 | "a": Sink( write: Csv( path: "" ), from: "in" ),
                |                              ^
              hint: name a file, or `-` for standard input or output

            a.ron:4:30: error: the path is empty
              4 | "b": Sink( write: Csv( path: "" ), from: "in" ),
                |                              ^
              hint: name a file, or `-` for standard input or output"#]],
    );
}
