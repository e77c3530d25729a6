//! The plugin that fails on order, under the policies that deal with it.

use crate::cells::Cell;
use crate::draft::Draft;
use crate::flow::Flow;
use crate::plugin::LEVELS;

impl Draft<'_> {
    /// `faulty` behind any port: every row passes it unchanged, whatever it does to its process,
    /// but for the dead letters.
    pub(crate) fn add_faulty(&mut self) {
        let by_row = self.dice.percent(60);
        let will_do = |flow: &Flow| !by_row || flow.place("id").is_some();
        let Some((from, input)) = self.input(will_do, false) else { return };
        if by_row { self.add_faulty_at_rows(&from, &input) } else { self.add_mortal(&from, &input) }
    }

    /// It dies at a batch of each life, and no row is lost.
    fn add_mortal(&mut self, from: &str, input: &Flow) {
        let name = format!("f{}", self.stage_count());
        let level = self.dice.pick(&LEVELS[1..]);
        let what = self.dice.pick(&["Abort", "Segfault", "Exit(3)", "Pass"]);
        // A restart for each batch of one row is slow and shows nothing more.
        let batch = match self.batch_rows {
            ..50 => 20 + self.dice.index(40),
            _ => 1 + self.dice.index(4),
        };
        self.add_stage(format!(
            "\"{name}\": Plugin( library: \"faulty\", from: {from}, isolation: {level}, \
             config: ( when: Batch({batch}), what: {what} ) )"
        ));
        self.add_flow(input.passed_to(name));
    }

    /// It fails at up to three rows: a fallback takes their batches, or they pass by, or they are
    /// set aside.
    fn add_faulty_at_rows(&mut self, from: &str, input: &Flow) {
        let stage = self.stage_count();
        let name = format!("f{stage}");
        let ids: Vec<i64> = input.all().filter_map(|row| input.cell(row, "id").int()).collect();
        let count = if ids.is_empty() { 0 } else { self.dice.index(4) };
        let mut poison: Vec<i64> = (0..count).map(|_| self.dice.pick(&ids)).collect();
        poison.push(-1);
        let list: Vec<String> = poison.iter().map(ToString::to_string).collect();
        let level = self.dice.pick(&LEVELS);
        let what = match level {
            "InProcess" => self.dice.pick(&["Error", "Panic"]),
            _ => self.dice.pick(&["Error", "Panic", "Abort", "Segfault", "Exit(0)"]),
        };
        let retry = self.dice.pick(&["", "Retry( times: 2 ), "]);
        let letters = format!("dead{stage}");
        let way = self.dice.below(3);
        let policy = match way {
            0 => "Fallback( library: \"faulty\", config: ( when: Never, what: Pass ) )".to_owned(),
            1 => "Bypass".to_owned(),
            _ => format!("DeadLetter( to: \"{letters}\" )"),
        };
        self.add_stage(format!(
            "\"{name}\": Plugin( library: \"faulty\", from: {from}, isolation: {level},\n            \
             config: ( when: Row(\"id in ({})\"), what: {what} ), on_failure: [ {retry}{policy} ] )",
            list.join(", ")
        ));
        let is_poison = |cell: &Cell| cell.int().is_some_and(|id| poison.contains(&id));
        let place = input.place("id").expect("it was asked for");
        let columns = || input.columns.clone();
        if way < 2 {
            return self.add_flow(input.passed_to(name));
        }
        let dead = input
            .mapped(letters.clone(), columns(), |row| is_poison(&row[place]).then(|| row.clone()));
        self.add_sink_of_dead_letters(&letters, dead);
        self.add_flow(
            input.mapped(name, columns(), |row| (!is_poison(&row[place])).then(|| row.clone())),
        );
    }
}
