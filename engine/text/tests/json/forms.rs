//! Every form that JSON's grammar allows for a value, and what it does not allow.

use super::{decode, decoder};

/// Of one type each, so that inference has a type for the column.
const ALLOWED: &[&str] = &[
    "[]",
    "[ ]",
    "[\t]",
    "{}",
    "{ }",
    "[[]]",
    "[[],[[]]]",
    "[{}]",
    "{\"\":0}",
    "{\"a\":{}}",
    "{\"a\" :\t1 , \"b\":\"\"}",
    "{\"\\u0000\":1}",
    "{\"a\":[]}",
    "[null]",
    "[1,null,null,2]",
    "[true,false]",
    "[0]",
    "[-0]",
    "[-1]",
    "[0e1]",
    "[0e+1]",
    "[0E-1]",
    "[1e2]",
    "[1E22]",
    "[1.5e-7]",
    "[-0.0]",
    "[20e1]",
    "[123.456e78]",
    "[0.1]",
    "[-123123e-100]",
    "[1E-2,3]",
    "[\"\"]",
    "[\" \"]",
    "[\"a/*b*/c\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    "[\"\\u0012\"]",
    "[\"\\uD801\\udc37\"]",
    "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
    "[\"\u{7f}\"]",
    "[\"\u{ffff}\"]",
    "[\"\u{2028}\u{2029}\"]",
    "[\"\\uFFFF\"]",
    "[\"\\\\u0000\"]",
    "[\"\u{10ffff}\"]",
    "[\"[1,2\"]",
    "{\"min\":-1.0e+28,\"max\":1.0e+28}",
];

/// What some parsers let pass.
const REFUSED: &[&[u8]] = &[
    b"",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[1,,2]",
    b"[,]",
    b"[1 2]",
    b"[1:2]",
    b"[1]]",
    b"[[1]",
    b"[}",
    b"{]",
    b"[{]",
    b"{,}",
    b"{\"a\"",
    b"{\"a\":",
    b"{\"a\":1",
    b"{\"a\":1,",
    b"{\"a\":1,}",
    b"{\"a\":1,,\"b\":2}",
    b"{\"a\" 1}",
    b"{\"a\",1}",
    b"{\"a\"::1}",
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b"{null:1}",
    b"{\"a\":1 \"b\":2}",
    b"{\"a\":1}#",
    b"{}{}",
    b"[1]/**/",
    b"[1]//",
    b"[/**/1]",
    b"[*]",
    b"['a']",
    b"[a]",
    b"[True]",
    b"[tru]",
    b"[truth]",
    b"[nul]",
    b"[nulll]",
    b"[NULL]",
    b"[fals]",
    b"[NaN]",
    b"[Infinity]",
    b"[-Infinity]",
    b"[inf]",
    b"[+1]",
    b"[-]",
    b"[--1]",
    b"[-a]",
    b"[01]",
    b"[-01]",
    b"[00]",
    b"[.5]",
    b"[-.5]",
    b"[1.]",
    b"[1.e5]",
    b"[1..5]",
    b"[1.5.5]",
    b"[1e]",
    b"[1e+]",
    b"[1eE2]",
    b"[1e2.5]",
    b"[1E+-2]",
    b"[0x1]",
    b"[1_000]",
    b"[1a]",
    b"[\xef\xbc\x91]",
    b"[\"]",
    b"[\"a]",
    b"[\"\\\"]",
    b"[\"\\a\"]",
    b"[\"\\x41\"]",
    b"[\"\\u\"]",
    b"[\"\\u12\"]",
    b"[\"\\u123g\"]",
    b"[\"\\U0041\"]",
    b"[\"\\'\"]",
    b"[\"\t\"]",
    b"[\"\0\"]",
    b"[\"\x1f\"]",
    b"[\"\xff\"]",
    b"[\"\xc0\xaf\"]",
    b"[\"\xed\xa0\x80\"]",
    b"[\"\\ud800\"]",
    b"[\"\\ud800\\u0041\"]",
    b"[\"\\udc00\\ud800\"]",
    b"\xef\xbb\xbf[]",
    b"[\xc2\xa01]",
    b"[\x0c1]",
];

fn record(value: &[u8]) -> Vec<u8> {
    [b"{\"v\":", value, b"}\n"].concat()
}

#[test]
fn what_the_grammar_allows_is_read_as_serde_json_reads_it() {
    for form in ALLOWED {
        let text = record(form.as_bytes());
        let decoder = decoder(&text).unwrap_or_else(|| panic!("{form} has a type"));
        let outcome = decode(&decoder, &text, 1);
        assert_eq!(outcome.bad, [], "{form}");
        let expected = super::Value::of_json(&serde_json::from_slice(&text).unwrap());
        assert_eq!(outcome.good, [expected], "{form}");
    }
}

#[test]
fn what_the_grammar_does_not_allow_is_refused_whatever_the_column() {
    let columns: [&[u8]; 6] =
        [b"[1]", b"[1.5]", b"[\"x\"]", b"{\"a\":1}", b"[{\"a\":[true]}]", b"\"s\""];
    for (form, column) in REFUSED.iter().flat_map(|form| columns.map(|column| (form, column))) {
        let decoder = decoder(&record(column)).unwrap();
        let outcome = decode(&decoder, &record(form), 1);
        let shown = String::from_utf8_lossy(form);
        assert_eq!((outcome.good.len(), outcome.bad.len()), (0, 1), "{shown}");
    }
}

#[test]
fn brackets_without_end_are_refused() {
    let decoder = decoder(&record(b"[[1]]")).unwrap();
    for bracket in [&b"["[..], b"{\"a\":", b"[{\"a\":"] {
        let text = record(&bracket.repeat(1_000_000));
        let outcome = decode(&decoder, &text, 1);
        assert_eq!((outcome.good.len(), outcome.bad.len()), (0, 1));
        assert!(super::decoder(&text).is_none());
    }
}
