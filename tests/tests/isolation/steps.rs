//! The first life of each worker ends at a step of its work, and nothing is lost or done twice.

use std::process::Command;

use tanda_tests::{Bench, isolated, repo_file, root, tanda};

/// Steps of a batch, of a state and of the end, and the visit at which a worker dies there.
const STEPS: [(&str, &str, u64); 15] = [
    ("validate", "taken", 6),
    ("validate", "rebuilt", 6),
    ("validate", "processed", 6),
    ("validate", "sealed", 10),
    ("validate", "described", 10),
    ("validate", "emitted", 9),
    ("validate", "emitted", 10),
    ("validate", "done", 6),
    ("validate", "released", 4),
    ("aggregate", "taken", 6),
    ("aggregate", "done", 6),
    ("aggregate", "released", 4),
    ("aggregate", "saved", 1),
    ("aggregate", "merged", 1),
    ("aggregate", "flushed", 1),
];

/// W1 in a process of the program, so that each has its own environment; gives the restarts.
fn run(level: &str, stage: &str, step: &str, visit: u64) -> u64 {
    let out = Bench::new();
    let text = std::fs::read_to_string(root().join("config/basic_pipeline.ron")).unwrap();
    // One whose state is merged into another's has to be there.
    let text = text.replace("\"aggregation\"", "\"aggregation\", instances: 2");
    let text = isolated(&text, &format!("Process(sandbox: {level})"), 300);
    let scene = out.write("scene.ron", text);
    let ended = Command::new(tanda())
        .args(["run", "--json", &scene, "--param", &format!("out={}", out.file(""))])
        .env("TANDA_FAIL_POINT", format!("{stage}/{step}:{visit}"))
        .current_dir(root())
        .output()
        .unwrap();
    let what = format!("{level}, {stage}/{step}:{visit}");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{what}: {errors}");
    for name in ["by_carrier_month.csv", "rejected.csv"] {
        let golden = repo_file(&format!("tests/golden/flights-2013-01/{name}"));
        assert!(out.read(name) == std::fs::read_to_string(golden).unwrap(), "{what}: {name}");
    }
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    let stages = report["stages"].as_array().unwrap();
    stages.iter().map(|stage| stage["restarts"].as_u64().unwrap()).sum()
}

#[test]
fn w1_is_golden_whatever_step_its_workers_die_at() {
    for (stage, step, visit) in STEPS {
        for level in ["Basic", "Strict"] {
            let restarts = run(level, stage, step, visit);
            assert!(restarts > 0, "{level}, {stage}/{step}:{visit}: nobody died");
        }
    }
}
