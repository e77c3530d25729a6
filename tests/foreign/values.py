"""One exact form of a column, whatever library wrote it and whatever type Tanda passed it on as."""

import datetime
import decimal
import json
import struct

import pyarrow as pa
import pyarrow.compute

DAY_NS = 86_400 * 10**9
PER_UNIT_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
CONTEXT = decimal.Context(prec=100)


def plain(array):
    """The storage of extension types, the values of dictionaries and run ends."""
    while True:
        made = array.type
        if isinstance(made, pa.BaseExtensionType):
            array = array.storage
        elif pa.types.is_dictionary(made):
            array = array.dictionary_decode()
        elif pa.types.is_run_end_encoded(made):
            array = pa.compute.run_end_decode(array)
        else:
            return array


def canonical(array):
    """A list of plain Python values that tells every two different columns apart."""
    array = plain(array)
    made = array.type
    if pa.types.is_list(made) or pa.types.is_large_list(made) or pa.types.is_fixed_size_list(made):
        return _lists(array)
    if pa.types.is_list_view(made) or pa.types.is_large_list_view(made):
        rows = zip(array.is_valid().to_pylist(), array.offsets.to_pylist(), array.sizes.to_pylist())
        values = canonical(array.values)
        return [values[at : at + size] if here else None for here, at, size in rows]
    if pa.types.is_map(made):
        values = canonical(pa.StructArray.from_arrays([array.keys, array.items], ["key", "value"]))
        return _spans(array, values, array.offsets.to_pylist())
    if pa.types.is_struct(made):
        names = [made.field(at).name for at in range(made.num_fields)]
        fields = [canonical(array.field(at)) for at in range(made.num_fields)]
        present = array.is_valid().to_pylist()
        rows = zip(*fields) if fields else [()] * len(array)
        return [tuple(zip(names, row)) if here else None for here, row in zip(present, rows)]
    return _leaf(array)


def _spans(array, values, offsets):
    present = array.is_valid().to_pylist()
    spans = zip(present, offsets, offsets[1:])
    return [values[start:end] if here else None for here, start, end in spans]


def _lists(array):
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        values = canonical(array.values)
        first = array.offset
        present = array.is_valid().to_pylist()
        return [
            values[(first + at) * size : (first + at + 1) * size] if here else None
            for at, here in enumerate(present)
        ]
    return _spans(array, canonical(array.values), array.offsets.to_pylist())


def _leaf(array):
    made = array.type
    if pa.types.is_timestamp(made):
        scale, zoned = PER_UNIT_NS[made.unit], made.tz is not None
        return [None if v is None else (v * scale, zoned) for v in _integers(array, pa.int64())]
    if pa.types.is_date64(made):
        return [None if v is None else v * 10**6 for v in _integers(array, pa.int64())]
    if pa.types.is_date32(made):
        return [None if v is None else v * DAY_NS for v in _integers(array, pa.int32())]
    if pa.types.is_time(made):
        width = pa.int32() if pa.types.is_time32(made) else pa.int64()
        scale = PER_UNIT_NS[made.unit]
        return [None if v is None else v * scale for v in _integers(array, width)]
    if pa.types.is_duration(made):
        return _integers(array, pa.int64())
    if pa.types.is_floating(made):
        code = {16: "e", 32: "f", 64: "d"}[made.bit_width]
        return [
            None if v is None else _float(struct.pack("<" + code, v)) for v in array.to_pylist()
        ]
    if pa.types.is_decimal(made):
        return [
            (
                None
                if v is None
                else str(v.quantize(decimal.Decimal(1).scaleb(-made.scale), context=CONTEXT))
            )
            for v in array.to_pylist()
        ]
    return array.to_pylist()


def _float(raw):
    """All NaNs are one: their bits are nobody's data."""
    value = struct.unpack({2: "<e", 4: "<f", 8: "<d"}[len(raw)], raw)[0]
    return "nan" if value != value else raw.hex()


def _integers(array, width):
    return array.view(width).to_pylist()


def columns(table):
    """Name -> canonical values of a table."""
    found = {}
    for name, column in zip(table.column_names, table.columns):
        found[name] = [value for chunk in column.chunks for value in canonical(chunk)]
    return found


# What NDJSON shows of a column: the canonical value of its text.


def from_json(array_type, value):
    """The canonical value of a JSON value of a column of this type; floats of NaN are null."""
    made = array_type
    if isinstance(made, pa.BaseExtensionType):
        if made.extension_name == "arrow.uuid":
            return None if value is None else bytes.fromhex(value.replace("-", ""))
        made = made.storage_type
    if pa.types.is_dictionary(made) or pa.types.is_run_end_encoded(made):
        return from_json(made.value_type, value)
    if value is None:
        return None
    if pa.types.is_map(made):
        pair = [("key", made.key_type), ("value", made.item_type)]
        return [
            tuple((name, from_json(kind, item.get(name))) for name, kind in pair) for item in value
        ]
    if pa.types.is_struct(made):
        fields = [made.field(at) for at in range(made.num_fields)]
        return tuple((field.name, from_json(field.type, value.get(field.name))) for field in fields)
    if pa.types.is_nested(made):
        return [from_json(made.value_type, item) for item in value]
    return _leaf_from_json(made, value)


def _leaf_from_json(made, value):
    if pa.types.is_timestamp(made):
        return (_instant(value), made.tz is not None)
    if pa.types.is_date(made):
        return _days(value) * DAY_NS
    if pa.types.is_time(made):
        return _time(value)
    if pa.types.is_floating(made):
        code = {16: "e", 32: "f", 64: "d"}[made.bit_width]
        return _float(struct.pack("<" + code, float(value)))
    if pa.types.is_decimal(made):
        return str(
            decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-made.scale), context=CONTEXT)
        )
    if pa.types.is_integer(made):
        return int(value)
    if any(test(made) for test in BINARY):
        return bytes.fromhex(value)
    return value


BINARY = [
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
]


def without_nan(value):
    """JSON has neither NaN nor infinities: both are null there."""
    if value in (
        "nan",
        "007c",
        "00fc",
        "0000807f",
        "000080ff",
        "000000000000f07f",
        "000000000000f0ff",
    ):
        return None
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return tuple((name, without_nan(item)) for name, item in value)
    return value


def _days(text):
    year, month, day = text.rsplit("-", 2)
    # datetime ends with the year 9999, which is as far as the generator goes.
    return datetime.date(int(year), int(month), int(day)).toordinal() - 719_163


def _time(text):
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 10**9 + int(
        fraction.ljust(9, "0") or 0
    )


def _instant(text):
    day, _, time = text.rstrip("Z").partition("T" if "T" in text else " ")
    return _days(day) * DAY_NS + _time(time)


def read_ndjson(path, schema):
    """Name -> canonical values of what a sink wrote."""
    found = {field.name: [] for field in schema}
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            record = json.loads(line, parse_float=str, parse_int=str)
            assert set(record) == set(found), f"{sorted(record)} for {sorted(found)}"
            for field in schema:
                found[field.name].append(from_json(field.type, record[field.name]))
    return found
