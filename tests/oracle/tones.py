"""The made-up sound of tests/support/tones.c, as int16."""
import numpy as np


def tones(seed, count):
    state, phase, step, loud, out = seed, 0, 0, 0, np.empty(count, np.int16)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        if i % 1600 == 0:
            step = (268435 * (80 + (state >> 24) * 5)) & 0xFFFFFFFF
            loud = (state >> 16) & 127
            if loud < 32:
                loud = 0
        phase = (phase + step) & 0xFFFFFFFF
        step = (step + 97) & 0xFFFFFFFF
        tone, noise = ((phase >> 16) - 32768) * loud, (state >> 20) - 2048
        out[i] = int(tone / 256) + int(noise / 16)  # toward zero, as in C
    return out
