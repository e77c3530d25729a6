//! Any text, any value: no panic, nothing changed on the way.

use proptest::prelude::*;

use super::*;
use crate::tokens::{TokenKind, tokens};
use crate::{StageBody, dot, mermaid, paths};

/// A sound scene with some of its bytes cut out, doubled, or replaced by pieces of RON.
fn mutated() -> impl Strategy<Value = String> {
    let pieces = r##"" ' ( ) [ ] { } , : r# b' \ ${ } // /* */ 5 -1 😀 Sink "a": None #![x] .."##;
    let pieces: Vec<_> = pieces.split(' ').chain(["", "\0", "\n"]).collect();
    let piece = prop::sample::select(pieces);
    let cut = (any::<prop::sample::Index>(), 0..12_usize, piece);
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut text: Vec<char> = SOUND.chars().collect();
        for (at, length, piece) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

/// A sound scene with some of its names, numbers and texts replaced by other values.
fn rewritten() -> impl Strategy<Value = String> {
    let values = r##"5 -1 1.5 "x" "${input}" "flights.rejected" Auto None Csv Some(5) 'x' () [] {} [5]
        Csv(path:"-") (a:1) {"a":1} Plugin(library:"a",from:"flights") 99999999999999999999 "-""##;
    let value = prop::sample::select(values.split_whitespace().collect::<Vec<_>>());
    let change = (any::<prop::sample::Index>(), value);
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut text = SOUND.to_owned();
        for (at, value) in changes {
            let mut tokens = tokens(&text);
            tokens.retain(|token| matches!(token.kind, TokenKind::Str | TokenKind::Word));
            text.replace_range(tokens[at.index(tokens.len())].span.clone(), value);
        }
        text
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in prop_oneof![mutated(), rewritten()], value in ".{0,20}") {
        let given = overrides(&[("input", &value), ("out", &value)]);
        match parse(&text, "a.ron", &given) {
            Ok(scene) => {
                prop_assert_eq!(Graph::of(&scene).order().len(), scene.stages.len());
                prop_assert!(mermaid(&scene).starts_with("flowchart"));
                prop_assert!(dot(&scene).starts_with("digraph"));
            }
            Err(faults) => {
                prop_assert!(!faults.faults().is_empty());
                prop_assert!(faults.to_string().contains("error: "));
            }
        }
    }

    #[test]
    fn any_value_of_a_parameter_arrives_as_it_was_given(value in any::<String>()) {
        let text = r##"(name: "a", params: {"x": ""}, stages: {
            "in": Source(read: Csv(path: "<${x}>")),
            "p": Plugin(library: "p", from: "in", config: ["<${x}>", r"<${x}>", r#"<${x}>"#]),
            "out": Sink(write: Blackhole, from: "p") })"##;
        let scene = parse(text, "a.ron", &overrides(&[("x", &value)])).unwrap();
        let expected = format!("<{value}>");
        let StageBody::Source(source) = &scene.stages[0].body else { panic!("no source") };
        prop_assert_eq!(paths::of_read(&source.read), Some(expected.as_str()));
        let StageBody::Plugin(plugin) = &scene.stages[1].body else { panic!("no plugin") };
        let config: Vec<String> = ron::from_str(&plugin.config).unwrap();
        prop_assert_eq!(config, vec![expected.clone(), expected.clone(), expected]);
    }
}
