//! The table: `expression  =>  value`, and in brackets what PostgreSQL says where it differs.

use expect_test::expect_file;

use crate::{agree, evaluate, one_row, server};

const CASES: &str = include_str!("cases.txt");
const ARROW: &str = "  =>  ";
const THEIRS: &str = "  [PostgreSQL: ";

struct Case<'t> {
    expression: &'t str,
    value: &'t str,
    /// PostgreSQL's value, where it is another one.
    theirs: Option<&'t str>,
}

fn case(line: &str) -> Option<Case<'_>> {
    let (expression, rest) = line.split_once(ARROW)?;
    let differs = rest.strip_suffix(']').and_then(|rest| rest.split_once(THEIRS));
    let (value, theirs) = differs.map_or((rest, None), |(value, theirs)| (value, Some(theirs)));
    Some(Case { expression, value, theirs })
}

#[test]
fn cases_have_the_values_of_the_table() {
    let batch = one_row();
    let mut found = String::new();
    for line in CASES.lines() {
        let Some(Case { expression, theirs, .. }) = case(line) else {
            found += line;
            found += "\n";
            continue;
        };
        let value = evaluate(expression, &batch).map_or("error".to_owned(), |it| it.concat());
        let theirs = theirs.map_or(String::new(), |theirs| format!("{THEIRS}{theirs}]"));
        found += &format!("{expression}{ARROW}{value}{theirs}\n");
    }
    assert!(found.lines().filter_map(case).count() > 700, "the table was cut");
    expect_file!["./cases.txt"].assert_eq(&found);
}

#[test]
fn postgresql_has_the_values_of_the_table() {
    let cases: Vec<Case<'_>> = CASES.lines().filter_map(case).collect();
    let select = |case: &Case<'_>| format!("select coalesce(({})::text, 'null')", case.expression);
    let selects: Vec<String> = cases.iter().map(select).collect();
    let test = "postgresql_has_the_values_of_the_table";
    let Some(answers) = server::ask(test, "", &selects) else { return };
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(answers) {
        let holds = match case.theirs {
            Some(theirs) => theirs == answer && !agree(case.expression, case.value, &answer),
            None => agree(case.expression, case.value, &answer),
        };
        if !holds {
            wrong.push(format!(
                "{}: the table has {}, the server {answer}",
                case.expression, case.value
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
