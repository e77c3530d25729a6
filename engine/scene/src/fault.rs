//! What is wrong with a scene, and where: printed as a compiler prints it.

use std::fmt;

use super::text::{self, Place};

/// Most characters of a source line that are shown around a fault.
const SHOWN_CHARS_MAX: usize = 120;

/// One fault: its place in the file, what was found and expected, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file; `None` when the file itself could not be read.
    pub place: Option<Place>,
    /// What was found and what was expected, one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at `place`.
    pub fn new(place: Option<Place>, message: impl fmt::Display, hint: Option<String>) -> Self {
        Self { place, message: message.to_string(), hint }
    }
}

/// Every fault that was found in one scene file, in the order of the file; never empty.
///
/// `Display` prints one block a fault: `file:line:column: error: …`, the source line, a caret under
/// the place and the hint. Nothing was started: the scene can be mended and loaded again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneFaults {
    file: String,
    text: String,
    faults: Vec<Fault>,
}

impl SceneFaults {
    /// Gathers `faults` of the scene whose text is `text`; sorted by place, the same fault once.
    #[must_use]
    pub fn new(file: &str, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.place);
        faults.dedup();
        Self { file: file.to_owned(), text: text.to_owned(), faults }
    }

    /// Name of the scene file, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The faults, in the order of the file.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl std::error::Error for SceneFaults {}

impl fmt::Display for SceneFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            self.write_fault(f, fault)?;
        }
        Ok(())
    }
}

impl SceneFaults {
    fn write_fault(&self, f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column }) = fault.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": error: {}", fault.message)?;
        if let Some(place) = fault.place {
            self.write_line(f, place)?;
        }
        match &fault.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }

    /// Writes the source line and a caret under `place`; of a long line the part around the place.
    fn write_line(&self, f: &mut fmt::Formatter<'_>, place: Place) -> fmt::Result {
        let line = self.text[text::line_span(&self.text, place.line)].trim_end();
        let column = place.column.saturating_sub(1);
        let is_long = line.chars().count() > SHOWN_CHARS_MAX;
        let first = if is_long { column.saturating_sub(SHOWN_CHARS_MAX / 2) } else { 0 };
        let shown: String = line.chars().skip(first).take(SHOWN_CHARS_MAX).map(printable).collect();
        let under = shown.chars().take(column - first).map(|c| if c == '\t' { c } else { ' ' });
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        write!(f, "\n  {number} | {shown}\n  {margin} | {}^", under.collect::<String>())
    }
}

/// A scene may hold anything; the terminal gets nothing that would steer it.
fn printable(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{FFFD}' } else { c }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, column: usize, expected: &Expect) {
        let fault = Fault::new(Some(Place { line: 1, column }), "it is wrong", None);
        let faults = SceneFaults::new("a.ron", text, vec![fault]);
        expected.assert_eq(&faults.to_string());
    }

    #[test]
    fn the_caret_stands_under_the_place_even_after_tabs() {
        check(
            "\tç x\r\n",
            4,
            &expect![[r#"
            a.ron:1:4: error: it is wrong
              1 | 	ç x
                | 	  ^"#]],
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("{}x{}", "a".repeat(500), "b".repeat(500));
        check(
            &text,
            501,
            &expect![[r#"
            a.ron:1:501: error: it is wrong
              1 | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaxbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                |                                                             ^"#]],
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        check(
            "a\u{1b}[31m",
            1,
            &expect![[r#"
            a.ron:1:1: error: it is wrong
              1 | a�[31m
                | ^"#]],
        );
    }

    #[test]
    fn a_fault_without_a_place_names_the_file() {
        let fault = Fault::new(None, "cannot be read", Some("name a scene file".into()));
        let faults = SceneFaults::new("a.ron", "", vec![fault]);
        expect![[r#"
            a.ron: error: cannot be read
              hint: name a scene file"#]]
        .assert_eq(&faults.to_string());
    }
}
