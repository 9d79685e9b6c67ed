"""From index notation to LLVM IR; the only user of `llvmlite.ir`.

A kernel computes for 16 images at once: every value is a vector over images, so that its code reads like the
equation for one image. `x[i + u, j + v, c]` with NumPy aranges among its indices is a *tile* of loads;
`acc + x[...] * w[...]` is one fused multiply-add for each element of the tile.
"""
