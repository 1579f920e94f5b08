"""Schedules of others that are not there, and rates by steps, are answered with what to write."""

import pytest

from tests.compiler.language.test_words_of_trainers import EPOCHS, helps, trained, written


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("{CyclicLR: {base_lr: 0.1}}", "not there: `one_cycle` rises and falls once"),
        ("{SequentialLR: [LinearLR]}", "others follow one another in `phases`"),
        ("{torch.optim.lr_scheduler.LambdaLR: f}", "a spec has no function of the step"),
    ],
)
def test_a_schedule_that_is_not_there_is_told_what_is_near(schedule: str, told: str) -> None:
    [help] = helps(f"optimizer: {{adam: {{learning_rate: {schedule}}}}}", EPOCHS)
    assert told in help


def test_rates_by_the_steps_that_they_begin_at_are_a_piecewise_schedule() -> None:
    [help] = helps("optimizer: {adam: {learning_rate: {0: 0.01, 100: 0.001, 200: 0.0001}}}", EPOCHS)
    rates = trained(
        f"optimizer: {{adam: {{learning_rate: {{{written(help)[0]}}}}}}}", EPOCHS
    ).optimizer.learning_rate.function(300)
    assert [float(rates(step)) for step in (0, 99, 100, 199, 200, 299)] == pytest.approx(
        [0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001]
    )
