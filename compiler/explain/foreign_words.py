"""What a word of another framework is here: what `modelc explain` says of a word that nothing has."""

from modelc.compiler.language.suggestions.foreign_keys import key_hint
from modelc.compiler.language.suggestions.hints import ARGUMENTS, absent_hint
from modelc.compiler.language.suggestions.spelling import WORDS, synonyms
from modelc.compiler.library.registries import TABLES


def foreign_word(word: str) -> str:
    """What to write for `word`, which is no name, key or argument of this version; empty where nothing is known, or it is
    another name of something.
    """
    if any(synonyms(word, table) for table in TABLES):
        return ""
    if text := key_hint(word) or absent_hint("layer", word) or ARGUMENTS.get(word, ""):
        return text
    owners = {
        name: text
        for table in TABLES
        for name in table
        if word in (cls := table.find(name)).foreign_arguments and (text := cls.foreign_argument(word))
    }
    for owner, text in owners.items():
        return f"it is no argument of `{owner}`: {text.replace('{value}', '...')}"
    right = [name for name, others in WORDS if word in others]
    return f"here it is {' or '.join(f'`{name}`' for name in right)}" if right else ""
