"""How sure are the parameters? Information and bootstrap for any likelihood on counted cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cxmodels.value.counts import Floats

CellLogLikelihood = Callable[[Floats], Floats]
STEP = 1e-3
LARGEST_MOVE = 3.0
# a Newton step of this length in log-parameters lands within about a tenth of it from the optimum
SHORT_MOVE = 0.05
CORRECTIONS = 2


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
    cell_values: CellLogLikelihood, logs: Floats, weights: Floats, *, n: int, rng: np.random.Generator
) -> Floats:
    """Refit log-parameters to bootstrap samples of the counted customers.

    Parameters
    ----------
    cell_values, logs, weights
        As for `log_parameter_errors`; `logs` is the fit to `weights`.
    n : int
        Bootstrap samples.
    rng : numpy Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n, k)

    Notes
    -----
    Each sample draws as many customers as there are. It is refitted by a Newton step with the sample's own
    score and Hessian at `logs` and, where that step is long, by steps with the score where it landed. A step that does not raise the
    sample's likelihood is halved, and directions that a sample does not determine are not moved in.
    """
    customers = int(round(weights.sum()))
    samples = rng.multinomial(customers, weights / weights.sum(), size=n).astype(float)
    scores, hessians = cell_derivatives(cell_values, logs)
    k = len(logs)
    # a coarser cell layout than that of the fit has its optimum slightly elsewhere: centre on it
    offset = weights @ scores
    sample_scores = samples @ scores - offset
    sample_hessians = (samples @ hessians.reshape(len(weights), k * k)).reshape(n, k, k)
    drawn = np.empty((n, k))
    for i in range(n):
        inverse = _safe_inverse(-sample_hessians[i])
        drawn[i] = _climb(cell_values, logs, samples[i], inverse @ sample_scores[i], inverse, offset)
    return drawn


def _climb(
    cell_values: CellLogLikelihood,
    logs: Floats,
    sample: Floats,
    move: Floats,
    inverse: Floats,
    offset: Floats,
) -> Floats:
    if np.abs(move).max() <= SHORT_MOVE:
        return logs + move
    steps = np.eye(len(logs)) * STEP
    at = logs
    value = float(sample @ cell_values(at))
    for correction in range(CORRECTIONS + 1):
        if correction:
            score = np.array(
                [sample @ (cell_values(at + step) - cell_values(at - step)) / (2 * STEP) for step in steps]
            )
            move = inverse @ (score - offset)
        move = move * min(1.0, LARGEST_MOVE / max(np.abs(move).max(), 1e-300))
        for halving in range(6):
            trial = at + move / 2**halving
            reached = float(sample @ cell_values(trial)) - float(offset @ (trial - logs))
            if reached >= value:
                at, value = trial, reached
                break
        if np.abs(move).max() <= SHORT_MOVE:
            break
    return at


def _safe_inverse(information: Floats) -> Floats:
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    known = values > 1e-7 * max(values.max(), 1e-300)
    return (vectors * np.where(known, 1.0 / np.where(known, values, 1.0), 0.0)) @ vectors.T
