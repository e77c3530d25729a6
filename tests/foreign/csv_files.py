"""Random CSV files, hostile ones among them."""

from json_files import INTEGERS
from json_files import text as any_text

NUMBERS = ["0", "7", "-7", "007", "+5", "-0", "1.5", "1.10", "1.", ".5", "-.5e1", "1e5", "1E+5"]
NUMBERS += ["1e400", "5e-324", "NaN", "-inf", "1_000", " 1", "1 ", "0x1", "--1", "\u0661", "1,5"]
NUMBERS += ["0.12345678901234567", "0.123456789012345678", "9007199254740993"]
WORDS = ["true", "false", "True", "TRUE", "null", "NULL", "NA", "-", "#", " "]
WORDS += ["'", '"', '""', "a\"b"]


def text(rng):
    """A text without NUL, which makes a record bad."""
    return any_text(rng).replace("\0", "")


def column_of(dialect, rng):
    """Makes the fields of one column: each a text, and whether it is quoted."""
    value = rng.choice(
        [
            lambda: text(rng),
            lambda: text(rng),
            lambda: rng.choice([*WORDS, *NUMBERS, text(rng)]),
            lambda: rng.choice(NUMBERS),
            lambda: rng.choice(WORDS),
            lambda: rng.choice(["true", "false"]),
            lambda: str(rng.choice([*INTEGERS, rng.randint(-(2**63), 2**63)])),
            lambda: str(rng.randint(-(10**12), 10**12)),
            lambda: str(rng.choice([*INTEGERS[:8], 1.5, -2.25e-7, rng.gauss(0, 1e9), "1e5"])),
            lambda: rng.choice(["1.5", "-0", "0.12345678901234567"]),
            lambda: rng.choice(["1.5", "0.123456789012345678"]),
            lambda: "",
        ]
    )
    missing = ["", "", dialect["null"] or ""]
    empty, quoted = rng.choice([0, 0.1, 0.3]), rng.choice([0, 0, 0.1, 0.5, 1.0])
    quoted_empty = rng.choice([quoted, 0, 0.5])

    def make():
        if rng.random() < empty:
            return field(rng.choice(missing), dialect, quoted_empty, rng)
        return field(value(), dialect, quoted, rng)

    return make


def field(value, dialect, share, rng):
    """The text of a field, and whether it is quoted."""
    delimiter, quote = dialect["delimiter"], dialect["quote"]
    # A carriage return without quotes and a line feed is an error to Python, to Tanda it is text.
    must = value.startswith(quote) or any(one in value for one in (delimiter, "\n", "\r"))
    if must or rng.random() < share:
        return quote + value.replace(quote, quote * 2) + quote, True
    return value, False


def broken(fields, dialect, rng):
    """A record that cannot be decoded, on one line. It stands after a record of several fields."""
    delimiter, quote = dialect["delimiter"], dialect["quote"]
    plain = [f"x{at}" for at in range(len(fields))]
    at = rng.randrange(len(plain))
    return rng.choice(
        [
            lambda: delimiter.join([*plain, "more"]),
            lambda: delimiter.join([*plain, ""]),
            lambda: delimiter.join([*plain, "x", "y"]),
            lambda: delimiter.join([*plain[:at], f"{quote}a{quote}b", *plain[at + 1 :]]),
            lambda: delimiter.join([*plain[:at], f"{quote}a{quote} ", *plain[at + 1 :]]),
            lambda: delimiter.join([*plain[:at], "\udcff", *plain[at + 1 :]]),
            lambda: delimiter.join([*plain[:at], "\udced\udca0\udc80", *plain[at + 1 :]]),
            lambda: delimiter.join([*plain[:at], "a\0", *plain[at + 1 :]]),
        ]
    )()


def make(rng):
    """A file, the types that its scene names, its dialect, and what is quoted in its records."""
    delimiter = rng.choice(",,,;\t|")
    quote = rng.choice("\"\"\"'")
    null = rng.choice([None, rng.choice(["NULL", "NA", "-", "0", "null", quote, "\u00e9"])])
    dialect = {"delimiter": delimiter, "quote": quote, "null": null}
    end = rng.choice(["\n", "\n", "\r\n"])
    names = list(dict.fromkeys(name_of(rng) for _ in range(rng.choice([1, 1, 2, 3, 6, 20]))))
    makers = [column_of(dialect, rng) for _ in names]
    schema = {}
    if rng.random() < 0.5:
        kinds = ["utf8", "utf8", "int64", "float64", "bool", "uint8", "uint64", "int32"]
        share = rng.choice([0.3, 1.0])
        schema = {name: rng.choice(kinds) for name in names if rng.random() < share}
    blanks, wrong = rng.choice([0, 0, 0.2]), rng.choice([0, 0, 0, 0.1, 0.4])
    header = delimiter.join(field(name, dialect, 1, rng)[0] for name in names)
    lines, quotes = [header], []
    for _ in range(rng.choice([0, 1, 2, 5, 20, 60])):
        fields = [one() for one in makers]
        if rng.random() < wrong:
            lines.append(broken(fields, dialect, rng))
            # Which of these fields are quoted never matters but where it can be taken apart.
            quotes.append([False] * len(fields))
        elif fields != [("", False)]:
            lines.append(delimiter.join(text for text, _ in fields))
            quotes.append([quoted for _, quoted in fields])
        if rng.random() < blanks:
            lines += [""] * rng.choice([1, 1, 9, 700])
    content = end.join(lines) + (end if rng.random() < 0.7 or lines[-1] == "" else "")
    if rng.random() < 0.03:
        content += end * (not content.endswith("\n")) + quote + "never closed" + delimiter + end
        quotes.append([])
    mark = b"\xef\xbb\xbf" if rng.random() < 0.15 else b""
    return mark + content.encode("utf-8", "surrogateescape"), schema, dialect, quotes


def name_of(rng):
    """A name of a column; a header has no carriage return and no NUL."""
    return rng.choice(["a", "b", "id", text(rng)[:8]]).replace("\r", "") or "empty"
