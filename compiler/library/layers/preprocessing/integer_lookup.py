"""The layer that maps the integers of a vocabulary to ids."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Size, read_tuple
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.contracts.layer import Batch, Call, Layer, Plan, Result, State, TensorType, Unfitted, need
from modelc.compiler.library.layers.preprocessing.base import MODES, Mode, encode, encoded, tally

Integer = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Integers = Annotated[tuple[Integer, ...], BeforeValidator(read_tuple), Field(min_length=1)]


class IntegerLookup(Layer):
    """The place of each integer in a vocabulary, after the places of those that are not in it.

    Input `[...]` of integers, output int32 `[...]`, or floats in another `output_mode`, see `category_encoding`. Place
    0 is `mask_token`, if there is one; the next `num_oov_indices` places take every integer `x` outside the vocabulary,
    by `x` modulo their number; then comes the vocabulary in its order. It is an argument, or state learnt from the
    training rows before training: the most frequent unmasked integers, of two that are as frequent the larger first, as
    far as `max_tokens` has places; `tokens` has them growing and `places` where each stands, the last repeated where
    there are fewer. Follows Keras 3 `layers.IntegerLookup`, which also allows no places for others; `tf_idf` and
    `invert` are not here.
    """

    keras = "layers.IntegerLookup"
    spellings = ("lookup_table", "OrdinalEncoder", "LabelEncoder", "index_lookup")
    masking = "use"
    given = ("vocabulary",)
    example = "integer_lookup: {max_tokens: 1000}"

    max_tokens: Annotated[
        Size | None, Field(description="Maximum number of ids, if the vocabulary is computed from the training rows.")
    ] = None
    num_oov_indices: Annotated[Size, Field(description="Number of ids for integers outside the vocabulary.")] = 1
    mask_token: Annotated[
        Integer | None, Field(description="An integer that marks padding and gets the id 0, such as 0 itself.")
    ] = None
    vocabulary: Annotated[
        Integers | None, Field(description="The vocabulary, if it is known, in the order of the ids.")
    ] = None
    output_mode: Annotated[Mode, Field(description=MODES)] = "int"

    def plan(self, x: TensorType) -> Plan:
        help = "give the input `dtype: int32`; add `discretization` before it to convert floats to ids"
        need(x.is_integer, f"expected integers, got {x.dtype}", help=help, code="E303")
        known = self.vocabulary
        need(
            (self.max_tokens is None) != (known is None),
            "`max_tokens` and `vocabulary` are both given"
            if known
            else "neither `max_tokens` nor `vocabulary` is given",
            help="give `max_tokens: 1000` to compute the vocabulary from the training rows, or the known `vocabulary`",
            argument="vocabulary" if known else "",
        )
        twice = [token for token, count in Counter(known or ()).items() if count > 1]
        help = "write each integer once"
        need(not twice, f"`vocabulary` has {twice[0] if twice else 0} twice", help=help, argument="vocabulary")
        message = f"`mask_token` {self.mask_token} is in the vocabulary too"
        help = "remove it from `vocabulary`: it has the id 0"
        need(self.mask_token is None or self.mask_token not in (known or ()), message, help=help, argument="mask_token")
        message = f"`mask_token` needs `output_mode: int`, but it is `{self.output_mode}`"
        help = "omit `mask_token`; masked steps are not counted"
        need(self.mask_token is None or self.output_mode == "int", message, help=help, argument="mask_token")
        message = f"`max_tokens` is {self.max_tokens}, and the first {self.first} are not part of the vocabulary"
        help = f"give `max_tokens: {self.first + 1}` or more"
        need(self.size > self.first, message, help=help, argument="max_tokens")
        state = {}
        if known is None:
            entry = State((self.size - self.first,), Unfitted(), ("vocab",), "int32")
            state = {"tokens": entry, "places": entry}
        return Plan.of(encoded(x, self.size, self.output_mode), state=state)

    @property
    def first(self) -> int:
        """The place of the first of the vocabulary."""
        return self.num_oov_indices + (self.mask_token is not None)

    @property
    def size(self) -> int:
        """How many places there are."""
        return self.max_tokens or self.first + len(self.vocabulary or ())

    def apply(self, call: Call, x: Array) -> Array | Result:
        wide = x.astype("int32")
        learnt = call.state if self.vocabulary is None else self.lookup(self.vocabulary, len(self.vocabulary))
        tokens, places = jnp.asarray(learnt["tokens"]), jnp.asarray(learnt["places"])
        at = jnp.clip(jnp.searchsorted(tokens, wide), 0, len(tokens) - 1)
        others = wide % self.num_oov_indices + (self.mask_token is not None)
        found = jnp.where(tokens[at] == wide, places[at], others)
        if self.mask_token is not None:
            found = jnp.where(wide == self.mask_token, 0, found)
        return encode(call, jnp.where(places[0] < 0, -1, found), self.size, self.output_mode)

    def keeps_integers(self) -> bool:
        return True

    def num_output_ids(self) -> int | None:
        return self.size if self.output_mode == "int" else None

    def fit(self, batches: Iterable[Batch]) -> Mapping[str, NumpyArray]:
        values, counts = tally(batches)
        if self.mask_token is not None:
            values, counts = values[values != self.mask_token], counts[values != self.mask_token]
        order = np.lexsort((-values.astype("int64"), -counts))
        chosen = tuple(int(token) for token in values[order])
        return self.lookup(chosen[: self.size - self.first], self.size - self.first)

    def lookup(self, vocabulary: tuple[int, ...], room: int) -> Mapping[str, NumpyArray]:
        """The tables of `vocabulary` for a search: `tokens` growing, and the `places` of each, `[room]` both.

        An empty vocabulary is as one of -1 that stands where -1 would without it.
        """
        empty = not vocabulary
        words = np.array(vocabulary or (-1,), "int32")
        order = np.argsort(words)
        order = np.concatenate([order, np.repeat(order[-1:], room - len(words))])
        outside = -1 % self.num_oov_indices + (self.mask_token is not None)
        places = np.full(room, outside, "int32") if empty else (order + self.first).astype("int32")
        return {"tokens": words[order], "places": places}
