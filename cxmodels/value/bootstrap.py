"""How sure are the parameters? Information and bootstrap for any likelihood on counted cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cxmodels.value.counts import Floats

CellLogLikelihood = Callable[[Floats], Floats]
TotalLogLikelihood = Callable[[Floats], Floats]
STEP = 1e-3
LARGEST_MOVE = 3.0
# a Newton step of this length in log-parameters lands within about a tenth of it from the optimum
SHORT_MOVE = 0.05
CORRECTIONS = 4


def cell_derivatives(cell_values: CellLogLikelihood, logs: Floats) -> tuple[Floats, Floats]:
    """Return the score and the Hessian of every cell by central differences.

    Parameters
    ----------
    cell_values : callable
        Takes log-parameters, shape (k,), and returns log-likelihoods, shape (cells,).
    logs : ndarray of float, shape (k,)
        Where to differentiate.

    Returns
    -------
    scores : ndarray, shape (cells, k)
    hessians : ndarray, shape (cells, k, k)
    """
    k = len(logs)
    steps = np.eye(k) * STEP
    middle = cell_values(logs)
    up = [cell_values(logs + step) for step in steps]
    down = [cell_values(logs - step) for step in steps]
    scores = np.stack([(high - low) / (2 * STEP) for high, low in zip(up, down, strict=True)], axis=1)
    hessians = np.empty((len(middle), k, k))
    for i in range(k):
        hessians[:, i, i] = (up[i] - 2 * middle + down[i]) / STEP**2
        for j in range(i):
            both = cell_values(logs + steps[i] + steps[j]) + cell_values(logs - steps[i] - steps[j])
            mixed = (both - up[i] - down[i] - up[j] - down[j] + 2 * middle) / (2 * STEP**2)
            hessians[:, i, j] = hessians[:, j, i] = mixed
    return scores, hessians


def log_parameter_errors(cell_values: CellLogLikelihood, logs: Floats, weights: Floats) -> Floats:
    """Return the standard errors of log-parameters from the observed information.

    Parameters
    ----------
    cell_values, logs
        As for `cell_derivatives`.
    weights : ndarray of float, shape (cells,)
        Customers in each cell.

    Returns
    -------
    ndarray of float, shape (k,)
        Infinite in directions that the data do not determine.
    """
    hessian = np.einsum("c,cij->ij", weights, cell_derivatives(cell_values, logs)[1])
    values, vectors = np.linalg.eigh(-hessian)
    known = values > 1e-9 * max(values.max(), 1e-300)
    variances = np.where(known, 1.0 / np.where(known, values, 1.0), np.inf)
    with np.errstate(invalid="ignore"):  # 0 · inf where a parameter has no part in an unknown direction
        parts = vectors**2 * variances
    return np.sqrt(np.where(vectors**2 < 1e-12, 0.0, parts).sum(axis=1))


def bootstrap_log_parameters(
    cell_values: CellLogLikelihood,
    few_totals: TotalLogLikelihood,
    logs: Floats,
    weights: Floats,
    *,
    n: int,
    rng: np.random.Generator,
) -> Floats:
    """Refit log-parameters to bootstrap samples of the counted customers.

    Parameters
    ----------
    cell_values, logs, weights
        As for `log_parameter_errors`; `logs` is the fit to `weights`.
    few_totals : callable
        Takes log-parameters, shape (n, k), and returns the log-likelihoods of all customers joined to few
        cells, shape (n,).
    n : int
        Bootstrap samples.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n, k)

    Notes
    -----
    Each sample draws the customers of every cell anew (Poisson). Its score and Hessian at `logs` come from
    all cells, and give a Newton step. Where steps are long, the equation of the refit is solved further, with
    the way in which the score bends away from `logs` taken from few cells, which is cheap and all that they
    are for. Directions that a sample does not determine are not moved in.
    """
    samples = rng.poisson(weights, size=(n, len(weights))).astype(float)
    scores, hessians = cell_derivatives(cell_values, logs)
    k = len(logs)
    noise = (samples - weights) @ scores
    sampled = (samples @ hessians.reshape(len(weights), k * k)).reshape(n, k, k)
    inverse = np.stack([_safe_inverse(-one) for one in sampled])
    drawn = logs + _limited(np.einsum("nij,nj->ni", inverse, noise))
    if np.abs(drawn - logs).max() <= SHORT_MOVE:
        return drawn
    few_slope = _slopes(few_totals, logs[None, :])
    few_hessian = np.stack(
        [
            _slopes(few_totals, (logs + step)[None, :])[0] - _slopes(few_totals, (logs - step)[None, :])[0]
            for step in np.eye(k) * STEP
        ]
    ) / (2 * STEP)

    def unsolved(at: Floats) -> Floats:
        bend = _slopes(few_totals, at) - few_slope - (at - logs) @ few_hessian
        return bend + noise + np.einsum("nij,nj->ni", sampled, at - logs)

    return _solve(unsolved, inverse, logs=logs, start=drawn)


def _solve(unsolved: Callable[[Floats], Floats], inverse: Floats, *, logs: Floats, start: Floats) -> Floats:
    """Refine all samples at once; a step that leaves more unsolved is taken back and halved."""
    at, residual = start, unsolved(start)
    size = np.einsum("ni,nij,nj->n", residual, inverse, residual)
    pace = np.ones(len(at))
    for _ in range(CORRECTIONS):
        step = np.einsum("nij,nj->ni", inverse, residual)
        trial = logs + _limited(at + pace[:, None] * _limited(step) - logs)
        left = unsolved(trial)
        size_left = np.einsum("ni,nij,nj->n", left, inverse, left)
        better = size_left < size
        at = np.where(better[:, None], trial, at)
        residual = np.where(better[:, None], left, residual)
        size = np.where(better, size_left, size)
        pace = np.where(better, np.minimum(pace * 1.5, 1.0), pace / 3)
    return at


def _slopes(totals: TotalLogLikelihood, at: Floats) -> Floats:
    steps = np.eye(at.shape[1]) * STEP
    return np.stack([(totals(at + step) - totals(at - step)) / (2 * STEP) for step in steps], axis=1)


def _limited(move: Floats) -> Floats:
    return move * np.minimum(1.0, LARGEST_MOVE / np.maximum(np.abs(move).max(axis=1, keepdims=True), 1e-300))


def _safe_inverse(information: Floats) -> Floats:
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    known = values > 1e-7 * max(values.max(), 1e-300)
    return (vectors * np.where(known, 1.0 / np.where(known, values, 1.0), 0.0)) @ vectors.T
