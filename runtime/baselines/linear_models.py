"""Ridge and logistic regression, with the objectives of scikit-learn's `Ridge(alpha=1)` and `LogisticRegression(C=1)`: a squared
penalty on the weights, none on the intercepts; solved to convergence.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve
from scipy.optimize import minimize
from scipy.special import expit

from modelc.runtime.data.arrays import Array

MOST_ITERATIONS = 1000
CONVERGED = 1e-7
"""The largest entry of the gradient, of the mean over all rows, where a logistic regression is solved."""

PRODUCTS = 100_000
"""How many products a library computes in one thread: of larger ones, it makes so many threads that on a busy machine they
wait for each other, ten times as long.
"""


class Linear(NamedTuple):
    """A linear function of features: `weights` `[features, values]`, `intercept` `[values]`."""

    weights: Array
    intercept: Array

    def of(self, table: Array) -> Array:
        """Its values, `[rows, values]`."""
        values: Array = table @ self.weights + self.intercept
        return values


def ridge(table: Array, target: Array, weight: Array) -> Linear:
    """Minimizes `sum(weight * (target - values)**2) + sum(weights**2)`; `target` is `[rows, values]`."""
    mean, offset = np.average(table, axis=0, weights=weight), np.average(target, axis=0, weights=weight)
    root = np.sqrt(weight)[:, None]
    centered, wanted = (table - mean) * root, (target - offset) * root
    rows, features = centered.shape
    if features <= rows:
        found = solve(centered.T @ centered + np.eye(features), centered.T @ wanted, assume_a="pos")
    else:
        found = centered.T @ solve(centered @ centered.T + np.eye(rows), wanted, assume_a="pos")
    return Linear(found, offset - mean @ found)


def logistic(table: Array, labels: Array, weight: Array) -> Linear:
    """The log-odds of the label 1 against 0: minimizes `sum(weight * loss) + sum(weights**2) / 2`."""
    features, total = table.shape[1], weight.sum()
    signs = 2.0 * labels - 1

    def objective(x: Array) -> tuple[float, Array]:
        margin = signs * (np.einsum("ij,j->i", table, x[:features]) + x[features])
        loss = (weight * np.logaddexp(0, -margin)).sum() + x[:features] @ x[:features] / 2
        slope = -weight * signs * expit(-margin)
        gradient = np.append(np.einsum("ij,i->j", table, slope) + x[:features], slope.sum())
        return loss / total, gradient / total

    x = minimum(objective, features + 1)
    return Linear(x[:features, None], x[features:])


def multinomial(table: Array, labels: Array, weight: Array, classes: int) -> Linear:
    """The logits of so many classes: minimizes `sum(weight * loss) + sum(weights**2) / 2`."""
    rows, features = table.shape
    total = weight.sum()
    every, wanted = np.arange(rows), np.zeros((rows, classes))
    wanted[every, labels] = 1

    def objective(x: Array) -> tuple[float, Array]:
        matrix = x.reshape(features + 1, classes)
        logits = product(table, matrix[:features]) + matrix[features]
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        sums = chances.sum(axis=1, keepdims=True)
        loss = (weight * (np.log(sums[:, 0]) - logits[every, labels])).sum() + (matrix[:features] ** 2).sum() / 2
        slope = weight[:, None] * (chances / sums - wanted)
        gradient = np.concatenate([product_over_rows(table, slope) + matrix[:features], slope.sum(axis=0)[None]])
        return loss / total, gradient.ravel() / total

    matrix = minimum(objective, (features + 1) * classes).reshape(features + 1, classes)
    return Linear(matrix[:features], matrix[features])


def product(table: Array, matrix: Array) -> Array:
    """`table @ matrix`, in parts; see `PRODUCTS`."""
    size = max(PRODUCTS // matrix.size, 1)
    return np.concatenate([table[first : first + size] @ matrix for first in range(0, len(table), size)])


def product_over_rows(table: Array, slope: Array) -> Array:
    """`table.T @ slope`, in parts; see `PRODUCTS`."""
    found = np.zeros((table.shape[1], slope.shape[1]))
    size = max(PRODUCTS // found.size, 1)
    for first in range(0, len(table), size):
        found += table[first : first + size].T @ slope[first : first + size]
    return found


def minimum(objective: object, size: int) -> Array:
    """Where a convex function of so many numbers, which returns its value and gradient, is smallest."""
    options = {"maxiter": MOST_ITERATIONS, "maxfun": 2 * MOST_ITERATIONS, "maxcor": 20, "ftol": 0.0, "gtol": CONVERGED}
    found: Array = minimize(objective, np.zeros(size), jac=True, method="L-BFGS-B", options=options).x
    return found
