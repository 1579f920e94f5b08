"""What stands for the optimizers of others that are not there."""

SECOND_ORDER = (
    "not there: it needs more than one gradient a step; `adamw` and `muon` are near, `rprop` for one batch of all rows"
)
OWN_RATE = "not there: `schedule_free` needs no schedule, and `adamw` with one is the usual choice"
NEAR = "not there: `adamw`, `radam` and `lion` are near"
ABSENT = {
    **dict.fromkeys(("lbfgs", "bfgs", "shampoo", "soap", "sophia", "sophiag", "kfac", "sam"), SECOND_ORDER),
    **dict.fromkeys(("prodigy", "dadaptadam", "dadaptation", "dog", "dowg", "cocob", "mechanize"), OWN_RATE),
    **dict.fromkeys(("adan", "ademamix", "adopt", "madgrad", "ranger", "lookahead", "adabound", "apollo"), NEAR),
    "asgd": "not there: `schedule_free_sgd` averages weights, too",
}
"""By name, without case and separators."""
