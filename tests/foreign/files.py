"""Parquet and Arrow files in every form that pyarrow and duckdb write."""

import random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import kinds

CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]
PAGES = ["1.0", "2.0"]
V4, V5 = pa.ipc.MetadataVersion.V4, pa.ipc.MetadataVersion.V5
ENCODINGS = {
    "int": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "float": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "bytes": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "fixed": ["PLAIN", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"],
    "bool": ["PLAIN", "RLE"],
    "other": [None],
}


def encodings_of(made):
    """The encodings that a leaf may have, beside the dictionary."""
    test = pa.types
    if test.is_boolean(made):
        return ENCODINGS["bool"]
    if test.is_float16(made) or test.is_fixed_size_binary(made):
        return ENCODINGS["fixed"]
    if test.is_floating(made):
        return ENCODINGS["float"]
    if test.is_integer(made) or test.is_temporal(made):
        return ENCODINGS["int"] if not test.is_interval(made) else ENCODINGS["other"]
    if test.is_string(made) or test.is_binary(made) or test.is_large_string(made):
        return ENCODINGS["bytes"]
    return ENCODINGS["other"]


def all_columns(seed):
    """Every column: leaves, special ones, and nested ones to a depth of three."""
    rng = random.Random(seed)
    leaves = kinds.leaves()
    found = {name: kinds.column(leaf, rng) for name, leaf in leaves.items()}
    found |= kinds.special(rng)
    found["all_null"] = pa.nulls(kinds.ROWS, pa.int32())
    found["no_nulls"] = kinds.column(leaves["int32"], rng, nulls=0)
    inside = [
        "int32",
        "utf8",
        "timestamp_us_utc",
        "decimal_38_37",
        "bool",
        "float64",
        "fixed",
        "date64",
        "timestamp_s",
    ]
    for first in kinds.NESTED:
        for name in inside:
            made = lambda rows, name=name: kinds.column(leaves[name], rng, rows)
            found[f"{first}_{name}"] = kinds.nested(first, made, rng)
        for second in kinds.NESTED:
            name = rng.choice(inside)
            made = lambda rows, name=name: kinds.column(leaves[name], rng, rows)
            two = lambda rows, second=second, made=made: kinds.nested(second, made, rng, rows)
            found[f"{first}_{second}_{name}"] = kinds.nested(first, two, rng)
            third = rng.choice(kinds.NESTED[:3])
            three = lambda rows, third=third, two=two: kinds.nested(third, two, rng, rows)
            found[f"{first}_{third}_{second}_{name}"] = kinds.nested(first, three, rng)
    return found


def write_parquet(path, name, column, codec, page, rng):
    """One file of pyarrow: the column in each of its encodings. Returns whether it could."""
    encodings = encodings_of(column.type)
    columns, how, dictionary = {"dict": column}, {}, ["dict"]
    for encoding in encodings:
        label = (encoding or "default").lower()
        columns[label] = column
        if encoding is not None:
            how[label] = encoding
    table = pa.table(columns)
    options = dict(
        compression=codec,
        data_page_version=page,
        row_group_size=rng.choice([7, 25, 61]),
        data_page_size=rng.choice([64, 1024 * 1024]),
        write_statistics=rng.random() < 0.5,
        store_schema=rng.random() < 0.7,
        write_page_index=rng.random() < 0.5,
        write_page_checksum=rng.random() < 0.5,
        dictionary_pagesize_limit=rng.choice([16, 1024 * 1024]),
        use_dictionary=dictionary if how else rng.choice([True, False]),
        version=rng.choice(["1.0", "2.4", "2.6"]),
        use_deprecated_int96_timestamps=pa.types.is_timestamp(column.type) and rng.random() < 0.2,
    )
    if how:
        options["column_encoding"] = how
    try:
        pq.write_table(table, path, **options)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, OSError, ValueError, TypeError):
        return None
    return options


def read_parquet(path):
    """What pyarrow reads; INT96 as Tanda does."""
    return pq.read_table(path, coerce_int96_timestamp_unit="us")


def write_ipc(path, column, form, codec, rng):
    """One file or stream of pyarrow, of several batches."""
    table = pa.table({"c": column})
    options = pa.ipc.IpcWriteOptions(
        compression=None if codec == "none" else codec,
        # pyarrow does not read what it writes compressed in version 4.
        metadata_version=rng.choice([V4, V5]) if codec == "none" else V5,
        emit_dictionary_deltas=rng.random() < 0.5,
        unify_dictionaries=form == "file" and rng.random() < 0.5,
        use_legacy_format=form == "stream" and rng.random() < 0.2,
    )
    make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
    try:
        with make(path, table.schema, options=options) as writer:
            for batch in table.to_batches(max_chunksize=rng.choice([5, 30, 1000])):
                writer.write_batch(batch)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    read_ipc(path, form).validate(full=True)
    return {"form": form, "codec": codec}


def read_ipc(path, form):
    opened = pa.ipc.open_file(path) if form == "file" else pa.ipc.open_stream(path)
    return opened.read_all()


DUCKDB_COLUMNS = {
    "uuid": "uuid()",
    "hugeint": "(range::hugeint * 1000000007)",
    "enum": "(['a', 'b'])[1 + range % 2]::enum('a', 'b')",
    "timetz": "'01:02:03+04'::timetz",
    "timestamptz": "('2020-01-01'::timestamptz + range * interval 1 second)",
    "timestamp_ns": "'2020-01-01 00:00:00.123456789'::timestamp_ns",
    "interval": "range * interval 1 day",
    "bit": "'0101'::bit",
    "decimal": "(range / 7)::decimal(30, 10)",
    "text": "'t' || range",
    "blob": "('b' || range)::blob",
    "list": "[range, null, range + 1]",
    "struct": "{'a': range, 'b': 't' || range}",
    "map": "map {'k': range}",
    "nested": "[{'a': [range, null]}]",
    "float": "range / 3",
    "bool": "range % 3 = 0",
    "date": "'2020-01-01'::date + range::integer",
    "time": "'01:02:03.000004'::time",
}


def write_duckdb(path, name, codec, version):
    """One file of duckdb, of 3,000 rows with missing ones and a long row group."""
    value = DUCKDB_COLUMNS[name]
    query = f"select case when range % 5 = 0 then null else {value} end as c from range(3000)"
    options = f"format parquet, compression {codec}, parquet_version {version}, row_group_size 2048"
    try:
        duckdb.sql(f"copy ({query}) to '{path}' ({options})")
    except duckdb.Error:
        return None
    return {"codec": codec, "version": version}
