//! Failure policies that make no sense are refused before anything runs.

use expect_test::{Expect, expect};

use super::bench::{refused, with};

/// A stage with this policy, between a source of two columns and a sink.
#[track_caller]
fn check(stage: &str, expected: &Expect) {
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( STAGE ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
        "dead": Sink( write: Csv( path: "${at}/dead.csv" ) ),
"#;
    refused(&with("in.csv", "a,b\n1,2\n"), &stages.replace("STAGE", stage), expected);
}

const PASS: &str =
    "library: \"faulty\", from: \"in\", config: ( when: Never, what: Pass ), on_failure:";

#[test]
fn steps_that_do_not_exist_or_stand_in_the_wrong_order() {
    check(
        &format!("{PASS} [ Rety( times: 1 ), DeadLetter( to: \"dead\" ) ]"),
        &expect![[r#"
        {dir}/scene.ron:7:107: error: `Rety` is not known here
          7 | m: "in", config: ( when: Never, what: Pass ), on_failure: [ Rety( times: 1 ), DeadLetter( to: "dead" ) ] ),
            |                                                             ^
          hint: did you mean `Retry`? expected one of: `Retry`, `Fallback`, `Bypass`, `DeadLetter`, `Halt`"#]],
    );
    check(
        &format!("{PASS} [ DeadLetter( to: \"dead\" ), Retry( times: 1 ) ]"),
        &expect![[r#"
        {dir}/scene.ron:7:133: error: `Retry` cannot stand here: the steps are `Retry`, then `Fallback`, then one of `Bypass`, `DeadLetter` and `Halt`, each once at most
          7 | ever, what: Pass ), on_failure: [ DeadLetter( to: "dead" ), Retry( times: 1 ) ] ),
            |                                                             ^"#]],
    );
    check(
        &format!("{PASS} [ Retry( times: 0 ), DeadLetter( to: \"dead\" ) ]"),
        &expect![[r#"
        {dir}/scene.ron:7:121: error: `times` is 0, expected 1 to 100
          7 | g: ( when: Never, what: Pass ), on_failure: [ Retry( times: 0 ), DeadLetter( to: "dead" ) ] ),
            |                                                             ^"#]],
    );
    check(
        &format!("{PASS} Retry( times: 1 )"),
        &expect![[r#"
        {dir}/scene.ron:7:105: error: expected a list: `[ Retry( times: 2 ), DeadLetter( to: "sink" ) ]`, found `Retry`
          7 | rom: "in", config: ( when: Never, what: Pass ), on_failure: Retry( times: 1 ) ),
            |                                                             ^

        {dir}/scene.ron:9:17: error: missing field `from` in Sink
          9 |         "dead": Sink( write: Csv( path: "${at}/dead.csv" ) ),
            |                 ^"#]],
    );
}

#[test]
fn dead_letters_need_a_sink() {
    check(
        &format!("{PASS} [ DeadLetter( to: \"deed\" ) ]"),
        &expect![[r#"
            {dir}/scene.ron:7:123: error: there is no stage `deed`
              7 |  ( when: Never, what: Pass ), on_failure: [ DeadLetter( to: "deed" ) ] ),
                |                                                             ^
              hint: did you mean `dead`? stages: `out`, `dead`"#]],
    );
    check(
        &format!("{PASS} [ DeadLetter( to: \"in\" ) ]"),
        &expect![[r#"
            {dir}/scene.ron:7:123: error: `in` is no sink, as dead letters need
              7 |  ( when: Never, what: Pass ), on_failure: [ DeadLetter( to: "in" ) ] ),
                |                                                             ^"#]],
    );
    check(
        &format!("{PASS} [ DeadLetter() ]"),
        &expect![[r#"
        {dir}/scene.ron:7:107: error: missing field `to` in DeadLetter
          7 | m: "in", config: ( when: Never, what: Pass ), on_failure: [ DeadLetter() ] ),
            |                                                             ^

        {dir}/scene.ron:9:17: error: missing field `from` in Sink
          9 |         "dead": Sink( write: Csv( path: "${at}/dead.csv" ) ),
            |                 ^"#]],
    );
}

#[test]
fn what_stands_in_for_a_stage_must_fit() {
    let more = "library: \"enrichment\", from: \"in\", config: ( compute: { \"c\": \"a + b\" } ),";
    let dead = "DeadLetter( to: \"dead\" )";
    check(
        &format!(
            "{more} on_failure: [ Fallback( library: \"faulty\", config: ( when: Never, what: Pass ) ), {dead} ]"
        ),
        &expect![[r#"
            {dir}/scene.ron:7:111: error: stage `work`: its fallback does not fit: on port `main`: column `c` is missing
              7 | m: "in", config: ( compute: { "c": "a + b" } ), on_failure: [ Fallback( library: "faulty", config: ( when: Never, what: 
                |                                                             ^"#]],
    );
    check(
        &format!("{PASS} [ Fallback( library: \"faulty\", config: ( when: Never ) ), {dead} ]"),
        &expect![[r#"
            {dir}/scene.ron:7:105: error: its fallback: stage `work` (plugin faulty): field `what` of `Config` is missing: add `what: …`
              7 | rom: "in", config: ( when: Never, what: Pass ), on_failure: [ Fallback( library: "faulty", config: ( when: Never ) ), De
                |                                                             ^"#]],
    );
}

#[test]
fn stage_that_adds_columns_cannot_be_bypassed() {
    let stages = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "work": Plugin( library: "enrichment", from: "in",
            config: ( compute: { "c": "a + b" } ), on_failure: [ Bypass ] ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "work" ),
"#;
    refused(
        &with("in.csv", "a,b\n1,2\n"),
        stages,
        &expect![[r#"
        {dir}/scene.ron:8:64: error: stage `work` cannot be bypassed: what leaves on `main` has not the columns that come in: column `c` is missing
          8 |             config: ( compute: { "c": "a + b" } ), on_failure: [ Bypass ] ),
            |                                                                ^"#]],
    );
}

#[test]
fn state_in_the_engine_s_process_cannot_be_taken_back() {
    let sum = "library: \"aggregation\", from: \"in\", isolation: InProcess,
            config: ( group_by: [\"a\"], aggregates: [ Count() ] ), on_failure:";
    check(
        &format!("{sum} [ DeadLetter( to: \"dead\" ) ]"),
        &expect![[r#"
        {dir}/scene.ron:8:79: error: stage `work`: its plugin keeps a state, which a batch that fails may have spoilt; only a worker can be taken back to what it was before
          8 |             config: ( group_by: ["a"], aggregates: [ Count() ] ), on_failure: [ DeadLetter( to: "dead" ) ] ),
            |                                                                               ^
          hint: leave `isolation: InProcess` out, or `on_failure`"#]],
    );
}

/// The search for poison rows would be without what came before them: every row that it tries twice
/// would look like a duplicate.
#[test]
fn stage_with_an_order_can_only_be_tried_again() {
    let stages = |policy: &str| {
        format!(
            r#"
        "in": Source( read: Csv( path: "${{at}}/in.csv" ) ),
        "once": Plugin( library: "validation", from: "in",
            config: ( rules: [ Unique( columns: ["a"], window: 100 ) ] ), on_failure: [ {policy} ] ),
        "out": Sink( write: Csv( path: "${{at}}/out.csv" ), from: "once" ),
        "rest": Sink( write: Csv( path: "${{at}}/rest.csv" ), from: "once.rejected" ),
        "dead": Sink( write: Csv( path: "${{at}}/dead.csv" ) ),
"#
        )
    };
    refused(
        &with("in.csv", "a,b\n1,2\n"),
        &stages("DeadLetter( to: \"dead\" )"),
        &expect![[r#"
            {dir}/scene.ron:8:87: error: stage `once`: with this config its plugin takes all batches in one order, and a `Fallback`, `Bypass` or `breaker` would leave gaps in it; nor can rows be searched for a `DeadLetter` without what came before them
              8 |             config: ( rules: [ Unique( columns: ["a"], window: 100 ) ] ), on_failure: [ DeadLetter( to: "dead" ) ] ),
                |                                                                                       ^
              hint: let its policy be `Retry`, `Halt`, or leave it out"#]],
    );
}
