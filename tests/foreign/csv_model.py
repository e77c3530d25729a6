"""What a CSV file holds: Python's csv, and the rules of the reference for what CSV leaves open.

Python's csv does not tell what was quoted; who makes the file says so.
"""

import csv
import re

from json_model import EXACT_MAX, RANGES, Bad

INTEGER = re.compile(r"[-+]?\d+", re.ASCII)
PLAIN_INTEGER = re.compile(r"-?[1-9]\d*|0", re.ASCII)
DECIMALS = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
WORDS = re.compile(r"[-+]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)
# Digits that a double keeps.
DIGITS_MAX = 17

csv.field_size_limit(2**30)


class Lines:
    """The lines of a text as csv wants them, and what it has taken since it was asked."""

    def __init__(self, text):
        self.lines = iter(re.findall(r"[^\n]*\n|[^\n]+", text))
        self.at, self.taken = 0, []

    def __iter__(self):
        return self

    def __next__(self):
        line = next(self.lines)
        self.at += 1
        self.taken.append(line)
        return line


def records(text, dialect):
    """Line, text and fields of each record; no fields if it cannot be taken apart."""
    lines = Lines(text)
    reader = csv.reader(
        lines,
        delimiter=dialect["delimiter"],
        quotechar=dialect["quote"],
        doublequote=True,
        strict=True,
    )
    while True:
        start, lines.taken = lines.at + 1, []
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = None
        if fields != []:
            raw = "".join(lines.taken)
            yield start, raw.removesuffix("\n").removesuffix("\r"), fields


def double(text, is_given):
    """The double that a text means, or none."""
    if WORDS.fullmatch(text):
        found = float(text)
    elif DECIMALS.fullmatch(text) and abs(float(text)) < float("inf"):
        found = float(text)
    else:
        return None
    return found if is_given or not re.match(r"\+|-?0\d", text) else None


def is_double(text):
    """Whether inference takes the text for a double."""
    if double(text, False) is None:
        return False
    digits = re.sub(r"\D", "", re.split("[eE]", text)[0])
    if len(digits.strip("0") if digits.strip("0") else "") > DIGITS_MAX:
        return False
    low, high = RANGES["int64"]
    return not INTEGER.fullmatch(text) or abs(int(text)) <= EXACT_MAX


def guess(values):
    """The type of a column of such texts: each with whether it is quoted, and spells missing."""
    present = [text for text, _, is_null in values if not is_null]
    if not present:
        return "utf8"
    quoted_null = any(is_null and quoted for _, quoted, is_null in values)
    if quoted_null and not any(quoted and not is_null for _, quoted, is_null in values):
        return "utf8"
    low, high = RANGES["int64"]
    if all(PLAIN_INTEGER.fullmatch(text) and low <= int(text) <= high for text in present):
        return "int64"
    if all(map(is_double, present)) and any(re.search(r"\d", text, re.A) for text in present):
        return "float64"
    if all(text in ("true", "false") for text in present):
        return "bool"
    return "utf8"


def value(made, is_given, text, quoted, is_null, keeps_empty):
    """What a field is in a column of the type."""
    if made == "utf8":
        return None if is_null and not (quoted and (text or keeps_empty)) else text
    if is_null:
        return None
    if made == "bool":
        if text.lower() not in ("true", "false"):
            raise Bad("no truth value")
        return text.lower() == "true"
    if made == "float64":
        found = double(text, is_given)
        if found is None:
            raise Bad("no double")
        # JSON, in which the sink shows it, has no other doubles.
        return repr(found) if abs(found) < float("inf") else None
    low, high = RANGES[made]
    form = INTEGER if is_given else PLAIN_INTEGER
    if not form.fullmatch(text) or not low <= int(text) <= high:
        raise Bad("no such integer")
    return int(text)


def expected(content, schema, dialect, quotes):
    """Type of the records, the good ones, and of the others line and text.

    `quotes` tells of each record that can be taken apart which fields are quoted.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    (_, _, names), *rows = records(text, dialect)
    null, quotes = dialect["null"], iter(quotes)
    keeps_empty = len(names) > 1 or null is not None
    fields_of, columns = [], [[] for _ in names]
    for at, raw, fields in rows:
        marked = next(quotes)
        if fields is None or len(fields) != len(names):
            fields_of.append((at, raw, None))
            continue
        assert len(marked) == len(fields), "the generator and Python see other fields"
        fields = [
            (text, quoted, text == "" or text == null) for text, quoted in zip(fields, marked)
        ]
        fields_of.append((at, raw, fields))
        for column, field in zip(columns, fields):
            # An empty text that no column can hold spells nothing.
            column.append(field if field[0] or keeps_empty else ("", False, True))
    types = {name: schema.get(name) or guess(column) for name, column in zip(names, columns)}
    good, bad = [], []
    for at, raw, fields in fields_of:
        try:
            if fields is None or re.search("[\0\ud800-\udfff]", raw):
                raise Bad("no record")
            good.append(
                [
                    (name, value(types[name], name in schema, *field, keeps_empty))
                    for name, field in zip(names, fields)
                ]
            )
        except Bad:
            line = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            bad.append((at, line.replace("\0", "\\x00")))
    return types, good, bad
