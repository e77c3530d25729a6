"""Runs Tanda, polars and DuckDB in turn over the same file and prints medians and ratios.

usage: compare.py FLIGHTS N RUNS WORK    (called by ../rivals.sh)

Wall is that of the whole process, CPU that of it and its children, peak memory the anonymous and shared
resident memory of it and its children, each page counted once, sampled every 50 ms. `tanda` runs its
plugins in processes of their own, `tanda-in` in its own (`isolation: InProcess`). Each round runs every program once, so that a slow minute of the
machine meets all of them; the ratio is that of the medians.
"""
import csv, os, resource, statistics, subprocess, sys, time

BUDGET = 0.67
AGREE_WITHIN = 1e-6


def repeat_years(flights, n, path):
    """The year n times, each copy a year later, as text: `year` and the year inside `time_hour`."""
    if os.path.exists(path):
        return
    head, *rows = open(flights).read().splitlines()
    with open(path + ".part", "w") as out:
        out.write(head + "\n")
        for k in range(n):
            for row in rows:
                year, stamp = int(row[:4]) + k, int(row[-20:-16]) + k
                out.write(f"{year}{row[4:-20]}{stamp}{row[-16:]}\n")
    os.rename(path + ".part", path)


def children(pid):
    """The processes that a process has started, over all its threads."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        lists = [open(f"/proc/{pid}/task/{task}/children").read() for task in tasks]
    except OSError:
        return []
    return [int(child) for text in lists for child in text.split()]


def resident(pid):
    """Anonymous and shared resident KiB of a process and its children; a page of several counts once."""
    try:
        rollup = open(f"/proc/{pid}/smaps_rollup").read()
    except OSError:
        return 0
    wanted = ("Pss_Anon:", "Pss_Shmem:")
    own = sum(int(l.split()[1]) for l in rollup.splitlines() if l.startswith(wanted))
    return own + sum(resident(child) for child in children(pid))


def measure(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.05)
    wall = time.monotonic() - started
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak / 1024


def table(path):
    return list(csv.reader(open(path)))


def same_statistics(left, right):
    """Both W1 results have the same rows; numbers may differ in the last printed place."""
    a, b = table(left), table(right)
    close = lambda x, y: x == y or abs(float(x) - float(y)) <= AGREE_WITHIN * max(1, abs(float(y)))
    return len(a) == len(b) and all(
        all(close(x, y) for x, y in zip(r, s)) for r, s in zip(a[1:], b[1:])
    )


def main():
    flights, n, runs, work = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    data = f"{work}/flights_x{n}.csv"
    repeat_years(flights, n, data)
    here = os.path.dirname(os.path.abspath(__file__))
    scenes = {"w1": "config/basic_pipeline.ron", "w2": "config/enriched_flights.ron"}
    tanda = ["target/release/tanda", "run", "--quiet"]
    params = lambda out: ["--param", f"input={data}", "--param", f"out={out}"]
    rows = int(subprocess.check_output(["wc", "-l", data]).split()[0]) - 1
    print(f"{rows:,} rows, {os.path.getsize(data) / 1e9:.2f} GB, {os.cpu_count()} cores, medians of {runs}")
    print(f"{'':4} {'':8} {'wall s':>8} {'CPU s':>8} {'MiB':>7} {'rows/s':>12}   tanda / it (wall)")
    for workload, scene in scenes.items():
        inside = f"{work}/in_process.ron"
        text = open(scene).read()
        engine = 'engine: ( memory: "512MiB"'
        assert workload == "w2" or engine in text, f"{scene} has no `{engine}`"
        with open(inside, "w") as out:
            if engine in text:
                out.write(text.replace(engine, engine + ", isolation: InProcess", 1))
            else:
                out.write(text.replace("stages: {", "engine: ( isolation: InProcess ),\n    stages: {", 1))
        commands = {
            "tanda": tanda + [scene] + params(f"{work}/tanda"),
            "tanda-in": tanda + [inside] + params(f"{work}/tanda-in"),
        }
        for rival in ("polars", "duckdb"):
            script = f"{here}/{rival}_flights.py"
            commands[rival] = [sys.executable, script, workload, data, f"{work}/{rival}"]
            os.makedirs(f"{work}/{rival}", exist_ok=True)
        figures = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                figures[name].append(measure(command))
        medians = {name: [statistics.median(f) for f in zip(*all)] for name, all in figures.items()}
        for name, (wall, cpu, mib) in medians.items():
            ratio = medians["tanda"][0] / wall
            beside = "" if name == "tanda" else f"{ratio:.2f}"
            if name == "tanda-in":
                beside = f"{1 / ratio:.2f}   throughput of `tanda` over `tanda-in`, budget 0.95"
            if name == "polars":
                beside += f"   budget {BUDGET}: {'kept' if ratio <= BUDGET else 'NOT KEPT'}"
            print(f"{workload:4} {name:8} {wall:8.2f} {cpu:8.2f} {mib:7.0f} {rows / wall:12,.0f}   {beside}")
        if workload == "w1":
            for rival in ("polars", "duckdb"):
                names = [f"{work}/{who}/by_carrier_month.csv" for who in ("tanda", rival)]
                assert same_statistics(*names), f"tanda and {rival} disagree"
            print("     results agree within 1e-6")


main()
