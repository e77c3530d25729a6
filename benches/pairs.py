#!/usr/bin/env python3
"""Is one build slower than another? Runs both in turn over the same work, pair by pair.

    python3 benches/pairs.py BASE NEW [--pairs 20] [--years 10] [--best-of 1] [--only W1] [--flights PATH]

BASE and NEW are folders with a release `tanda` and its plugins beside it, and, if they are to be
compared, the benches `dispatch` and `hop` (as `cargo bench -p tanda-benches --no-run` leaves them in
`target/release/deps`, without the hash). Prints for each workload the mean of NEW / BASE over the
pairs and the upper bound of its one-sided interval of 95 % (Student's t over the logarithms), beside
the budget. In a pair the two take turns at going first, so that what drifts meets both alike. On a machine
that others use, too, `--best-of 3` takes the fastest of three runs for each side of a pair.
Ends with 1 when a bound is beyond the budget.
"""
import argparse, math, os, re, signal, statistics, subprocess, sys, tempfile, time

BUDGET = 1.03
DISPATCH = "4_plugins/2_threads/4_done_a_tick"
# The 95 % quantile of Student's t by degrees of freedom, 1 to 30.
T95 = [6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761,
       1.753, 1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701,
       1.699, 1.697]

EMPTY = """Scene( name: "empty", stages: {
    "in": Source( read: Generator( rows: 1, columns: [("n", Sequence)] ) ),
    "out": Sink( write: Blackhole, from: "in" ),
} )
"""
TO_NDJSON = """Scene( name: "to_ndjson", stages: {
    "in": Source( read: Csv( path: "IN" ) ),
    "out": Sink( write: Ndjson( path: "OUT" ), from: "in" ),
} )
"""


def repeat_years(flights, years, path):
    head, *rows = open(flights).read().splitlines()
    with open(path, "w") as out:
        out.write(head + "\n")
        for _ in range(years):
            out.write("\n".join(rows) + "\n")


def wall(command):
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def criterion(name, case):
    """A workload that is one case of a bench: its own estimate, in nanoseconds."""
    def run(folder):
        command = [f"{folder}/{name}", "--bench", case, "--warm-up-time", "1", "--measurement-time", "2"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"time:\s+\[\S+ \S+ (\S+) (\S+)", text)
        if not found:
            sys.exit(f"{' '.join(command)} printed no time:\n{text}")
        return float(found[1]) * {"ns": 1, "\u00b5s": 1e3, "us": 1e3, "ms": 1e6, "s": 1e9}[found[2]]
    return run


def hop(folder):
    """A batch to another process and back while both look, in microseconds: the best of the sizes, which
    cost the same. What the bench measures afterwards takes long, and is not waited for."""
    bench = subprocess.Popen([f"{folder}/hop"], stdout=subprocess.PIPE, text=True, start_new_session=True)
    found = []
    try:
        for line in bench.stdout:
            if trip := re.match(r"rings, both look .* p50 +(\S+) us", line):
                found.append(float(trip[1]))
            if len(found) == 4:
                return min(found)
    finally:
        os.killpg(bench.pid, signal.SIGKILL)
        bench.wait()
    sys.exit(f"{folder}/hop printed {len(found)} round trips, expected 4")


def workloads(work, flights, years, base, new):
    csv, ndjson = f"{work}/in.csv", f"{work}/in.ndjson"
    repeat_years(flights, years, csv)
    open(f"{work}/empty.ron", "w").write(EMPTY)
    open(f"{work}/to_ndjson.ron", "w").write(TO_NDJSON.replace("IN", csv).replace("OUT", ndjson))
    wall([f"{base}/tanda", "run", "--quiet", f"{work}/to_ndjson.ron"])
    w1, w2 = "config/basic_pipeline.ron", "config/enriched_flights.ron"
    lines = open(w1).read().replace("read: Csv(", "read: Ndjson(")
    open(f"{work}/w1_ndjson.ron", "w").write(lines)

    def scene(path, source):
        def run(folder):
            given = ["--param", f"input={source}", "--param", f"out={work}/out"] if source else []
            return wall([f"{folder}/tanda", "run", "--quiet", path, *given])
        return run

    yield "W1", scene(w1, csv)
    yield "W2", scene(w2, csv)
    yield "W1 from NDJSON", scene(f"{work}/w1_ndjson.ron", ndjson)
    starts = scene(f"{work}/empty.ron", None)
    yield "start, 10 times", lambda folder: sum(starts(folder) for _ in range(10))
    for name, run in [("dispatch", criterion("dispatch", DISPATCH)), ("hop", hop)]:
        if all(os.path.exists(f"{folder}/{name}") for folder in (base, new)):
            yield name, run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--best-of", type=int, default=1, help="runs of which the fastest counts")
    parser.add_argument("--only", help="the workload of this name alone")
    parser.add_argument("--flights", default="../shared/data/flights.csv")
    given = parser.parse_args()
    slower = False
    with tempfile.TemporaryDirectory() as work:
        print(f"{'':18}{'base':>10}{'new / base':>12}{'upper 95 %':>12}   budget {BUDGET}")
        for name, run in workloads(work, given.flights, given.years, given.base, given.new):
            if given.only not in (None, name):
                continue
            run(given.base), run(given.new)
            bases, ratios = [], []
            for pair in range(given.pairs):
                order = [given.base, given.new] if pair % 2 == 0 else [given.new, given.base]
                taken = {folder: math.inf for folder in order}
                for _ in range(given.best_of):
                    taken = {folder: min(best, run(folder)) for folder, best in taken.items()}
                bases.append(taken[given.base])
                ratios.append(math.log(taken[given.new] / taken[given.base]))
            mean = statistics.mean(ratios)
            error = statistics.stdev(ratios) / math.sqrt(len(ratios))
            upper = math.exp(mean + T95[min(len(ratios) - 2, 29)] * error)
            slower |= upper > BUDGET
            median = statistics.median(bases)
            print(f"{name:18}{median:10.4g}{math.exp(mean):12.3f}{upper:12.3f}", flush=True)
    sys.exit(slower)


main()
