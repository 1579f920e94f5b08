"""The augmentation that hides tokens of a text, for models that say what is hidden."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from modelc.compiler.library.base.fields import Count, Field, Number, read_numbers
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.prng import derive, of_rows, root_key
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.base.type_checks import need
from modelc.compiler.library.contracts.augmentation import Augmentation, Augmented
from modelc.compiler.library.contracts.reader import LEFT_OUT

SPREAD = 2654435761
"""A number whose powers, as integers of 32 bits, spread ids over all of these (Knuth, TAOCP 6.4)."""


class MaskTokens(Augmentation):
    """Some tokens of an input are hidden, and of a target with the same ids only these count: masked language models.

    Of the ids of each row, each is chosen with the probability `rate`, but for those in `never`. Of the chosen ones the share
    `kept` stays, `replaced` become other ids, drawn evenly of all but those in `never` and `mask`, and all others become `mask`:
    BERT's 80, 10 and 10 percent (Devlin et al., 2019). In the target, a copy of the input by `same_as`, all that is not chosen is
    left out of losses and metrics. Each step of training draws anew. In scores of validation and test rows tokens are hidden too, in
    each text always the same ones, whatever the seed of the run; predictions are of inputs as they are.
    """

    primary = "mask"
    leaves_out = True
    spellings = ("mlm", "random_mask", "token_masking", "masked_language_model", "masked_lm", "MaskedLMMaskGenerator")
    foreign_arguments: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("mlm_probability", "mask_selection_rate", "probability", "p"), "write `rate: {value}`"),
        **dict.fromkeys(("mask_token_id", "mask_id", "mask_token"), "write `mask: {value}`"),
        **dict.fromkeys(("unselectable_token_ids", "special_tokens"), "write `never: {value}`"),
        "mask_token_rate": "write what does not become `mask`: `kept: 0.1, replaced: 0.1`",
        "random_token_rate": "write `replaced: {value}`",
    }
    example = "mask_tokens: {mask: 1, rate: 0.15}"

    mask: Annotated[Count, Field(description="The id that hides a token, such as 1, the unknown token of `text`.")]
    rate: Annotated[Number, Field(gt=0, le=1, description="The probability that a token is chosen.")] = 0.15
    kept: Annotated[Number, Field(ge=0, le=1, description="The share of chosen tokens that stay as they are.")] = 0.1
    replaced: Annotated[
        Number, Field(ge=0, le=1, description="The share of chosen tokens that become other tokens.")
    ] = 0.1
    never: Annotated[
        tuple[Count, ...],
        BeforeValidator(read_numbers),
        Field(description="The ids that are never chosen and never drawn: padding, and what stands around a text."),
    ] = (0,)

    def check_parts(self, parts: Sequence[Augmented]) -> None:
        inputs, targets = ([part for part in parts if part.is_target == is_target] for is_target in (False, True))
        message = f"{len(inputs)} inputs and {len(targets)} targets are named, and it takes one of each"
        help = "name the tokens and the target that is a copy of them: `of: [text, words]`, `words: {same_as: text}`"
        need(len(inputs) == len(targets) == 1, message, help=help, code="E309")
        (given,), (target,) = inputs, targets
        for part in parts:
            message = f"`{part.name}` has {part.type.dtype} {show_shape(part.type.shape)}, and no ids of a text"
            signed = part.labels and part.type.dtype in ("int8", "int16", "int32", "int64")
            need(signed and part.type.rank > 0, message, help=help, code="E309")
        message = f"`{given.name}` has {show_shape(given.type.shape)}, and the target {show_shape(target.type.shape)}"
        need(given.type.shape == target.type.shape, message, help=help, code="E309")
        message = f"the number of ids of `{given.name}` is not known"
        need(given.classes is not None, message, help="say it: `vocabulary: 20000`", code="E309")
        classes = given.classes or 0
        beyond = next((id_ for id_ in (self.mask, *self.never) if id_ >= classes), None)
        message = f"`{given.name}` has {classes:,} ids, and {beyond} is none of them"
        need(beyond is None, message, help="ids count from 0", code="E309")
        message = f"`kept` and `replaced` are {self.kept + self.replaced:g} of the chosen tokens"
        need(self.kept + self.replaced <= 1, message, help="give at most 1 together", code="E309")
        help = "give `replaced: 0`, or fewer ids in `never`"
        need(not self.replaced or bool(self.others(classes)), "no id is left to be drawn", help=help, code="E309")

    def others(self, classes: int) -> list[int]:
        """The ids that replace tokens."""
        return [id_ for id_ in range(classes) if id_ not in (self.mask, *self.never)]

    def augment(self, key: Array, parts: Sequence[Augmented], arrays: Sequence[Array], valid: Array) -> list[Array]:
        return self.hidden(of_rows(derive(key, "masks"), len(valid)), parts, arrays)

    def evaluate(self, parts: Sequence[Augmented], arrays: Sequence[Array]) -> list[Array]:
        return self.hidden(keys_of_texts(arrays[targets_at(parts)]), parts, arrays)

    def hidden(self, keys: Array, parts: Sequence[Augmented], arrays: Sequence[Array]) -> list[Array]:
        """The arrays with tokens hidden by what is drawn of the `keys` of the rows."""
        at = targets_at(parts)
        target, ids = arrays[at], arrays[1 - at]
        classes = parts[1 - at].classes or 0
        count = max(ids[0].size, 1)
        drawn = jax.vmap(lambda key: jax.random.uniform(key, (2 * count,)))(keys)
        chosen, fate = (part.reshape(ids.shape) for part in jnp.split(drawn, 2, axis=1))
        free = jnp.all(ids[..., None] != jnp.asarray(self.never, ids.dtype), axis=-1)
        is_chosen = (chosen < self.rate) & free
        found = jnp.where(fate < self.kept, ids, jnp.asarray(self.mask, ids.dtype))
        if self.replaced:
            others = jnp.asarray(self.others(classes), ids.dtype)
            of_others = jax.vmap(lambda key: jax.random.randint(derive(key, "other"), (count,), 0, len(others)))(keys)
            is_replaced = (fate >= self.kept) & (fate < self.kept + self.replaced)
            found = jnp.where(is_replaced, others[of_others.reshape(ids.shape)], found)
        result = [jnp.where(is_chosen, found, ids)] * 2
        result[at] = jnp.where(is_chosen, target, jnp.asarray(LEFT_OUT, target.dtype))
        return result


def targets_at(parts: Sequence[Augmented]) -> int:
    """Which of two parts is the target."""
    return int(parts[1].is_target)


def keys_of_texts(ids: Array) -> Array:
    """A key for each row `[batch, ...]`, which follows from its ids alone."""
    flat = ids.reshape(len(ids), -1).astype(jnp.uint32)
    places = jnp.arange(1, flat.shape[1] + 1, dtype=jnp.uint32)
    mixed = (flat + 1) * (places * jnp.uint32(SPREAD) | 1)
    words = jnp.sum((mixed ^ (mixed >> 15)) * jnp.uint32(SPREAD), axis=1, dtype=jnp.uint32)
    keys: Array = jax.vmap(jax.random.fold_in, (None, 0))(derive(root_key(0), "masks"), words)
    return keys
