//! Parameters and their overrides.

use super::*;

#[test]
fn an_unknown_parameter_names_the_nearest() {
    check_file(
        r#"Scene( name: "a", params: { "input": "x" }, stages: {
"in": Source( read: Csv( path: "a/${inptu}" ) ),
"p": Plugin( library: "p", from: "in", config: ( a: [ "${x", "$${x}" ] ) ),
"out": Sink( write: Blackhole, from: "p" ),
} )"#,
        &expect![[r#"
            a.ron:2:35: error: the scene declares no parameter `inptu`
              2 | "in": Source( read: Csv( path: "a/${inptu}" ) ),
                |                                   ^
              hint: did you mean `input`? declared parameters: `input`; a plain `${` is written `$${`

            a.ron:3:56: error: `${` without its `}`
              3 | "p": Plugin( library: "p", from: "in", config: ( a: [ "${x", "$${x}" ] ) ),
                |                                                        ^
              hint: write `${name}` for a parameter, `$${` for a plain `${`"#]],
    );
}

#[test]
fn a_parameter_is_a_plain_text_given_once() {
    check_file(
        r#"Scene( name: "a", params: { "a": 5, "b": "${a}", "a": "x" }, stages: {
"in": Source( read: Csv( path: "${a}" ) ),
"out": Sink( write: Blackhole, from: "in" ),
} )"#,
        &expect![[r#"
            a.ron:1:34: error: parameter `a` is not a text in quotes
              1 | Scene( name: "a", params: { "a": 5, "b": "${a}", "a": "x" }, stages: {
                |                                  ^
              hint: every parameter is a text: `"name": "default"`

            a.ron:1:42: error: the default of parameter `b` uses `${`: defaults are taken as they stand
              1 | Scene( name: "a", params: { "a": 5, "b": "${a}", "a": "x" }, stages: {
                |                                          ^
              hint: write the value out

            a.ron:1:50: error: parameter `a` is given twice
              1 | Scene( name: "a", params: { "a": 5, "b": "${a}", "a": "x" }, stages: {
                |                                                  ^
              hint: the first one is at line 1"#]],
    );
    check_file(
        "(name: \"a\", params: [])",
        &expect![[r#"
        a.ron:1:1: error: missing field `stages` in Scene
          1 | (name: "a", params: [])
            | ^

        a.ron:1:21: error: `params` is not a map `{ "name": "default" }`
          1 | (name: "a", params: [])
            |                     ^"#]],
    );
}

#[test]
fn an_override_of_an_undeclared_parameter_names_the_declared() {
    let faults = parse(SOUND, "a.ron", &overrides(&[("inputs", "x")])).unwrap_err();
    expect![[r#"
        a.ron:5:13: error: `--param inputs=…`: the scene declares no parameter `inputs`
          5 |     params: { "input": "in.csv", "out": "target/out" },
            |             ^
          hint: did you mean `input`? declared parameters: `input`, `out`"#]]
    .assert_eq(&faults.to_string());
}

#[test]
fn a_fault_behind_a_parameter_stands_at_its_own_place() {
    let text = SOUND.replace("delimiter: ';'", "delimiter: 'ß'");
    let given = overrides(&[("input", "a\n\n\nb")]);
    let faults = parse(&text, "a.ron", &given).unwrap_err();
    expect![[r#"
        a.ron:9:53: error: `delimiter` is 'ß': it must be one ASCII character, no quote, no line end
          9 |             read: Csv( path: "${input}", delimiter: 'ß', schema: { "year": "int32" } ),
            |                                                     ^"#]].assert_eq(&faults.to_string());
}
