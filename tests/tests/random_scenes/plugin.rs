//! Which plugin comes next, and where and under what policy it runs.

use crate::draft::Draft;

/// Where a plugin runs.
pub(crate) const LEVELS: [&str; 4] =
    ["InProcess", "Process(sandbox: Off)", "Process(sandbox: Basic)", "Process(sandbox: Strict)"];

impl Draft<'_> {
    /// A plugin behind one or two of the ports.
    pub(crate) fn add_plugin(&mut self) {
        match self.dice.below(100) {
            0..30 => self.add_validation(),
            30..55 => self.add_enrichment(),
            55..80 => self.add_aggregation(),
            _ => self.add_faulty(),
        }
    }

    /// A stage of a plugin that never fails by itself. What is killed from outside is tried again,
    /// or goes to the very same plugin as a fallback.
    pub(crate) fn add_plugin_stage(
        &mut self,
        (name, library): (&str, &str),
        from: &str,
        config: &str,
        has_state: bool,
    ) {
        let level = self.dice.pick(&LEVELS);
        let instances = match has_state {
            true => "Auto".to_owned(),
            false => self.dice.pick(&["Auto", "1", "3"]).to_owned(),
        };
        let is_isolated = level != "InProcess";
        let retry = "Retry( times: 100 )";
        let policy = match self.dice.below(3) {
            0 if is_isolated => format!(", on_failure: [ {retry} ]"),
            1 if !has_state => format!(
                ", on_failure: [ {retry}, Fallback( library: \"{library}\", config: {config} ) ]"
            ),
            _ => String::new(),
        };
        let spares = match is_isolated && self.dice.percent(10) {
            true => ", spares: 1",
            false => "",
        };
        self.add_stage(format!(
            "\"{name}\": Plugin( library: \"{library}\", from: {from}, isolation: {level}, \
             instances: {instances}{spares}, read: [\"{{dir}}\"],\n            \
             config: {config}{policy} )"
        ));
    }
}
