"""Writes random CSV and NDJSON files, has Tanda read them at two batch sizes, and compares value by
value with what Python's csv and json read.

python3 compare_text.py TANDA FOLDER COUNT SEED

COUNT files are tried. What the formats leave open is decided as config/REFERENCE.md says: the rules
are in `json_model.py` and `csv_model.py`. Ends with 1 if one value differs. Wants nothing beside
Python's own library.
"""

import collections
import gzip
import os
import random
import sys

import csv_files
import csv_model
import json_files
import json_model
from json_model import Refused
from runs import run

# A scene has at most 128 stages, and a file takes six.
BATCH = 20
BATCH_ROWS = [3, 1000]


class File:
    """A file, the scene's words for reading it, and what it holds."""

    def __init__(self, folder, number, seed):
        # Each file has dice of its own, so that one can be made again alone.
        rng = random.Random(f"{seed}/{number}")
        self.label, self.format = f"file {number} of seed {seed}", rng.choice(["Csv", "Ndjson"])
        dialect = None
        if self.format == "Csv":
            self.content, schema, dialect, quotes = csv_files.make(rng)
        else:
            self.content, schema = json_files.make(rng)
        ending = rng.choice(["", "", "", ".gz"])
        self.path = os.path.join(folder, f"{number}.{self.format.lower()}{ending}")
        self.read = f"{self.format}( path: {ron(self.path)}{settings(schema, dialect)} )"
        with open(self.path, "wb") as out:
            out.write(gzip.compress(self.content, 1) if ending else self.content)
        self.expected = None
        try:
            if dialect is None:
                self.expected = json_model.expected(self.content, schema)
            else:
                self.expected = csv_model.expected(self.content, schema, dialect, quotes)
        except Refused as why:
            self.refusal = str(why)

    def sinks(self):
        """Paths of the good and the rejected records at each batch size."""
        for rows in BATCH_ROWS:
            yield rows, f"{self.path}.{rows}.ndjson", f"{self.path}.{rows}.rejected.ndjson"


def ron(text):
    """The text as a scene writes it."""
    plain = lambda one: one if " " <= one <= "~" and one not in '"\\$' else f"\\u{{{ord(one):x}}}"
    return '"' + "".join(map(plain, text)) + '"'


def type_name(made):
    if isinstance(made, str):
        return made
    if made[0] == "list":
        return f"list({type_name(made[1])})"
    fields = (f'"{name}": {type_name(one)}' for name, one in made[1].items())
    return "struct(" + ", ".join(fields) + ")"


def settings(schema, dialect):
    """The settings of a source."""
    found = ""
    if dialect is not None:
        found += "".join(f", {key}: '{quoted(dialect[key])}'" for key in ("delimiter", "quote"))
        found += f", null: {ron(dialect['null'])}" if dialect["null"] is not None else ""
    if schema:
        types = (f"{ron(name)}: {ron(type_name(made))}" for name, made in schema.items())
        found += ", schema: { " + ", ".join(types) + " }"
    return found


def quoted(character):
    return {"'": "\\'", "\t": "\\t"}.get(character, character)


def stages_of(at, file):
    """Reads a file at each batch size, into a sink of the good and one of the rejected records."""
    for rows, good, bad in file.sinks():
        yield f'"s{at}_{rows}": Source( read: {file.read}, batch_rows: {rows} )'
        for port, path in [("main", good), ("rejected", bad)]:
            sink = f"write: Ndjson( path: {ron(path)} ), from: \"s{at}_{rows}.{port}\""
            yield f'"s{at}_{rows}{port}": Sink( {sink} )'


def lines_of(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [json_model.loads(line) for line in lines]


def difference(file):
    """The first value that differs, or none."""
    types, good, bad = file.expected
    for rows, good_path, bad_path in file.sinks():
        ours = lines_of(good_path)
        rejected = [dict(line) for line in lines_of(bad_path)]
        ours_bad = [(int(line["line"]), line["raw"].rstrip("\r\n")) for line in rejected]
        bad = [(at, raw.rstrip("\r\n")) for at, raw in bad]
        if ours_bad != bad:
            reasons = [line["reason"] for line in rejected]
            return f"batch_rows {rows}: rejected {ours_bad!r} ({reasons}) for {bad!r}"
        if len(ours) != len(good):
            return f"batch_rows {rows}: {len(ours)} records for {len(good)}"
        for at, (line, theirs) in enumerate(zip(ours, good)):
            try:
                found = json_model.written(("struct", types), line)
            except json_model.Bad as why:
                return f"batch_rows {rows}: record {at}: {line!r} ({why}) for {theirs!r} of {types}"
            if not json_model.same(found, theirs):
                return f"batch_rows {rows}: record {at}: {found!r} for {theirs!r} of {types}"
    return None


class Tally:
    """What was tried, and what differed."""

    def __init__(self, tanda, folder):
        self.tanda, self.folder = tanda, folder
        self.counts, self.wrong = collections.Counter(), []

    def tell(self, file, what):
        self.wrong.append(f"{file.label}: {what}\n    {file.read}\n    {file.content[:400]!r}")

    def try_refusal(self, number, file):
        refused = run(self.tanda, self.folder, [(number, file)], stages_of)
        self.counts["refused"] += 1
        if not refused:
            self.tell(file, f"read, though it should be refused: {file.refusal}")

    def try_batch(self, batch):
        refused = run(self.tanda, self.folder, batch, stages_of)
        for number, file in batch:
            self.counts[file.format] += 1
            self.counts["rows"] += len(file.expected[1])
            self.counts["rejected"] += len(file.expected[2])
            found = f"refused: {refused[number]}" if number in refused else difference(file)
            if found is not None:
                self.tell(file, found)


def main():
    tanda, folder, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    tally, batch = Tally(tanda, folder), []
    for number in range(count):
        file = File(folder, number, seed)
        if file.expected is None:
            tally.try_refusal(number, file)
        else:
            batch.append((number, file))
        if len(batch) == BATCH or number == count - 1:
            tally.try_batch(batch)
            batch = []
            for name in os.listdir(folder):
                os.remove(os.path.join(folder, name))
    counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.counts.items()))
    print(f"seed {seed}, {count} files: {counts}; {len(tally.wrong)} different")
    for one in tally.wrong[:20]:
        print(f"  DIFFERENT {one}")
    if tally.wrong or not all(tally.counts[one] for one in ("Csv", "Ndjson", "rows", "rejected")):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
