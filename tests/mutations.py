"""Random damage to the text of a spec: what a slip of the hand, a bad merge or a fuzzer makes of it."""

import random
import re

JUNK = (
    "null", "true", "-1", "0", "1e999", "1e400", "[]", "{}", "''", "~", ".nan", "0x10", "017", "1:30", "$x", "&a", "*a", "!!int 3",
    "<<", "{a: {b: [c]}}", "[[[[1]]]]", "dense", "dense: {units: 3}", "999999999999999999999", "-7", "image", "output", "name",
    "\u202eabc", "\x1b[31m", "::error::x", "\ufeff", "🙂", "a b", "1/0", "1/255", "3.5", "- x", "? y", "|", ">", "%", "@", "`", "\t",
)  # fmt: skip


def mutate(text: str, seed: int, others: list[str]) -> str:
    """`text` with one to four random faults; the same seed gives the same text."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        text = chance.choice(FAULTS)(text, chance, others)
    return text


def drop_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.pop(chance.randrange(len(lines)))
    return "\n".join(lines)


def repeat_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "\n".join(lines)


def indent_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    index = chance.randrange(len(lines))
    lines[index] = " " * chance.randrange(1, 5) + lines[index] if chance.random() < 0.5 else lines[index][2:]
    return "\n".join(lines)


def borrow_line(text: str, chance: random.Random, others: list[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(chance.choice(others).split("\n")))
    return "\n".join(lines)


def change_character(text: str, chance: random.Random, others: list[str]) -> str:
    index = chance.randrange(len(text) + 1)
    character = chance.choice("abcxyz0129 :,-[]{}#&*!|>'\"%@`\n\t\0\x1b\u202e$<~=")
    return text[:index] + character + text[index + chance.randrange(2) :]


def replace_word(text: str, chance: random.Random, others: list[str]) -> str:
    words = list(re.finditer(r"[\w./-]+", text))
    if not words:
        return text
    word = chance.choice(words)
    other = chance.choice(words)[0] if chance.random() < 0.4 else chance.choice(JUNK)
    return text[: word.start()] + other + text[word.end() :]


def misspell(text: str, chance: random.Random, others: list[str]) -> str:
    words = list(re.finditer(r"[a-z_]{3,}", text))
    if not words:
        return text
    word = chance.choice(words)
    index = chance.randrange(word.start(), word.end() - 1)
    return text[:index] + text[index + 1] + text[index] + text[index + 2 :]


def truncate(text: str, chance: random.Random, others: list[str]) -> str:
    return text[: chance.randrange(len(text) + 1)]


def replace_group(text: str, chance: random.Random, others: list[str]) -> str:
    groups = list(re.finditer(r"\[[^][]*\]|\{[^{}]*\}", text))
    if not groups:
        return text
    group = chance.choice(groups)
    return text[: group.start()] + chance.choice([*JUNK, chance.choice(groups)[0]]) + text[group.end() :]


FAULTS = (
    drop_line,
    repeat_line,
    indent_line,
    borrow_line,
    change_character,
    replace_word,
    replace_word,
    misspell,
    truncate,
    replace_group,
)
