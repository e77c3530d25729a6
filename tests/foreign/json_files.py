"""Random NDJSON files, hostile ones among them."""

from json_model import RANGES

TEXTS = list("aZ0 \"\\/{}[]:,\t\n\r\b\f\0\x01\x7f\x85'éß漢€") + [
    "\u2028",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\U0001f600",
    "\U00020bb7",
    "\U0010ffff",
    "e\u0301",
    "null",
    "1e5",
]
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f"}
SHORT |= {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
INTEGERS = [0, 1, -1, 127, 128, 255, 256, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63)]
INTEGERS += [2**64 - 1, 2**64, -(2**63) - 1, 10**30]
FLOATS = ["-0", "0.0", "-0.0", "1e5", "1E+5", "2.5e-3", "5e-324", "2e-324", "1e-400", "0e999"]
FLOATS += ["9007199254740993.0", "1.7976931348623157e308", "1.7976931348623159e308", "1e400"]
FLOATS += ["0.1", "0.30000000000000004", "123456789012345678901234567890.5"]
FLOATS += ["2.2250738585072011e-308"]
PLAIN = ["int64", "float64", "bool", "utf8"]
GIVEN = PLAIN + ["int8", "uint8", "int32", "uint64", "utf8", "decimal(10, 2)", "decimal(38, 0)"]


def text(rng):
    if rng.random() < 0.01:
        return rng.choice(TEXTS) * rng.choice([1_000, 20_000])
    return "".join(rng.choice(TEXTS) for _ in range(rng.choice([0, 1, 2, 5, 12])))


def string(value, rng):
    """The text as JSON, its characters written in any of the ways that JSON has."""
    out = []
    for character in value:
        way = rng.random()
        if way < 0.2 or (character < " " and (way < 0.5 or character not in SHORT)):
            units = character.encode("utf-16-be")
            for at in range(0, len(units), 2):
                digits = f"{units[at]:02x}{units[at + 1]:02x}"
                out.append("\\u" + (digits.upper() if rng.random() < 0.5 else digits))
        elif character in SHORT and (way < 0.6 or character in '"\\' or character < " "):
            out.append(SHORT[character])
        else:
            out.append(character)
    return '"' + "".join(out) + '"'


def plain_type(names, rng, levels):
    """A type of at most so many levels."""
    choice = rng.random()
    if levels and choice < 0.2:
        return ("list", plain_type(names, rng, levels - 1))
    if levels and choice < 0.4:
        return ("struct", {key: plain_type(names, rng, levels - 1) for key in keys(rng)})
    return rng.choice(names)


def keys(rng):
    # `schema:` has no way to write a quote in the name of a field.
    return sorted({text(rng)[:6].replace('"', "") for _ in range(rng.choice([1, 2, 3]))})


def space(rng):
    return rng.choice(["", "", "", "", " ", "\t", "  ", " \r"])


def bracketed(opening, items, closing, rng):
    items = [space(rng) + item + space(rng) for item in items]
    return opening + (",".join(items) if items else space(rng)) + closing


def json_of(made, rng, is_given):
    """JSON of a value of the type; where the scene names it, now and then of one that is not."""
    if rng.random() < 0.15:
        return "null"
    if is_given and rng.random() < 0.02:
        other = rng.choice(PLAIN + [("list", "utf8"), ("struct", {"a": "bool"})])
        return json_of(other, rng, False)
    if isinstance(made, tuple):
        if made[0] == "list":
            items = [json_of(made[1], rng, is_given) for _ in range(rng.choice([0, 1, 2, 4]))]
            return bracketed("[", items, "]", rng)
        return members(made[1], rng, lambda _: is_given)
    if made == "utf8":
        return string(text(rng), rng)
    if made == "bool":
        return rng.choice(["true", "false"])
    if made == "float64" and rng.random() < 0.8:
        values = FLOATS if is_given and rng.random() < 0.2 else FLOATS[:11]
        return rng.choice([*values, repr(rng.uniform(-1e6, 1e6)), repr(rng.gauss(0, 1) * 1e200)])
    if made.startswith("decimal"):
        value = f"{rng.randint(-(10**9), 10**9)}.{rng.choice(['', '0', '00', '000'])}"
        value = value.removesuffix(".")
        if rng.random() < 0.05:
            value += rng.choice([".125", "e1", "."])
        return f'"{value}"' if rng.random() < 0.3 else value
    if is_given and made != "float64":
        low, high = RANGES[made]
        fitting = [low, high, rng.randint(low, high)]
        return str(rng.choice(INTEGERS if rng.random() < 0.02 else fitting))
    exact = [-0.0, 0, 1, -1, 128, 2**31, 2**53, -(2**53), rng.randint(-(2**53), 2**53)]
    beyond = [2**53 + 1, 2**63 - 1, -(2**63), 2**63]
    value = rng.choice(beyond if rng.random() < 0.01 else exact[rng.random() < 0.98 :])
    return "-0" if value == 0 and isinstance(value, float) else str(value)


def members(fields, rng, is_given):
    """An object of keys in any order, some left out."""
    names = [name for name in fields if rng.random() < 0.9]
    if rng.random() < 0.3:
        rng.shuffle(names)
    if names and rng.random() < 0.01:
        names.append(rng.choice(names))
    pairs = []
    for name in names:
        value = json_of(fields[name], rng, is_given(name))
        pairs.append(string(name, rng) + space(rng) + ":" + space(rng) + value)
    return bracketed("{", pairs, "}", rng)


def broken(line, rng):
    """A line that is most likely no record any more."""
    at = rng.randrange(len(line) + 1)
    head, tail = line[:at], line[at:]
    return rng.choice(
        [
            lambda: head,
            lambda: head + tail[1:],
            lambda: head + bytes([rng.randrange(256)]) + tail,
            lambda: head + rng.choice(b'"\\{}[],:0-e.\n\r\t'.decode()).encode() + tail,
            lambda: head + rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\0"]) + tail,
            lambda: line + rng.choice([b"x", b"{}", b",", b"\xef\xbb\xbf"]),
            lambda: rng.choice([b"null", b"[1]", b'"a"', b"{,}", b"{'a':1}", b"\xef\xbb\xbf{}"]),
            lambda: line.replace(b"\\u", b"\\ud83d\\u"),
            lambda: line.replace(b':"', rng.choice([b':"\\ud83d', b':"\\uDE00x', b':"\\ud83d\\n'])),
            lambda: line.replace(b"true", rng.choice([b"NaN", b"-Infinity", b"TRUE", b"01"])),
            lambda: b'{"' + b"a" * rng.choice([1, 9]) + b'":' + b"[" * 64 + b"]" * 64 + b"}",
            lambda: b'{"a":' + b"[" * 65 + b"]" * 65 + b"}",
            lambda: b'{"a":' * 70 + b"1" + b"}" * 70,
        ]
    )()


def make(rng):
    """A file and the types that its scene names."""
    names = keys(rng) + keys(rng)
    schema = {}
    if rng.random() < 0.6:
        share = rng.choice([0.5, 1.0])
        schema = {name: plain_type(GIVEN, rng, 3) for name in names if rng.random() < share}
    types = {name: schema.get(name) or plain_type(PLAIN, rng, 3) for name in names}
    share = rng.choice([0, 0, 0.1, 0.3]) if schema else rng.choice([0, 0, 0, 0.05])
    end = rng.choice([b"\n", b"\n", b"\r\n"])
    lines = []
    for _ in range(rng.choice([1, 2, 5, 20, 60])):
        line = members(types, rng, lambda name: name in schema).encode()
        lines.append(broken(line, rng) if rng.random() < share else line)
        if rng.random() < 0.1:
            lines += [rng.choice([b"", b"", b" ", b"\t \r", b"\x0c"])] * rng.choice([1, 3, 40])
    content = end.join(lines) + (end if rng.random() < 0.7 else b"")
    return (b"\xef\xbb\xbf" if rng.random() < 0.15 else b"") + content, schema
