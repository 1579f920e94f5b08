"""What others call the arguments of the reader `text`, with what to write."""

from collections.abc import Mapping

from modelc.compiler.library.readers.categorical import FEWER_WORDS
from modelc.compiler.library.readers.hashing import FOREIGN_TO_HASH

FOREIGN_TO_TEXT: Mapping[str, str] = {
    **dict.fromkeys(FEWER_WORDS, "write `vocabulary: {value}`, which counts padding and unknown words too"),
    **dict.fromkeys(
        (
            "output_sequence_length",
            "max_length",
            "maxlen",
            "max_len",
            "max_seq_length",
            "sequence_length",
            "pad_to",
        ),
        "write `length: {value}`",
    ),
    **dict.fromkeys(
        ("oov_token", "unk_token", "unknown", "num_oov_indices"), "remove it: 1 stands for all unknown words"
    ),
    **dict.fromkeys(
        ("padding", "pad_token", "mask_token", "truncating", "truncation"),
        "remove it: texts are cut at the end, and filled up with 0 at the end",
    ),
    **dict.fromkeys(
        ("pad_id", "pad_token_id"),
        "write `padding_id: {value}`, for a tokenizer file that has no padding of its own",
    ),
    **dict.fromkeys(
        ("split", "tokenize", "level", "analyzer"), "write `tokenizer: words`, `characters`, `bytes` or `bpe`"
    ),
    **dict.fromkeys(("tokenizer_file", "tokenizer_path"), "write `tokenizer: {file: {value}}`"),
    "char_level": "write `tokenizer: characters`",
    **dict.fromkeys(("lower", "do_lower_case", "standardize"), "write `lowercase: false` to keep the case"),
    **dict.fromkeys(
        ("vocab", "vocab_file", "vocabulary_file", "words", "classes"),
        "write `vocabulary: {file: words.txt}`, a text file with one word on each line",
    ),
    **dict.fromkeys(("fillna", "fill_value", "missing_values", "na"), "write `missing: empty`"),
    **dict.fromkeys(("ngrams", "ngram_range"), "there are no n-grams: a `conv1d` behind the `embedding` finds them"),
    **FOREIGN_TO_HASH,
    "output_mode": 'remove it: it returns ids; `category_encoding: {num_tokens: "${vocabulary(x)}"}` counts them',
}
