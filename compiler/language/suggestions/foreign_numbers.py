"""Numbers as people and other languages write them, `1,000`, `0,5`, `0x10`, `64k`, `10^-3`, and how they are written here.

Texts for the help of messages only.
"""

import re
import unicodedata

from modelc.compiler.library.base.registry import fold

NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
IN_GROUPS = re.compile(r"[-+]?\d{1,3}(?:([,' \u2019])\d{3})(?:\1\d{3})*")
DECIMAL_COMMA = re.compile(r"([-+]?\d+),(\d+)")
OF_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)\s*([kKM])")
POWER_OF_TEN = re.compile(r"(?:(\d+(?:\.\d+)?)\s*[x*\u00d7\u00b7]\s*)?10\s*(?:\^|\*\*)\s*\(?([-+]?\d{1,3})\)?")
PREFIXED = re.compile(r"0(?:[xX][0-9a-fA-F]{1,8}|[oO][0-7]{1,10}|[bB][01]{1,32})")
PLACEHOLDER = re.compile("[A-Z][A-Z_]*")
"""A word as helps and documents have it where a value is to be put in, such as `LENGTH`."""
WITH_A_WORD = re.compile(rf"({NUMBER})\s*(?:[;,]|([A-Za-z]+))")


def number_help(kind: str, name: str, text: str) -> str:
    """What to write for the text of a number that `name` is to be, an integer or a float as pydantic's word `kind` says.
    Empty where it is none.
    """
    written, is_integer = text.strip(), kind == "int_type"
    if PREFIXED.fullmatch(written):
        return f"write `{int(written, 0)}`"
    if IN_GROUPS.fullmatch(written):
        plain = re.sub("[^-+0-9]", "", written)
        is_fraction = not is_integer and DECIMAL_COMMA.fullmatch(written)
        return f"write `{plain}`" + (f", or `{written.replace(',', '.')}` for a fraction" if is_fraction else "")
    if not is_integer and (match := DECIMAL_COMMA.fullmatch(written)):
        return f"write `{match[1]}.{match[2]}`"
    if match := OF_THOUSANDS.fullmatch(written):
        number = float(match[1]) * (1_000 if match[2] in "kK" else 1_000_000)
        return f"write `{number:.0f}`" if number.is_integer() else ""
    if is_integer and (match := re.fullmatch(r"(\d+)\s*[x\u00d7]", written)):
        return f"write `{match[1]}`"
    if match := POWER_OF_TEN.fullmatch(written):
        exponent, factor = int(match[2]), match[1] or "1"
        if not is_integer:
            return f"write `{factor}e{exponent}`"
        return f"write `{int(factor) * 10**exponent}`" if 0 <= exponent < 10 and factor.isdecimal() else ""
    if PLACEHOLDER.fullmatch(written):
        return f"write a number in place of `{written}`"
    match = WITH_A_WORD.fullmatch(written)
    if match is None or not (match[2] is None or fold(match[2]).rstrip("s") == fold(name).rstrip("s")):
        return ""
    return f"write `{match[1]}`"


NON_FINITE = re.compile(r"[-+]?\.?(?:inf|infinity|infinite|nan)|[-+]?\u221e", re.IGNORECASE)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ABOUT = re.compile(
    rf"(?:[<>=~\u2248\u2264\u2265\u00b1|]+|about|around|approx\.?|ca\.?|at (?:least|most)|max\.?|min\.?|up to)\s*({NUMBER})"
    rf"|({NUMBER})\s*(?:\+|\.{{3}}|\u2026|(?:-|\.\.|\u2013|~|\u00b1|or|to|\|)\s*{NUMBER})",
    re.IGNORECASE,
)
"""A bound, a range, or a number that is not given exactly."""
EXAMPLES = {"int_type": "an integer, such as `8`", "sizes_type": "an integer, such as `3`, or a list of them"}
A_NUMBER = "a number, such as `0.5` or `1e-3`"


def any_number_help(kind: str, text: str) -> str:
    """What to write for a `text` in place of a number, of which nothing else is known; `kind` is pydantic's word for what is
    wanted. Empty where that is no number.
    """
    if kind not in ("float_type", *EXAMPLES):
        return ""
    written, example = text.strip(), EXAMPLES.get(kind, A_NUMBER)
    if NON_FINITE.fullmatch(written):
        return f"a spec has no infinity and no NaN: write {example}"
    value = WORDS.index(written.lower()) if written.lower() in WORDS else of_sign(written)
    if value is not None and (kind == "float_type" or value == int(value)):
        return f"write `{value:g}`"
    if match := ABOUT.fullmatch(written):
        return f"a value is one number, no bound and no range: write that number, such as `{match[1] or match[2]}`"
    return f"write {example}"


def rate_help(text: str) -> str:
    """What to write for a learning rate that is no number and no word; empty for a word, which may be meant for a schedule."""
    if NON_FINITE.fullmatch(text):
        return any_number_help("float_type", text)
    known = number_help("float_type", "learning_rate", text)
    return known or ("" if text[:1].isalpha() else any_number_help("float_type", text))


def of_sign(text: str) -> float | None:
    """The number that a single character stands for, such as `\u00bd`; None where it stands for none."""
    return unicodedata.numeric(text, None) if len(text) == 1 else None
