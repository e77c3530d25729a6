"""Writes foreign files, has Tanda read them, and compares value by value.

python3 compare.py TANDA FOLDER SHARE SEED

SHARE is the part of all files that is tried, from 0 to 1. Every file is read once and written as
Arrow, as Parquet and as NDJSON; each is compared with what the library reads that wrote the file.
Ends with 1 if one value differs or Tanda ends in another way than with an error that names a file.
"""

import collections
import os
import random
import re
import sys

import pyarrow as pa
import pyarrow.parquet as pq

import files
import kinds
import values
from runs import run

# A scene has at most 128 stages.
BATCH = 30
SINKS = ["arrow", "parquet", "ndjson"]


class File:
    """A foreign file and how it came to be."""

    def __init__(self, label, path, format, read):
        self.label, self.path, self.format, self.read = label, path, format, read


def all_files(folder, share, seed):
    """Writes the files of this run; yields each."""
    rng = random.Random(seed)
    columns = files.all_columns(seed)
    count = 0
    for name, column in columns.items():
        for codec in files.CODECS:
            for page in files.PAGES:
                if rng.random() >= share:
                    continue
                count += 1
                path = os.path.join(folder, f"{count}.parquet")
                options = files.write_parquet(path, name, column, codec, page, rng)
                if options is not None:
                    label = f"parquet {name} {options}"
                    yield File(label, path, "Parquet", files.read_parquet)
    for name, column in (columns | kinds.unions(rng)).items():
        for form in ("file", "stream"):
            for codec in ("none", "lz4", "zstd"):
                if rng.random() >= share:
                    continue
                count += 1
                path = os.path.join(folder, f"{count}.arrow")
                options = files.write_ipc(path, column, form, codec, rng)
                if options is not None:
                    read = lambda path, form=form: files.read_ipc(path, form)
                    yield File(f"arrow {name} {options}", path, "Arrow", read)
    for name in files.DUCKDB_COLUMNS:
        for codec in ("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"):
            for version in ("v1", "v2"):
                if rng.random() >= share:
                    continue
                count += 1
                path = os.path.join(folder, f"{count}.parquet")
                options = files.write_duckdb(path, name, codec, version)
                if options is not None:
                    yield File(f"duckdb {name} {options}", path, "Parquet", files.read_parquet)


def stages_of(at, file):
    """Reads a file, into one sink of each format."""
    yield f'"s{at}": Source( read: {file.format}( path: "{file.path}" ), batch_rows: 20 )'
    for sink in SINKS:
        path = f"{file.path}.out.{sink}"
        yield f'"s{at}_{sink}": Sink( write: File( path: "{path}" ), from: "s{at}" )'


def difference(file, label, expected, found):
    """The first value that differs, or none."""
    if expected.keys() != found.keys():
        return f"{label} of {file.label}: columns {list(found)} for {list(expected)}"
    for name, ours in found.items():
        theirs = expected[name]
        if len(ours) != len(theirs):
            return f"{label} of {file.label}: {name} has {len(ours)} rows for {len(theirs)}"
        for row, (a, b) in enumerate(zip(theirs, ours)):
            if a != b:
                return f"{label} of {file.label}: {name}, row {row}: {b!r} for {a!r}"
    return None


def compare(file):
    """What differs between a file and what Tanda made of it."""
    table = file.read(file.path)
    expected = values.columns(table)
    found = [
        ("arrow", expected, values.columns(files.read_ipc(f"{file.path}.out.arrow", "file"))),
        ("parquet", expected, values.columns(pq.read_table(f"{file.path}.out.parquet"))),
        (
            "ndjson",
            {name: values.without_nan(column) for name, column in expected.items()},
            values.read_ndjson(f"{file.path}.out.ndjson", table.schema),
        ),
    ]
    differences = [difference(file, *one) for one in found]
    return [one for one in differences if one is not None]


def kind_of(message):
    """A refusal without names and numbers, to count the kinds."""
    message = re.sub(r"(/\S+|cannot write \S+)[:,]?", "FILE", message)
    return re.sub(r"\d+", "N", message)[:150]


def main():
    tanda, folder, share, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    refusals, wrong, count = collections.Counter(), [], 0
    batch = []
    numbered = enumerate(all_files(folder, share, seed))
    for one in [*numbered, None]:
        if one is not None:
            batch.append(one)
        if batch and (one is None or len(batch) == BATCH):
            refused = run(tanda, folder, batch, stages_of)
            for at, file in batch:
                count += 1
                if at in refused:
                    refusals[kind_of(refused[at])] += 1
                else:
                    wrong += compare(file)
                for name in [file.path] + [f"{file.path}.out.{sink}" for sink in SINKS]:
                    if os.path.exists(name):
                        os.remove(name)
            batch = []
    print(f"{count} files, {sum(refusals.values())} refused, {len(wrong)} different")
    for message, times in refusals.most_common():
        print(f"  refused {times}: {message}")
    for one in wrong[:40]:
        print(f"  DIFFERENT {one}")
    if count == 0 or wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
