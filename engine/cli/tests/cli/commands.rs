//! The commands beside `run`.

use expect_test::expect;

use super::support::{Folder, repo, tanda};

const FAULTY: &str = r#"
        "in": Source( read: Csv( path: "none.csv" ) ),
        "work": Plugin( library: "validation", from: "inn", config: ( rules: [] ) ),
        "other": Plugin( library: "validtion", from: "in", config: ( rules: [] ) ),
        "out": Sink( write: Csv( path: "made/out.csv", decimals: 99 ), from: ["work", "other"] ),
"#;

#[test]
fn check_tells_all_faults_and_touches_nothing() {
    let folder = Folder::with_stages(FAULTY);
    let before = folder.listing();
    let said = folder.tanda(&["check", "scene.ron"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    let places: Vec<&str> = said.err.lines().filter(|line| line.contains(": error: ")).collect();
    let starts = ["scene.ron:4:", "scene.ron:5:", "scene.ron:6:", "scene.ron:7:"];
    assert_eq!(places.len(), starts.len(), "{}", said.err);
    for (place, start) in places.iter().zip(starts) {
        assert!(place.starts_with(start), "{}", said.err);
    }
    assert!(said.err.ends_with("\n4 faults\n"), "{}", said.err);
    assert_eq!(folder.listing(), before);
}

#[test]
fn check_of_a_sound_scene_touches_nothing() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Csv( path: "in.csv" ) ),
        "work": Plugin( library: "validation", from: "in", config: ( rules: [ Required("a") ] ) ),
        "out": Sink( write: Csv( path: "made/out.csv" ), from: "work" ),
        "bad": Sink( write: Parquet( path: "made/bad.parquet" ), from: "work.rejected" ),
"#,
    );
    folder.write("in.csv", "a\n1\n");
    let before = folder.listing();
    let said = folder.tanda(&["check", "scene.ron"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (isolation, sound) = said.out.split_once('\n').unwrap();
    assert!(isolation.starts_with("work: in a process of its own, sandbox Strict"), "{said:?}");
    assert_eq!(
        sound,
        "supervisor top: OneForOne, 10 restarts and one a worker in 5s\n  \
         workers of work: Permanent, stopped within 5s\n\
         scene.ron: sound, 4 stages\n"
    );
    assert_eq!(folder.listing(), before);
}

#[test]
fn check_says_what_only_the_run_can_tell() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Csv( path: "-" ) ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "in" ),
"#,
    );
    let said = folder.tanda(&["check", "scene.ron"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("not checked: in: standard input: the columns"), "{said:?}");
}

/// The columns that `schema:` does not name are there in the run.
#[test]
fn check_and_run_agree_on_a_pipe_whose_schema_names_some_columns() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Ndjson( path: "in.pipe", schema: { "n": "int32" } ) ),
        "count": Plugin( library: "aggregation", from: "in", isolation: InProcess,
                         config: ( group_by: ["k"], aggregates: [ Count() ] ) ),
        "work": Plugin( library: "validation", from: "in", isolation: InProcess,
                        config: ( rules: [ Required("n") ] ) ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "count" ),
        "all": Sink( write: Csv( path: "all.csv" ), from: "work" ),
"#,
    );
    folder.make_pipe("in.pipe");
    let said = folder.tanda(&["check", "scene.ron"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let remarks = said.out.lines().filter(|line| line.starts_with("not checked: "));
    expect![[r#"
        not checked: in: other columns than those that `schema:` names; a pipe tells them only in the run
        not checked: count: of the columns known so far: unknown column `k`: did you mean `n`?
    "#]]
    .assert_eq(&(remarks.collect::<Vec<_>>().join("\n") + "\n"));
    let run = folder.start(&["run", "scene.ron", "--quiet"]);
    folder.write("in.pipe", "{\"k\":\"a\"}\n");
    let mut run = run;
    assert_eq!(run.wait().code(), Some(0), "{}", folder.read("stderr"));
    assert_eq!(folder.read("out.csv"), "k,count\na,1\n");
}

#[test]
fn check_tells_faults_that_no_further_column_of_a_pipe_would_mend() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Ndjson( path: "-", schema: { "n": "utf8" } ) ),
        "work": Plugin( library: "validation", from: "in", isolation: InProcess,
                        config: ( rules: [ Range( column: "n", min: 1 ) ] ) ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "work" ),
"#,
    );
    let said = folder.tanda(&["check", "scene.ron"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

fn graph_of_w1(args: &[&str]) -> String {
    let mut command = tanda();
    command.args(["graph", "config/basic_pipeline.ron"]).args(args).current_dir(repo(""));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn graph_is_mermaid_or_dot() {
    expect![[r#"
        flowchart LR
            s0(["flights<br/>Csv config/data/flights-2013-01.csv"])
            s1["validate<br/>validation"]
            s2["enrich<br/>enrichment"]
            s3["aggregate<br/>aggregation"]
            s4[("by_carrier<br/>Csv target/basic_pipeline/by_carrier_month.csv")]
            s5[("rejected<br/>Csv target/basic_pipeline/rejected.csv")]
            s0 --> s1
            s1 --> s2
            s2 --> s3
            s3 --> s4
            s1 -->|"rejected"| s5
    "#]]
    .assert_eq(&graph_of_w1(&[]));
    assert_eq!(graph_of_w1(&["--format", "mermaid"]), graph_of_w1(&[]));
    expect![[r#"
        digraph "basic_pipeline" {
            rankdir=LR;
            s0 [shape=ellipse, label="flights\nCsv config/data/flights-2013-01.csv"];
            s1 [shape=box, label="validate\nvalidation"];
            s2 [shape=box, label="enrich\nenrichment"];
            s3 [shape=box, label="aggregate\naggregation"];
            s4 [shape=cylinder, label="by_carrier\nCsv target/basic_pipeline/by_carrier_month.csv"];
            s5 [shape=cylinder, label="rejected\nCsv target/basic_pipeline/rejected.csv"];
            s0 -> s1;
            s1 -> s2;
            s2 -> s3;
            s3 -> s4;
            s1 -> s5 [label="rejected"];
        }
    "#]]
    .assert_eq(&graph_of_w1(&["--format", "dot"]));
}

#[test]
fn graph_of_a_faulty_scene_is_refused() {
    let said = Folder::with_stages(FAULTY).tanda(&["graph", "scene.ron"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
}

#[test]
fn plugins_are_listed_and_looked_into() {
    let folder = Folder::new();
    let list = folder.tanda(&["plugins", "list"]);
    assert_eq!(list.code, Some(0), "{list:?}");
    let line = list.out.lines().find(|line| line.starts_with("validation")).unwrap();
    for name in ["aggregation", "enrichment", "validation"] {
        assert!(list.out.lines().any(|line| line.starts_with(name)), "{list:?}");
    }
    let inspected = folder.tanda(&["plugins", "inspect", "validation"]);
    assert_eq!(inspected.code, Some(0), "{inspected:?}");
    for part in ["name     validation", "abi      1", "flags    STATELESS", "Required", "Range"] {
        assert!(inspected.out.contains(part), "{part}: {inspected:?}");
    }
    let path = &line[line.find('/').unwrap()..];
    assert_eq!(folder.tanda(&["plugins", "inspect", path]).out, inspected.out);
}

#[test]
fn plugin_that_is_none_is_refused() {
    let folder = Folder::new();
    folder.write("text.so", "no library");
    let inspect = |plugin| folder.tanda(&["plugins", "inspect", plugin]);
    let none = inspect("nothing");
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.err.contains("no plugin `nothing`"), "{none:?}");
    let text = inspect("./text.so");
    assert_eq!(text.code, Some(2), "{text:?}");
    assert!(text.err.contains("text.so"), "{text:?}");
}

#[test]
fn help_says_what_matters() {
    let folder = Folder::new();
    for (args, parts) in [
        (
            &["--help"][..],
            &["run", "check", "graph", "plugins", "new-plugin", "Exit codes", "130", "Ctrl-C"][..],
        ),
        (&["run", "--help"], &["Ctrl-C", "--param", "NAME=VALUE", "--json", "--quiet"]),
        (&["check", "--help"], &["without side effects", "--param"]),
        (&["graph", "--help"], &["mermaid", "dot"]),
        (&["plugins", "--help"], &["list", "inspect"]),
        (&["new-plugin", "--help"], &["--sdk", "--path", "lower-case"]),
    ] {
        let said = folder.tanda(args);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{args:?}");
        for part in parts {
            assert!(said.out.contains(part), "{args:?} does not mention {part}: {}", said.out);
        }
    }
    let version = folder.tanda(&["--version"]);
    assert_eq!(version.out, format!("tanda {}\n", env!("CARGO_PKG_VERSION")));
}
