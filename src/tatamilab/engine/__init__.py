"""The engine: a compiler in pure Python from a Keras model to machine code that trains it.

frontend   Keras model → `Graph` | `Unsupported(layer, why)`
plan       Graph + batch size + target → buffers, stages, schedules (a pure function: a plan fixes the bits)
kernels    the equations and their gradients, in index notation
emit       index notation → LLVM IR
jit        IR → machine code in memory; the object cache
program    `Program`: threads, steps, epochs, state
"""
