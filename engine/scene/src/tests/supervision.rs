//! `supervision`: what it takes, and everything that can be wrong with it.

use super::*;

/// A scene with two stages that have workers, one that has none, and this block.
fn scene(block: &str) -> String {
    format!(
        "Scene( name: \"a\", stages: {{
\"in\": Source( read: Csv( path: \"x\" ) ),
\"one\": Plugin( library: \"validation\", from: \"in\" ),
\"two\": Plugin( library: \"validation\", from: \"one\" ),
\"here\": Plugin( library: \"validation\", from: \"two\", isolation: InProcess ),
\"out\": Sink( write: Blackhole, from: \"here\" ) }},
supervision: {block} )"
    )
}

#[track_caller]
fn check_tree(block: &str, expected: &Expect) {
    let scene = parse(&scene(block), "a.ron", &[]).unwrap_or_else(|faults| panic!("{faults}"));
    expected.assert_eq(&scene.supervision_tree());
}

fn check_block(block: &str, expected: &Expect) {
    check_file(&scene(block), expected);
}

#[test]
fn every_worker_is_under_the_top_supervisor_by_default() {
    check_tree(
        "Supervisor()",
        &expect![[r#"
        supervisor top: OneForOne, 10 restarts and one a worker in 5s
          workers of one: Permanent, stopped within 5s
          workers of two: Permanent, stopped within 5s
    "#]],
    );
}

#[test]
fn tree_is_as_deep_as_it_is_written() {
    check_tree(
        r#"Supervisor(
            strategy: RestForOne, intensity: 3, period: "10s", auto_shutdown: AnySignificant,
            children: [
                Supervisor( name: "lower", strategy: OneForAll, restart: Transient,
                    significant: true,
                    children: [ Worker( stage: "two", shutdown: BrutalKill ) ] ),
                Worker( stage: "one", restart: Temporary, shutdown: "250ms",
                    backoff: ( base: "1s", factor: 1.5, cap: "1m", jitter: 0.5,
                        reset_after: "10s" ) ),
            ] )"#,
        &expect![[r#"
            supervisor top: RestForOne, 3 restarts in 10s, auto_shutdown AnySignificant
              supervisor lower: OneForAll, 10 restarts and one a worker in 5s; Transient, significant
                workers of two: Permanent, killed
              workers of one: Temporary, stopped within 250ms
        "#]],
    );
}

#[test]
fn stages_have_workers_and_are_supervised_once() {
    check_block(
        r#"Supervisor( children: [
            Worker( stage: "tow" ), Worker( stage: "in" ), Worker( stage: "here" ),
            Worker( stage: "one" ), Supervisor( name: "low", children: [ Worker( stage: "one" ) ] ),
        ] )"#,
        &expect![[r#"
            a.ron:8:28: error: there is no stage `tow`
              8 |             Worker( stage: "tow" ), Worker( stage: "in" ), Worker( stage: "here" ),
                |                            ^
              hint: did you mean `two`? stages: `one`, `two`, `here`

            a.ron:8:52: error: `in` is no plugin and has no workers
              8 |             Worker( stage: "tow" ), Worker( stage: "in" ), Worker( stage: "here" ),
                |                                                    ^
              hint: only the workers of plugins in processes of their own are supervised

            a.ron:8:75: error: `here` runs in the engine's process and has no workers
              8 |             Worker( stage: "tow" ), Worker( stage: "in" ), Worker( stage: "here" ),
                |                                                                           ^
              hint: only the workers of plugins in processes of their own are supervised

            a.ron:9:89: error: supervised stage `one` is given twice
              9 |             Worker( stage: "one" ), Supervisor( name: "low", children: [ Worker( stage: "one" ) ] ),
                |                                                                                         ^
              hint: the first one is at line 9"#]],
    );
}

#[test]
fn children_have_the_right_shape() {
    check_block(
        r#"Supervisor( children: [
            Wroker( stage: "one" ), "one", Worker( stge: "one" ),
            Supervisor( name: "top", children: [] ), Supervisor(),
        ] )"#,
        &expect![[r#"
            a.ron:8:13: error: `Wroker` is not known here
              8 |             Wroker( stage: "one" ), "one", Worker( stge: "one" ),
                |             ^
              hint: did you mean `Worker`? expected one of: `Worker`, `Supervisor`

            a.ron:8:37: error: expected `Worker( stage: … )` or `Supervisor( … )`, found "one"
              8 |             Wroker( stage: "one" ), "one", Worker( stge: "one" ),
                |                                     ^

            a.ron:8:44: error: missing field `stage` in Worker
              8 |             Wroker( stage: "one" ), "one", Worker( stge: "one" ),
                |                                            ^

            a.ron:8:52: error: unknown field `stge` in Worker
              8 |             Wroker( stage: "one" ), "one", Worker( stge: "one" ),
                |                                                    ^
              hint: did you mean `stage`? fields of Worker: `stage`, `restart`, `shutdown`, `significant`, `backoff`

            a.ron:9:31: error: supervisor `top` is given twice
              9 |             Supervisor( name: "top", children: [] ), Supervisor(),
                |                               ^
              hint: the first one is at line 7

            a.ron:9:48: error: `children` is empty: it supervises nobody
              9 |             Supervisor( name: "top", children: [] ), Supervisor(),
                |                                                ^
              hint: give it a `Worker( stage: … )`, or remove it

            a.ron:9:54: error: missing field `name` in Supervisor
              9 |             Supervisor( name: "top", children: [] ), Supervisor(),
                |                                                      ^

            a.ron:9:54: error: missing field `children` in Supervisor
              9 |             Supervisor( name: "top", children: [] ), Supervisor(),
                |                                                      ^

            a.ron:9:54: error: supervisor `top` is given twice
              9 |             Supervisor( name: "top", children: [] ), Supervisor(),
                |                                                      ^
              hint: the first one is at line 7"#]],
    );
    check_block(
        r#"[ Worker( stage: "one" ) ]"#,
        &expect![[r#"
        a.ron:7:14: error: expected `Supervisor( … )`, found `[`
          7 | supervision: [ Worker( stage: "one" ) ] )
            |              ^"#]],
    );
}

#[test]
fn numbers_keep_within_their_bounds() {
    check_block(
        r#"Supervisor( intensity: 20000, period: "1500ms" )"#,
        &expect![[r#"
        a.ron:7:37: error: `intensity` is 20000, expected 0 to 10000
          7 | supervision: Supervisor( intensity: 20000, period: "1500ms" ) )
            |                                     ^

        a.ron:7:52: error: `period` is 1s 500ms, expected whole seconds, 1s to 1h
          7 | supervision: Supervisor( intensity: 20000, period: "1500ms" ) )
            |                                                    ^"#]],
    );
    check_block(
        r#"Supervisor( intensity: 500, period: "2m" )"#,
        &expect![[r#"
        a.ron:7:50: error: more than 60 restarts in a period longer than 60s
          7 | supervision: Supervisor( intensity: 500, period: "2m" ) )
            |                                                  ^
          hint: shorten `period`, or lower `intensity`"#]],
    );
    check_block(
        r#"Supervisor( intensity: -1, period: "2h", children: [
            Worker( stage: "one", shutdown: "48h", backoff: (
                base: "1s", cap: "10ms", factor: 0.5, jitter: 2.0 ) ),
        ] )"#,
        &expect![[r#"
            a.ron:7:37: error: `-1` is out of range here
              7 | supervision: Supervisor( intensity: -1, period: "2h", children: [
                |                                     ^

            a.ron:7:49: error: `period` is 2h, expected whole seconds, 1s to 1h
              7 | supervision: Supervisor( intensity: -1, period: "2h", children: [
                |                                                 ^

            a.ron:8:45: error: `shutdown` is 2days, expected at most 24h
              8 |             Worker( stage: "one", shutdown: "48h", backoff: (
                |                                             ^

            a.ron:9:34: error: `cap` is 10ms, expected at least `base`
              9 |                 base: "1s", cap: "10ms", factor: 0.5, jitter: 2.0 ) ),
                |                                  ^

            a.ron:9:50: error: `factor` is 0.5, expected 1 to 100
              9 |                 base: "1s", cap: "10ms", factor: 0.5, jitter: 2.0 ) ),
                |                                                  ^

            a.ron:9:63: error: `jitter` is 2, expected 0 to 1
              9 |                 base: "1s", cap: "10ms", factor: 0.5, jitter: 2.0 ) ),
                |                                                               ^"#]],
    );
}

#[test]
fn what_otp_refuses_is_refused() {
    check_block(
        r#"Supervisor( auto_shutdown: AllSignificant, children: [
            Worker( stage: "one", significant: true ),
            Supervisor( name: "low", shutdown: "5s",
                children: [ Worker( stage: "two", restart: Temporary, significant: true ) ] ),
        ] )"#,
        &expect![[r#"
            a.ron:8:48: error: a permanent child is always restarted and cannot be significant
              8 |             Worker( stage: "one", significant: true ),
                |                                                ^
              hint: say `restart: Transient` or `Temporary`, or leave `significant` out

            a.ron:9:48: error: a killed supervisor would leave its children alone
              9 |             Supervisor( name: "low", shutdown: "5s",
                |                                                ^
              hint: leave `shutdown` out: a supervisor is given all the time that its children need

            a.ron:10:84: error: a significant child of a supervisor with `auto_shutdown: Never`
              10 |                 children: [ Worker( stage: "two", restart: Temporary, significant: true ) ] ),
                 |                                                                                    ^
              hint: give the supervisor `auto_shutdown: AnySignificant` or `AllSignificant`, or leave `significant` out"#]],
    );
}

#[test]
fn names_of_strategies_and_types_have_near_misses() {
    check_block(
        r#"Supervisor( strategy: OneForEach, auto_shutdown: Any, children: [
            Worker( stage: "one", restart: Permanant, shutdown: Brutal_kill ),
        ] )"#,
        &expect![[r#"
            a.ron:7:36: error: `OneForEach` is not known here
              7 | supervision: Supervisor( strategy: OneForEach, auto_shutdown: Any, children: [
                |                                    ^
              hint: did you mean `OneForAll`? expected one of: `OneForOne`, `OneForAll`, `RestForOne`

            a.ron:7:63: error: `Any` is not known here
              7 | supervision: Supervisor( strategy: OneForEach, auto_shutdown: Any, children: [
                |                                                               ^
              hint: expected one of: `Never`, `AnySignificant`, `AllSignificant`

            a.ron:8:44: error: `Permanant` is not known here
              8 |             Worker( stage: "one", restart: Permanant, shutdown: Brutal_kill ),
                |                                            ^
              hint: did you mean `Permanent`? expected one of: `Permanent`, `Transient`, `Temporary`

            a.ron:8:65: error: `Brutal_kill` is not known here
              8 |             Worker( stage: "one", restart: Permanant, shutdown: Brutal_kill ),
                |                                                                 ^
              hint: did you mean `BrutalKill`? expected one of: `BrutalKill`, `Infinity`"#]],
    );
}
