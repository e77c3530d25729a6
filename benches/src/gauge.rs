//! A figure beside its budget.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// True when benches only have to show that they run (`cargo bench -- --test`).
#[must_use]
pub fn is_smoke_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// Takes the time for criterion and keeps it, to print the figure beside its budget at the end.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Nanoseconds of one unit, an entry a sample.
    samples: Vec<f64>,
}

impl Gauge {
    /// Runs `work` so often, each time `units` units of it. For criterion's `iter_custom`.
    pub fn time<T>(&mut self, times: u64, units: u64, mut work: impl FnMut() -> T) -> Duration {
        let started = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        self.note(started.elapsed(), times * units)
    }

    /// Keeps that `units` units took so long, and hands that on.
    pub fn note(&mut self, elapsed: Duration, units: u64) -> Duration {
        self.samples.push(elapsed.as_nanos() as f64 / units.max(1) as f64);
        elapsed
    }

    /// The middle sample: nanoseconds of one unit. Zero when nothing was measured.
    #[must_use]
    pub fn nanoseconds(&self) -> f64 {
        let mut samples = self.samples.clone();
        samples.sort_unstable_by(f64::total_cmp);
        samples.get(samples.len() / 2).copied().unwrap_or(0.0)
    }

    /// Prints the figure beside its budget: nanoseconds `per` unit, at most `budget`.
    pub fn beside_budget(&self, per: &str, budget: f64) {
        let verdict = if self.nanoseconds() <= budget { "within" } else { "BEYOND" };
        self.print(&format!("{:.0} ns {per}", self.nanoseconds()), &|| {
            format!("budget: <= {budget:.0} ns, {verdict}")
        });
    }

    /// Prints units a second (`rows`), beside those of a rival in the same run.
    pub fn beside_rival(&self, units: &str, rival: &str, other: &Self) {
        let (own, theirs) = (1e9 / self.nanoseconds(), 1e9 / other.nanoseconds());
        self.print(&format!("{own:.0} {units}/s"), &|| {
            format!("{rival}: {theirs:.0} {units}/s, ratio {:.2}", own / theirs)
        });
    }

    /// Prints the figure of something that has no budget.
    pub fn figure(&self, per: &str) {
        self.print(&format!("{:.0} ns {per}", self.nanoseconds()), &String::new);
    }

    /// Prints units a second (`rows`).
    pub fn rate(&self, units: &str) {
        self.print(&format!("{:.0} {units}/s", 1e9 / self.nanoseconds()), &String::new);
    }

    /// One cold pass of a smoke test is no figure; a filter may have left nothing measured.
    #[expect(clippy::print_stdout, reason = "the figure is what the bench is run for")]
    fn print(&self, figure: &str, beside: &dyn Fn() -> String) {
        if !is_smoke_test() && !self.samples.is_empty() {
            println!("    -> {figure}   {}\n", beside());
        }
    }
}
