"""What is added to a sequence: positions and a class token, against their formula."""

import numpy as np
import pytest

from tests.compiler.library.layers.running import build, filled, normal

x3 = normal(2, 3, 4)
COMPARED = {"class_token", "position_embedding", "sinusoidal_position_encoding"}


def test_positions_are_added_from_the_first() -> None:
    running = filled({"position_embedding": 5}, x3)
    assert running.params["embeddings"].shape == (5, 4)
    np.testing.assert_array_equal(running.output(x3), x3 + running.params["embeddings"][:3])
    assert build({"position_embedding": {}}, x3).params["embeddings"].shape == (3, 4)


@pytest.mark.parametrize(("shape", "base"), [((2, 6, 4), 10000.0), ((1, 3, 2, 5), 50.0), ((1, 1, 1), 7)])
def test_sinusoidal_positions_are_those_of_the_paper(shape: tuple[int, ...], base: float) -> None:
    x = normal(*shape)
    time, features = shape[-2:]
    expected = np.zeros((time, features))
    for t in range(time):
        for place in range(features):
            angle = t / base ** (2 * (place // 2) / features)
            expected[t, place] = np.sin(angle) if place % 2 == 0 else np.cos(angle)
    np.testing.assert_allclose(
        build({"sinusoidal_position_encoding": base}, x).output(x) - x, expected[None] + 0 * x, atol=1e-5
    )


def test_a_class_token_comes_first_and_counts() -> None:
    mask = np.array([[1, 1, 0], [1, 0, 0]], bool)
    running = filled({"class_token": {}}, x3, {"x": mask})
    result = running(x3, masks={"x": mask})
    np.testing.assert_array_equal(result.outputs["output"][:, 0], np.stack([running.params["token"]] * 2))
    np.testing.assert_array_equal(result.outputs["output"][:, 1:], x3)
    np.testing.assert_array_equal(result.masks["output"], [[1, 1, 1, 0], [1, 1, 0, 0]])
    assert not np.any(build({"class_token": {}}, x3).params["token"])
