//! Parameters: `params: { "name": "default" }` and `${name}` inside the texts of a scene.
//!
//! The whole text is expanded at once, each value escaped for the literal it goes into, and a table
//! of the replaced ranges leads every place of the expanded text back into the file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::expanded::Expanded;
use super::outline::{Entry, Node, Shape, duplicates};
use super::problem::{Located, Problem};
use super::tokens::{self, TokenKind};

/// Parameters by name.
pub(super) type Params = BTreeMap<String, String>;

/// The parameters that the scene `root` declares, each with its default or its override.
pub(super) fn declared(
    root: &Node,
    overrides: &[(String, String)],
    problems: &mut Vec<Located>,
) -> Params {
    let mut params = Params::new();
    let node = root.field("params");
    let entries = match node.map(|node| (node, &node.shape)) {
        None => &[],
        Some((_, Shape::Map(entries))) => entries.as_slice(),
        Some((node, _)) => {
            problems.push((node.span.start, Problem::ParamsNotMap));
            &[]
        }
    };
    problems.extend(duplicates("parameter", entries));
    for entry in entries {
        let default = default_of(entry).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        params.insert(entry.key.clone(), default);
    }
    for (name, value) in overrides {
        match params.get_mut(name) {
            Some(param) => param.clone_from(value),
            None => {
                let declared = params.keys().cloned().collect();
                let problem = Problem::UnknownOverride { name: name.clone(), declared };
                problems.push((node.unwrap_or(root).span.start, problem));
            }
        }
    }
    params
}

fn default_of(entry: &Entry) -> Result<String, Located> {
    let at = entry.value.span.start;
    match &entry.value.shape {
        Shape::Text(text) if text.contains("${") => {
            Err((at, Problem::ParamInDefault(entry.key.clone())))
        }
        Shape::Text(text) => Ok(text.clone()),
        Shape::Fields(_) | Shape::Map(_) | Shape::Items(_) | Shape::Word => {
            Err((at, Problem::ParamNotText(entry.key.clone())))
        }
    }
}

/// Fills `params` into every text literal of `source` outside `declarations`.
///
/// An unknown `${x}` stays as it is and is one of the problems.
pub(super) fn expand(
    source: &str,
    declarations: &Range<usize>,
    params: &Params,
    problems: &mut Vec<Located>,
) -> Expanded {
    let mut expanded = Expanded::default();
    let mut copied = 0;
    for token in tokens::tokens(source) {
        if token.kind != TokenKind::Str || declarations.contains(&token.span.start) {
            continue;
        }
        let pieces = pieces(source, token.span.clone(), params, problems);
        if pieces.is_empty() {
            continue;
        }
        expanded.copy(source, copied..token.span.start);
        write_literal(&mut expanded, source, token.span.clone(), &pieces);
        copied = token.span.end;
    }
    expanded.copy(source, copied..source.len());
    expanded
}

/// A range of a literal and the plain value that takes its place.
struct Piece<'a> {
    source: Range<usize>,
    value: &'a str,
}

/// What has to be replaced inside the literal at `span`, in order.
fn pieces<'a>(
    source: &str,
    span: Range<usize>,
    params: &'a Params,
    problems: &mut Vec<Located>,
) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut at = span.start;
    while let Some(dollar) = source[at..span.end].find('$') {
        let start = at + dollar;
        let rest = &source[start..span.end];
        at = start + 1;
        if rest.starts_with("$${") {
            at = start + 3;
            pieces.push(Piece { source: start..at, value: "${" });
        } else if let Some(named) = rest.strip_prefix("${") {
            match find_param(named, params) {
                Ok((length, value)) => {
                    at = start + 2 + length + 1;
                    pieces.push(Piece { source: start..at, value });
                }
                Err(problem) => problems.push((start, problem)),
            }
        }
    }
    pieces
}

/// Length of the name that `named` begins with (up to its `}`), and its value.
fn find_param<'a>(named: &str, params: &'a Params) -> Result<(usize, &'a str), Problem> {
    let length = named.find('}').ok_or(Problem::UnclosedParam)?;
    let name = &named[..length];
    let value = params.get(name).ok_or_else(|| Problem::UnknownParam {
        name: name.to_owned(),
        declared: params.keys().cloned().collect(),
    })?;
    Ok((length, value))
}

fn write_literal(expanded: &mut Expanded, source: &str, span: Range<usize>, pieces: &[Piece<'_>]) {
    match source[span.clone()].starts_with('r') {
        true => write_raw(expanded, source, span, pieces),
        false => write_pieces(expanded, source, span, pieces, |value| {
            value.replace('\\', "\\\\").replace('"', "\\\"")
        }),
    }
}

/// Nothing can be escaped in a raw text, so its delimiters grow until no value can end it.
fn write_raw(expanded: &mut Expanded, source: &str, span: Range<usize>, pieces: &[Piece<'_>]) {
    let literal = &source[span.clone()];
    let hashes = literal[1..].bytes().take_while(|&byte| byte == b'#').count();
    let inner = span.start + hashes + 2..span.end - hashes - 1;
    let mut content = Expanded::default();
    write_pieces(&mut content, source, inner.clone(), pieces, str::to_owned);
    let needed = "#".repeat(hashes.max(hashes_needed(&content.text)));
    expanded.replace(span.start..inner.start, &format!("r{needed}\""));
    write_pieces(expanded, source, inner.clone(), pieces, str::to_owned);
    expanded.replace(inner.end..span.end, &format!("\"{needed}"));
}

fn write_pieces(
    expanded: &mut Expanded,
    source: &str,
    span: Range<usize>,
    pieces: &[Piece<'_>],
    escape: impl Fn(&str) -> String,
) {
    let mut copied = span.start;
    for piece in pieces {
        expanded.copy(source, copied..piece.source.start);
        expanded.replace(piece.source.clone(), &escape(piece.value));
        copied = piece.source.end;
    }
    expanded.copy(source, copied..span.end);
}

/// Hashes that a raw text around `content` needs: one more than follow any of its quotes.
fn hashes_needed(content: &str) -> usize {
    let after_quotes = content.split('"').skip(1);
    after_quotes
        .map(|rest| 1 + rest.bytes().take_while(|&byte| byte == b'#').count())
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(value: &str) -> Params {
        Params::from([("x".to_owned(), value.to_owned())])
    }

    fn expand_with(source: &str, value: &str) -> String {
        expand(source, &(0..0), &params(value), &mut Vec::new()).text
    }

    #[test]
    fn a_value_reads_back_as_it_was_given_from_every_kind_of_literal() {
        for value in ["plain", "a\"b", "back\\slash", "\"#\"##", "$${x}", "\n\u{1F600}", ""] {
            for literal in ["\"<${x}>\"", "r\"<${x}>\"", "r#\"<${x}>\"#"] {
                let expanded = expand_with(literal, value);
                let decoded = tokens::decode(&expanded);
                assert_eq!(decoded, Some(format!("<{value}>")), "{expanded}");
            }
        }
    }

    #[test]
    fn only_texts_are_expanded_and_a_doubled_dollar_is_an_escape() {
        assert_eq!(expand_with("a /* ${x} */ \"$${x} $x ^$\"", "1"), "a /* ${x} */ \"${x} $x ^$\"");
    }

    #[test]
    fn every_offset_leads_back_to_its_source() {
        let source = r#"( "a${x}b", r"${x}", last )"#;
        let expanded = expand(source, &(0..0), &params("long \" value"), &mut Vec::new());
        let back = |needle: &str| expanded.source_offset(expanded.text.find(needle).unwrap());
        assert_eq!(back("long"), source.find("${x}").unwrap());
        assert_eq!(back("b\""), source.find("b\"").unwrap());
        assert_eq!(back("last"), source.find("last").unwrap());
        assert_eq!(expanded.source_offset(expanded.text.len()), source.len());
    }

    #[test]
    fn an_unknown_parameter_is_a_problem_at_its_dollar() {
        let source = r#"("${y} ${x} ${")"#;
        let mut problems = Vec::new();
        let expanded = expand(source, &(0..0), &params("1"), &mut problems);
        assert_eq!(expanded.text, r#"("${y} 1 ${")"#);
        assert_eq!(problems.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [2, 12]);
    }
}
