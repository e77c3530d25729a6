"""Columns of every type that pyarrow makes: values at the edges, missing ones, empty ones."""

import decimal
import math
import random
import struct

import pyarrow as pa
import pyarrow.compute

ROWS = 61
DAY_MS = 86_400_000


def _ints(bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda rng: rng.choice([low, high, 0, 1, rng.randint(low, high), rng.randint(0, 9)])


def _floats(bits):
    def value(rng):
        edges = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.5, -1e-3, 65504.0]
        drawn = rng.choice(edges + [rng.uniform(-1e4, 1e4)])
        code = {16: "e", 32: "f", 64: "d"}[bits]
        try:
            return struct.unpack("<" + code, struct.pack("<" + code, drawn))[0]
        except OverflowError:
            return 1.0

    return value


def _text(rng):
    words = [
        "",
        "a",
        "NULL",
        "null",
        '"',
        "\\",
        "\n",
        "\t",
        "ä€😀",
        "\x00",
        "x" * 70,
        "same",
        "same",
    ]
    return rng.choice(words + [str(rng.random())])


def _bytes(size=None):
    def value(rng):
        count = rng.choice([0, 1, 7, 40]) if size is None else size
        return rng.choice([bytes(count), rng.randbytes(count)])

    return value


def _decimal(precision, scale):
    def value(rng):
        digits = rng.choice([1, precision])
        number = rng.randint(-(10**digits - 1), 10**digits - 1)
        context = decimal.Context(prec=90)
        return decimal.Decimal(number).scaleb(-scale, context)

    return value


def _timestamp(unit):
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    # Nanoseconds of int64 end in 2262; 0001-01-01 and 9999-12-31 are what others use for "never".
    far = [-9_000_000_000, 9_000_000_000] if unit == "ns" else [-62_135_596_800, 253_402_300_799]

    def value(rng):
        seconds = rng.choice(far + [0, -1, rng.randint(-(10**9), 2 * 10**9)])
        return seconds * per_second + rng.choice([0, per_second - 1, rng.randrange(per_second)])

    return value


def leaves():
    """Name -> (type, value of a random generator)."""
    found = {"bool": (pa.bool_(), lambda rng: rng.random() < 0.5)}
    for bits in (8, 16, 32, 64):
        found[f"int{bits}"] = (getattr(pa, f"int{bits}")(), _ints(bits, True))
        found[f"uint{bits}"] = (getattr(pa, f"uint{bits}")(), _ints(bits, False))
    for bits in (16, 32, 64):
        found[f"float{bits}"] = (getattr(pa, f"float{bits}")(), _floats(bits))
    for name, made in [
        ("utf8", pa.utf8()),
        ("large_utf8", pa.large_utf8()),
        ("view", pa.string_view()),
    ]:
        found[name] = (made, _text)
    for name, made in [
        ("binary", pa.binary()),
        ("large_binary", pa.large_binary()),
        ("binary_view", pa.binary_view()),
    ]:
        found[name] = (made, _bytes())
    found["fixed"] = (pa.binary(5), _bytes(5))
    found["date32"] = (
        pa.date32(),
        lambda rng: rng.choice([-719162, 0, 2932896, rng.randint(-9999, 9999)]),
    )
    found["date64"] = (pa.date64(), lambda rng: DAY_MS * rng.randint(-700_000, 2_900_000))
    for unit, day in [("s", 86400), ("ms", 86400 * 10**3)]:
        found[f"time32_{unit}"] = (
            pa.time32(unit),
            lambda rng, day=day: rng.choice([0, day - 1, rng.randrange(day)]),
        )
    for unit, day in [("us", 86400 * 10**6), ("ns", 86400 * 10**9)]:
        found[f"time64_{unit}"] = (
            pa.time64(unit),
            lambda rng, day=day: rng.choice([0, day - 1, rng.randrange(day)]),
        )
    for unit in ("s", "ms", "us", "ns"):
        for label, zone in [
            ("", None),
            ("_utc", "UTC"),
            ("_offset", "+02:00"),
            ("_zone", "Europe/Berlin"),
        ]:
            found[f"timestamp_{unit}{label}"] = (pa.timestamp(unit, zone), _timestamp(unit))
    for precision, scale in [(1, 0), (9, 2), (18, 9), (38, 0), (38, 37)]:
        found[f"decimal_{precision}_{scale}"] = (
            pa.decimal128(precision, scale),
            _decimal(precision, scale),
        )
    found["decimal32"] = (pa.decimal32(7, 3), _decimal(7, 3))
    found["decimal64"] = (pa.decimal64(15, 4), _decimal(15, 4))
    found["decimal256"] = (pa.decimal256(60, 5), _decimal(60, 5))
    found["null"] = (pa.null(), lambda rng: None)
    found["duration"] = (pa.duration("ms"), _ints(40, True))
    found["interval"] = (
        pa.month_day_nano_interval(),
        lambda rng: (rng.randint(-9, 9), rng.randint(-9, 9), rng.randint(-9, 9)),
    )
    return found


def _storage(made):
    """An integer type of the same width for what is made of integers."""
    if pa.types.is_date32(made) or pa.types.is_time32(made):
        return pa.int32()
    temporal = pa.types.is_date64(made) or pa.types.is_time64(made)
    if temporal or pa.types.is_timestamp(made) or pa.types.is_duration(made):
        return pa.int64()
    return None


def column(leaf, rng, rows=ROWS, nulls=0.2):
    """`rows` values of a leaf."""
    made, value = leaf
    values = [None if rng.random() < nulls else value(rng) for _ in range(rows)]
    storage = _storage(made)
    if storage is not None:
        return pa.array(values, storage).view(made)
    return pa.array(values, made)


def special(rng, rows=ROWS):
    """Columns that are no plain leaves: dictionaries, run ends, UUIDs, JSON."""
    texts = pa.array([rng.choice(["a", "b", "", None]) for _ in range(rows)])
    numbers = pa.array([rng.choice([1, 2**40, None]) for _ in range(rows)], pa.int64())
    found = {
        "dictionary_utf8": texts.dictionary_encode(),
        "dictionary_int64": numbers.dictionary_encode(),
        "dictionary_large": texts.cast(pa.large_utf8()).dictionary_encode(),
        "uuid": pa.ExtensionArray.from_storage(
            pa.uuid(),
            pa.array([rng.choice([None, rng.randbytes(16)]) for _ in range(rows)], pa.binary(16)),
        ),
        "json": pa.ExtensionArray.from_storage(
            pa.json_(),
            pa.array([rng.choice([None, '{"a": 1}', "[]"]) for _ in range(rows)], pa.utf8()),
        ),
    }
    for keys in (pa.int8(), pa.uint16(), pa.int64()):
        name = f"dictionary_{keys}_keys"
        found[name] = texts.dictionary_encode().cast(pa.dictionary(keys, pa.utf8()))
    found["run_ends"] = pa.compute.run_end_encode(numbers)
    return found


def _lists(made, rng, rows, values_of):
    lengths = [rng.choice([0, 0, 1, 3]) for _ in range(rows)]
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    mask = pa.array([rng.random() < 0.2 for _ in range(rows)])
    values = values_of(offsets[-1])
    kind = pa.ListArray if made == "list" else pa.LargeListArray
    integers = pa.int32() if made == "list" else pa.int64()
    return kind.from_arrays(pa.array(offsets, integers), values, mask=mask)


def nested(kind, inner, rng, rows=ROWS):
    """A column of a nested type around what `inner(rows)` makes."""
    mask = pa.array([rng.random() < 0.2 for _ in range(rows)])
    if kind in ("list", "large_list"):
        return _lists(kind, rng, rows, inner)
    if kind == "struct":
        return pa.StructArray.from_arrays([inner(rows), inner(rows)], ["p", "q"], mask=mask)
    if kind == "fixed_list":
        return pa.FixedSizeListArray.from_arrays(inner(rows * 2), 2, mask=mask)
    if kind == "map":
        lists = _lists("list", rng, rows, inner)
        keys = pa.array([f"k{n}" for n in range(len(lists.values))])
        offsets = pa.array(
            [
                None if null else at.as_py()
                for at, null in zip(lists.offsets, lists.is_null().to_pylist())
            ]
            + [len(keys)],
            pa.int32(),
        )
        return pa.MapArray.from_arrays(offsets, keys, lists.values)
    if kind == "list_view":
        sizes = [rng.choice([0, 1, 3]) for _ in range(rows)]
        values = inner(max(sizes) + 5)
        offsets = [rng.randrange(6) for _ in range(rows)]
        integers = (pa.array(offsets, pa.int32()), pa.array(sizes, pa.int32()))
        return pa.ListViewArray.from_arrays(*integers, values, mask=mask)
    raise ValueError(kind)


NESTED = ["list", "large_list", "struct", "fixed_list", "map", "list_view"]


def unions(rng, rows=ROWS):
    """What only Arrow has."""
    ids = pa.array([rng.randrange(2) for _ in range(rows)], pa.int8())
    parts = [pa.array(range(rows), pa.int64()), pa.array([str(n) for n in range(rows)])]
    offsets = pa.array(range(rows), pa.int32())
    return {
        "sparse_union": pa.UnionArray.from_sparse(ids, parts),
        "dense_union": pa.UnionArray.from_dense(ids, offsets, parts),
    }
