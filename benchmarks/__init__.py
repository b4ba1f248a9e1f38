"""Speed, memory and accuracy of cxmodels, measured beside the alternatives in one run.

Run with ``python -m benchmarks [speed|growth|signals|accuracy|recovery]``; results go to
``benchmarks/results/``.
"""
