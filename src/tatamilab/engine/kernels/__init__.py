"""The equations, each with its gradient, in index notation: one module an operation.

A kernel is written for one image; the notation computes 16 at once. It gets `k`, the function being emitted,
and a `Context`, which gives it the views of values, gradients and weights by name.
"""
