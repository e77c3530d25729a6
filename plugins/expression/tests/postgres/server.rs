//! A PostgreSQL server, where there is one.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

/// The text of one value for each statement, `null`, or `error`. None without `TANDA_PSQL`.
pub(crate) fn ask(test: &str, setup: &str, selects: &[String]) -> Option<Vec<String>> {
    let Ok(command) = std::env::var("TANDA_PSQL") else {
        eprintln!("{test}: SKIPPED: TANDA_PSQL names no command that reaches a server");
        return None;
    };
    let mut words = command.split_whitespace();
    let mut child = Command::new(words.next().expect("TANDA_PSQL is empty"))
        .args(words)
        .args(["-A", "-t", "-q", "-X"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("TANDA_PSQL can be started");
    let mut script = format!("set timezone = 'UTC';\n{setup}\n");
    for select in selects {
        script += &format!("\\echo {MARK}\n{select};\n");
    }
    let mut stdin = child.stdin.take().expect("it is piped");
    // The server answers while it is still asked.
    let writer = thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().expect("psql ends");
    writer.join().expect("no panic").expect("psql reads all");
    let text = String::from_utf8(output.stdout).expect("the server speaks UTF-8");
    let answers: Vec<String> = text.split(MARK).skip(1).map(answer).collect();
    assert_eq!(answers.len(), selects.len(), "psql answers each: {text}");
    Some(answers)
}

const MARK: &str = "@answer@";

/// A statement that fails prints nothing, not even an empty line.
fn answer(printed: &str) -> String {
    let printed = printed.strip_prefix('\n').unwrap_or(printed);
    printed.strip_suffix('\n').map_or_else(|| "error".to_owned(), str::to_owned)
}
