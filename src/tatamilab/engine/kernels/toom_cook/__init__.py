"""Convolutions of stride 1 with fewer multiplications: Toom–Cook along the columns.

m neighbouring outputs of a row of r taps are a product of polynomials, so that n = m + r − 1 multiplications
serve where m·r stood. With x cut into column tiles J of n inputs that advance by m,

    V[y,t,J,c] = Σ_e B[t,e] · x[y, m·J + e, c]                    the input at n points
    U[u,t,c,o] = Σ_v G[t,v] · w[u,v,c,o]                          the kernel at the same points
    y[i, m·J + q, o] = b[o] + Σ_t A[q,t] · Σ_{u,c} V[i+u,t,J,c] · U[u,t,c,o]

and, since the same three matrices transpose into one another, the weight gradient is

    D[i,t,J,o]  = Σ_q A[q,t] · d_y[i, m·J + q, o]
    dU[u,t,c,o] = Σ_{i,J} V[i+u,t,J,c] · D[i,t,J,o],     d_w[u,v,c,o] = Σ_t G[t,v] · dU[u,t,c,o]

A 2×2 max-pool that follows stays in registers; it keeps which of the four won, a bit a lane.

Numerics: with points 0, ±1, ±½, ±2, ∞ the largest error is about 5e-7 of the largest output for 5 taps
(directly 1.4e-7), measured in float32 against float64 on random images.

A patch of zeros gives the bias exactly where the equation is computed directly, but a rounding error of the
tile's other pixels here. That matters to one thing: behind a bias of 0 (every bias at the start) ReLU's
derivative at exactly 0 is 0, and an error of 1e-9 would turn it into 1 for half of an image's empty places.
So in training, where a filter's bias is 0, outputs of empty patches are set to it (`outputs.finish`).

A 2×2 pool of few input channels is backwards in registers too (`few_channels`); many channels go through
buffers of products (`many_channels`), where D serves both gradients:

    dV[y,t,J,c] = Σ_{u,o} D[y−u,t,J,o] · U[u,t,c,o],     d_x[y, m·J + e, c] += Σ_t B[t,e] · dV[y,t,J,c]

Where many channels share the transforms, kernels of three rows are cut into tiles of two rows as well: a third of the
multiplications of the equation are left (`nested`).

Sources: Winograd (1980), *Arithmetic Complexity of Computations*; Lavin and Gray (2016), for convolutional
layers; the weight gradient as a transposition: Bläser's bilinear rank argument, here checked numerically.
"""
