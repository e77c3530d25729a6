//! Texts that are no RON, or no scene.

use super::*;

#[test]
fn a_missing_comma() {
    check(
        "\"in\": Source( read: Csv( path: \"a\" )\n    priority: 3 )",
        &expect![[r#"
        a.ron:3:5: error: expected comma
          3 |     priority: 3 )
            |     ^
          hint: is a comma missing before this, or a bracket unclosed?"#]],
    );
}

#[test]
fn an_unclosed_text() {
    check_file(
        "Scene( name: \"a\n)",
        &expect![[r#"
        a.ron:1:14: error: expected end of string
          1 | Scene( name: "a
            |              ^
          hint: a text that opens here is never closed by `"`"#]],
    );
}

#[test]
fn an_unclosed_bracket() {
    check_file(
        "Scene( name: \"a\",\n  stages: {",
        &expect![[r#"
        a.ron:2:11: error: unexpected end of RON
          2 |   stages: {
            |           ^
          hint: the file ends too early: is a bracket unclosed?"#]],
    );
}

#[test]
fn a_wrong_escape() {
    check_file(
        r#"Scene( name: "\d" )"#,
        &expect![[r#"
            a.ron:1:15: error: unknown escape character
              1 | Scene( name: "\d" )
                |               ^
              hint: write `\\` for a backslash, or a raw text: r"\d+""#]],
    );
}

#[test]
fn a_parameter_outside_quotes() {
    check_read(
        "Csv( path: ${input} )",
        &expect![[r#"
        a.ron:2:32: error: unexpected char '$'
          2 | "in": Source( read: Csv( path: ${input} ) ), "out": Sink( write: Blackhole, from: "in" ),
            |                                ^
          hint: parameters stand inside quotes: "${name}""#]],
    );
}

#[test]
fn nothing_at_all() {
    check_file(
        "",
        &expect![[r#"
        a.ron:1:1: error: unexpected end of RON
          1 | 
            | ^
          hint: the file ends too early: is a bracket unclosed?"#]],
    );
}

#[test]
fn another_value() {
    check_file(
        "Scnee( name: \"a\" )",
        &expect![[r#"
        a.ron:1:1: error: expected `Scene( … )`, found `Scnee`
          1 | Scnee( name: "a" )
            | ^
          hint: a scene is `Scene( name: …, stages: { … } )`"#]],
    );
    check_file(
        "[1, 2]",
        &expect![[r#"
        a.ron:1:1: error: expected `Scene( field: value, … )`, found `[`
          1 | [1, 2]
            | ^"#]],
    );
}

#[test]
fn text_behind_the_end() {
    check_file(
        "Scene( name: \"a\" ) )",
        &expect![[r#"
        a.ron:1:20: error: non-whitespace trailing characters
          1 | Scene( name: "a" ) )
            |                    ^
          hint: the scene ends before this"#]],
    );
}
