//! Rust text taken apart into code, comments and literals, line by line.

/// One line, split by what its characters are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its code; a literal is left as its quotes.
    pub(crate) code: String,
    /// Its comments, with their signs.
    pub(crate) comment: String,
    /// It begins inside a literal or ends inside one: its text is not ours to break.
    pub(crate) in_literal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    LineComment,
    /// How deeply nested.
    BlockComment(u32),
    Text,
    /// How many `#` end it.
    RawText(usize),
}

/// Splits a text. Knows nested comments, raw strings, escapes, characters and lifetimes.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut splitter = Splitter { inside: Inside::Code, line: Line::default(), lines: Vec::new() };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = splitter.take(rest, first);
        rest = &rest[taken..];
    }
    if splitter.line != Line::default() {
        splitter.end_line();
    }
    splitter.lines
}

struct Splitter {
    inside: Inside,
    line: Line,
    lines: Vec<Line>,
}

impl Splitter {
    /// Takes the next thing off `rest`; returns its bytes.
    fn take(&mut self, rest: &str, first: char) -> usize {
        if first == '\n' {
            self.end_line();
            return 1;
        }
        match self.inside {
            Inside::Code => self.take_code(rest, first),
            Inside::LineComment => self.comment(&rest[..first.len_utf8()]),
            Inside::BlockComment(depth) => self.take_block_comment(rest, first, depth),
            Inside::Text if first == '\\' => 1 + escaped_len(&rest[1..]),
            Inside::Text if first == '"' => self.leave_text(1),
            Inside::RawText(hashes) if closes(rest, hashes) => self.leave_text(1 + hashes),
            Inside::Text | Inside::RawText(_) => first.len_utf8(),
        }
    }

    fn take_code(&mut self, rest: &str, first: char) -> usize {
        if rest.starts_with("//") {
            self.inside = Inside::LineComment;
            return 0;
        }
        if rest.starts_with("/*") {
            self.inside = Inside::BlockComment(0);
            return 0;
        }
        if let Some(hashes) = raw_text(rest).filter(|_| !self.line.code.ends_with(is_word)) {
            self.inside = Inside::RawText(hashes);
            self.line.code.push('"');
            return 2 + hashes;
        }
        match first {
            '"' => self.inside = Inside::Text,
            '\'' => {
                if let Some(len) = character_len(rest) {
                    self.line.code.push_str("''");
                    return len;
                }
            }
            _ => {}
        }
        self.line.code.push(first);
        first.len_utf8()
    }

    fn take_block_comment(&mut self, rest: &str, first: char, depth: u32) -> usize {
        if rest.starts_with("/*") {
            self.inside = Inside::BlockComment(depth + 1);
            return self.comment("/*");
        }
        if rest.starts_with("*/") {
            self.inside = if depth > 1 { Inside::BlockComment(depth - 1) } else { Inside::Code };
            return self.comment("*/");
        }
        self.comment(&rest[..first.len_utf8()])
    }

    fn comment(&mut self, text: &str) -> usize {
        self.line.comment.push_str(text);
        text.len()
    }

    fn leave_text(&mut self, len: usize) -> usize {
        self.inside = Inside::Code;
        self.line.code.push('"');
        len
    }

    fn end_line(&mut self) {
        let in_literal = matches!(self.inside, Inside::Text | Inside::RawText(_));
        if self.inside == Inside::LineComment {
            self.inside = Inside::Code;
        }
        let mut line = std::mem::take(&mut self.line);
        line.in_literal |= in_literal;
        self.lines.push(line);
        self.line.in_literal = in_literal;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `r"`, `r#"`, …: how many `#`.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn closes(rest: &str, hashes: usize) -> bool {
    let after = rest.strip_prefix('"');
    after.is_some_and(|after| after.bytes().take(hashes).filter(|b| *b == b'#').count() == hashes)
}

/// A line may end with `\`; its end is then seen as such.
fn escaped_len(rest: &str) -> usize {
    rest.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8)
}

/// Length of a character literal; none if the quote begins a lifetime.
fn character_len(rest: &str) -> Option<usize> {
    let inner = &rest[1..];
    let first = inner.chars().next()?;
    let len = match first {
        '\\' => 2 + inner[2..].find('\'')?,
        _ => first.len_utf8(),
    };
    inner[len..].starts_with('\'').then_some(len + 2)
}

/// Does `word` stand in `text` as a word of its own?
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        lines(text).into_iter().map(|line| line.code + "\n").collect()
    }

    #[test]
    fn literals_and_comments_are_no_code() {
        assert_eq!(
            code("a(\"b\\\"c\", r#\"d\"e\"#, 'f', '\\'', '\"') // g\n"),
            "a(\"\", \"\", '', '', '') \n"
        );
        assert_eq!(code("a /* b /* c */ d */ e\n"), "a  e\n");
        assert_eq!(code("fn a<'b>(c: &'b str) {}\n"), "fn a<'b>(c: &'b str) {}\n");
        assert_eq!(code("let r = for_r\"x\";\n"), "let r = for_r\"\";\n");
    }

    #[test]
    fn literal_over_lines_is_marked() {
        let marked: Vec<_> =
            lines("a\n\"b\nc\nd\"\ne\n").iter().map(|line| line.in_literal).collect();
        assert_eq!(marked, [false, true, true, true, false]);
    }
}
