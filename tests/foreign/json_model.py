"""What an NDJSON file holds: Python's json, and the reference's rules for what JSON leaves open.

A type is a name of `schema:`, ("list", type) or ("struct", {name: type}).
"""

import decimal
import json
import re

DEPTH_MAX = 64
SPACE = b" \t\n\x0c\r"
INTEGER = re.compile(r"-?\d+")
EXACT_MAX = 2**53
EXACTLY = decimal.Context(prec=1_000)
RANGES = {f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
RANGES |= {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}


class Bad(Exception):
    """A record that goes to `rejected`."""


class Refused(Exception):
    """A file that ends the run before it begins."""


class Number(str):
    """A number as it is written."""


class Members(list):
    """An object: its keys and values as they are written, a key twice too."""


def no_constant(text):
    raise ValueError(f"{text} is no JSON")


def loads(text):
    """A value, nothing of it lost."""
    return json.loads(
        text,
        parse_int=Number,
        parse_float=Number,
        parse_constant=no_constant,
        object_pairs_hook=Members,
    )


def depth(value):
    if isinstance(value, Members):
        return 1 + max((depth(item) for _, item in value), default=0)
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    return 0


def record_of(line):
    """The object on a line."""
    try:
        value = loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Bad("no JSON") from error
    # The record itself is not counted.
    if not isinstance(value, Members) or depth(value) > DEPTH_MAX + 1:
        raise Bad("no record")
    return value


def is_whole(text):
    """Whether every surrogate escape is one of a pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


class Seen:
    """The values of one place, and the type that holds them all."""

    def __init__(self):
        self.kinds, self.is_float = set(), False
        self.is_beyond, self.is_inexact = False, False
        self.items, self.members = None, {}

    def take(self, value):
        if value is None:
            return
        self.kinds.add(kind(value))
        if isinstance(value, Number):
            self.take_number(value)
        elif isinstance(value, Members):
            for name, item in value:
                if is_whole(name):
                    self.members.setdefault(name, Seen()).take(item)
        elif isinstance(value, list):
            self.items = self.items or Seen()
            for item in value:
                self.items.take(item)

    def take_number(self, text):
        if not INTEGER.fullmatch(text) or text == "-0":
            self.is_float = True
            return
        low, high = RANGES["int64"]
        self.is_beyond |= not low <= int(text) <= high
        self.is_inexact |= abs(int(text)) > EXACT_MAX

    def data_type(self):
        if not self.kinds:
            return "utf8"
        if len(self.kinds) > 1:
            raise Refused("several kinds")
        (only,) = self.kinds
        if only == "number":
            if self.is_inexact if self.is_float else self.is_beyond:
                raise Refused("integers beyond the range")
            return "float64" if self.is_float else "int64"
        if only == "list":
            return ("list", self.items.data_type())
        if only == "struct":
            return ("struct", {name: seen.data_type() for name, seen in self.members.items()})
        return only


def kind(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Number):
        return "number"
    if isinstance(value, Members):
        return "struct"
    return "list" if isinstance(value, list) else "utf8"


def number(made, value):
    """A number of one of the types that have only numbers."""
    if kind(value) != "number":
        raise Bad("no number")
    if made == "float64":
        found = float(value)
        if abs(found) == float("inf"):
            raise Bad("beyond a double")
        return repr(found)
    low, high = RANGES[made]
    if not INTEGER.fullmatch(value) or not low <= int(value) <= high:
        raise Bad("no such integer")
    return int(value)


def decimal_of(made, value):
    precision, scale = map(int, re.findall(r"\d+", made))
    if kind(value) not in ("number", "utf8"):
        raise Bad("no decimal")
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)", value, re.ASCII):
        raise Bad("no decimal")
    whole = decimal.Decimal(value).scaleb(scale, EXACTLY)
    if whole != whole.to_integral_value() or abs(whole) >= 10**precision:
        raise Bad("digits would be lost")
    return int(whole)


def fit(made, is_given, value):
    """A value of a place of this type in a form in which equal values are equal."""
    if value is None:
        return None
    if isinstance(made, tuple):
        if kind(value) != made[0]:
            raise Bad(f"no {made[0]}")
        if made[0] == "list":
            return [fit(made[1], is_given, item) for item in value]
        return struct(made[1], lambda _: is_given, value)
    if made == "utf8":
        if kind(value) != "utf8":
            if not is_given:
                raise Bad("no text")
            return ("json", value)
        if not is_whole(value):
            raise Bad("half of a pair")
        return value
    if made == "bool":
        if kind(value) != "bool":
            raise Bad("no truth value")
        return value
    if made.startswith("decimal"):
        return decimal_of(made, value)
    found = number(made, value)
    is_inferred_double = made == "float64" and not is_given
    if is_inferred_double and INTEGER.fullmatch(value) and abs(int(value)) > EXACT_MAX:
        raise Bad("an integer that a double does not hold")
    return found


def struct(fields, is_given, members):
    """The values of all keys, in the order of the type."""
    found = {}
    for name, value in members:
        if name in found or name not in fields:
            raise Bad("a key twice, or an unknown one")
        found[name] = fit(fields[name], is_given(name), value)
    return [(name, found.get(name)) for name in fields]


def expected(content, schema):
    """Type of the records, the good ones, and of the others line and text."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content.strip(SPACE).startswith(b"["):
        raise Refused("an array")
    lines = enumerate(content.split(b"\n"), 1)
    lines = [(at, line) for at, line in lines if line.strip(SPACE)]
    seen, records = Seen(), []
    for at, line in lines:
        try:
            record = record_of(line)
            seen.take(record)
        except Bad:
            record = None
        records.append((at, line, record))
    is_any = any(record is not None for _, _, record in records)
    if not is_any and (lines or not schema):
        raise Refused("no record")
    types = {name: schema.get(name) or inside.data_type() for name, inside in seen.members.items()}
    types |= {name: schema[name] for name in sorted(schema) if name not in types}
    good, bad = [], []
    for at, line, record in records:
        try:
            if record is None:
                raise Bad("no record")
            good.append(struct(types, lambda name: name in schema, record))
        except Bad:
            bad.append((at, line.decode("utf-8", "backslashreplace").replace("\0", "\\x00")))
    return types, good, bad


def written(made, value):
    """The same form of what a sink wrote for a value of this type."""
    if value is None:
        return None
    if isinstance(made, tuple):
        if made[0] == "list":
            return [written(made[1], item) for item in value]
        assert [name for name, _ in value] == list(made[1]), "other keys, or in another order"
        return [(name, written(made[1][name], item)) for name, item in value]
    if made in ("utf8", "bool"):
        return value
    if made.startswith("decimal"):
        return decimal_of(made, value)
    return number(made, value)


def same(ours, theirs):
    """Whether a written value is the expected one. JSON kept as text is compared as JSON."""
    if isinstance(theirs, tuple) and theirs[0] == "json":
        return isinstance(ours, str) and loads(ours) == theirs[1]
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, tuple) and isinstance(ours, tuple):
        return ours[0] == theirs[0] and same(ours[1], theirs[1])
    return type(ours) is type(theirs) and ours == theirs
