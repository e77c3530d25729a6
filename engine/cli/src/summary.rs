//! The table at the end of a run.

use std::fmt::Write as _;

use indicatif::{BinaryBytes, HumanCount};

use tanda::report::{Outcome, RunReport, StageReport};
use tanda::supervision::SupervisorReport;

/// The whole summary, ready to print.
pub(super) fn table(report: &RunReport) -> String {
    let width = report.stages.iter().map(|stage| stage.name.chars().count()).max().unwrap_or(0);
    let width = width.max("stage".len());
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<width$}  {:<6} {:>14} {:>9} {:>9}  rows out",
        "stage", "kind", "rows in", "batches", "busy"
    );
    for stage in &report.stages {
        let busy = format!("{:.2} s", stage.busy_seconds);
        let _ = writeln!(
            text,
            "{:<width$}  {:<6} {:>14} {:>9} {:>9}  {}",
            stage.name,
            stage.kind,
            count(stage.rows_in),
            count(stage.batches_in),
            busy,
            rows_out(stage)
        );
    }
    text.push_str(&sandboxes(report));
    report.stages.iter().for_each(|stage| text.push_str(&failures(stage)));
    report.stages.iter().for_each(|stage| text.push_str(&counters(stage)));
    text.push_str(&totals(report));
    text
}

/// What is in force around the isolated stages, a line each kind, and which of them died.
fn sandboxes(report: &RunReport) -> String {
    let mut text = String::new();
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for stage in &report.stages {
        let Some(sandbox) = stage.sandbox.as_deref() else { continue };
        match kinds.iter_mut().find(|(kind, _)| *kind == sandbox) {
            Some((_, stages)) => stages.push(&stage.name),
            None => kinds.push((sandbox, vec![&stage.name])),
        }
    }
    for (kind, stages) in kinds {
        let _ = writeln!(text, "in processes of their own: {} (sandbox {kind})", stages.join(", "));
    }
    let acted = |supervisor: &&SupervisorReport| {
        let tells = |act: &str| !matches!(act, "Started" | "Stopped" | "Killed");
        supervisor.restarts > 0 || supervisor.acts.iter().any(|act| tells(&act.act))
    };
    for supervisor in report.supervisors.iter().filter(acted) {
        let restarts = number(supervisor.restarts.into(), ["restart", "restarts"]);
        let _ = write!(text, "supervisor {}: {restarts}", supervisor.name);
        if let (Some(child), Some(reason)) = (&supervisor.last_child, &supervisor.last_reason)
            && supervisor.restarts > 0
        {
            let _ = write!(text, ", the last of {child}, {reason}");
        }
        text.push('\n');
    }
    for stage in report.stages.iter().filter(|stage| stage.restarts > 0) {
        let starts = number(stage.restarts.into(), ["time", "times"]);
        let _ = writeln!(text, "{}: workers were started again {starts}", stage.name);
    }
    text
}

/// What a stage's failure policy had to do.
fn failures(stage: &StageReport) -> String {
    let Some(done) = stage.failures else { return String::new() };
    let parts = [
        (done.retried, ["retry", "retries"], "of batches"),
        (done.fell_back, ["batch", "batches"], "given to the fallback"),
        (done.bypassed, ["batch", "batches"], "passed by"),
        (done.dead_rows, ["row", "rows"], "set aside as dead letters"),
        (done.breaker_opened, ["opening", "openings"], "of the breaker"),
    ];
    let parts = parts.iter().filter(|(amount, ..)| *amount > 0);
    let parts: Vec<String> =
        parts.map(|(amount, what, how)| format!("{} {how}", number(*amount, *what))).collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("{}: {}\n", stage.name, parts.join(", "))
}

/// What a stage's plugin has counted: `check: rows_rejected 606`.
fn counters(stage: &StageReport) -> String {
    if stage.counters.is_empty() {
        return String::new();
    }
    let counter = |(name, n): (&String, &u64)| format!("{} {}", name.escape_debug(), count(*n));
    let counters: Vec<String> = stage.counters.iter().map(counter).collect();
    format!("{}: {}\n", stage.name, counters.join(", "))
}

/// `1 row`, `1,000 rows`.
fn number(amount: u64, [one, many]: [&str; 2]) -> String {
    format!("{} {}", count(amount), if amount == 1 { one } else { many })
}

/// `main 26,398, rejected 606`, and what became of the rest. Rows in, and those that were made, are
/// these rows.
fn rows_out(stage: &StageReport) -> String {
    let mut parts: Vec<String> = Vec::new();
    for port in &stage.ports {
        let unread = stage.kind != "sink" && port.batches == 0 && stage.batches_in > 0;
        let note = if unread && port.rows > 0 { " (not connected)" } else { "" };
        if !(unread && port.rows == 0) {
            parts.push(format!("{} {}{note}", port.name, count(port.rows)));
        }
    }
    let others = [
        ("taken into state", stage.absorbed),
        ("filtered out", stage.filtered),
        ("abandoned", stage.abandoned),
    ];
    for (what, rows) in others {
        if rows > 0 {
            parts.push(format!("{} {what}", count(rows)));
        }
    }
    if stage.made > 0 {
        parts.push(format!("{} made here", count(stage.made)));
    }
    if stage.kind == "sink" {
        parts.push(BinaryBytes(stage.bytes_written).to_string());
    }
    parts.join(", ")
}

fn totals(report: &RunReport) -> String {
    let outcome = match report.outcome {
        Outcome::Done => "done",
        Outcome::Interrupted => "interrupted: what had been read was written",
        Outcome::Failed => "FAILED",
    };
    let ledger = match &report.ledger {
        Ok(()) => "ledger balanced".to_owned(),
        Err(difference) => format!("LEDGER DOES NOT BALANCE: {difference}"),
    };
    let isolated = report.stages.iter().any(|stage| stage.sandbox.is_some());
    let of = if isolated { " of the engine" } else { "" };
    let rows_per_second = report.rows_in() as f64 / report.seconds.max(1e-9);
    format!(
        "{}: {outcome} in {:.2} s, {} rows/s, peak memory{of} {}, {ledger}\n",
        report.scene,
        report.seconds,
        count(rows_per_second as u64),
        BinaryBytes(report.memory_peak_bytes),
    )
}

fn count(number: u64) -> String {
    HumanCount(number).to_string()
}
