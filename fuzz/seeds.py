"""Small files for the targets csv, ndjson, parquet and arrow to start from: `python3 seeds.py`.

They go to `corpus/`, where `cargo fuzz run` looks for them. Wants pyarrow and duckdb, as
`tests/foreign` does, which writes these files.
"""

import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests" / "foreign"))

import files

COLUMNS = 60
TEXTS = {
    "csv": [
        'a,b\n1,x\n-2.5,"y, ""z"""\n\n,NULL\n"NULL",""\n',
        'at,day,t\r\n2013-01-31T05:00:00Z,2013-01-31,05:00\r\n"a\nb",,true\r\n',
        "\ufeffid;n\n1;9223372036854775808\n2;1e308\n",
        'a\n"\n',
    ],
    "ndjson": [
        '{"a":1,"b":[1,null,{"c":"\\ud842\\udfb7"}]}\n{"a":18446744073709551615,"b":[]}\n',
        '{"s":{"x":1.5e300,"y":{"z":[[true],[null]]}},"t":"2013-01-31T05:00:00Z"}\n\n{"s":null}\n',
        '{"l":[{"m":[{"n":-0.0},null]},null,{"m":[]}],"b":true,"n":1e-7,"d":"2013-01-31"}\n',
        '{"a":1,"a":2}\n[1]\n{"a":"1"}\n{"b":{"c":1,"c":2}}\n',
    ],
}


def folder(name):
    path = HERE / "corpus" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def main():
    rng = random.Random(1)
    for format, texts in TEXTS.items():
        for number, text in enumerate(texts):
            (folder(format) / f"seed-{number}").write_text(text, newline="")
    for name, column in rng.sample(sorted(files.all_columns(1).items()), COLUMNS):
        codec, page = rng.choice(files.CODECS), rng.choice(files.PAGES)
        files.write_parquet(folder("parquet") / f"seed-{name}", name, column, codec, page, rng)
        form, codec = rng.choice(["file", "stream"]), rng.choice(["none", "lz4", "zstd"])
        files.write_ipc(folder("arrow") / f"seed-{name}", column[:40], form, codec, rng)


main()
