#!/usr/bin/env python3
"""Make the demonstration checkpoints beside this file: tiny models, trained in minutes on sentences, pictures and sounds that scripts
write. They are for trying commands, and know nothing of the world beyond their templates.

Needs torch, transformers, tokenizers and pillow. The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU:

    python examples/models/make.py [sentiment] [words] [reader] [names] [writer] [shapes] [beeps]

Each prints its share of right answers on examples that training did not see.
"""
import sys

import torch

import encoders
import senses
import writer

MODELS = dict(sentiment=encoders.sentiment, words=encoders.words, reader=encoders.reader, names=encoders.names, writer=writer.writer,
              shapes=senses.shapes, beeps=senses.beeps)


def main():
    torch.set_num_threads(1)  # sums in one order
    for name in sys.argv[1:] or MODELS:
        print(name, flush=True)
        torch.manual_seed(1)
        right, count = MODELS[name]()
        print(f"{name}: {right} of {count} held out examples are right ({right / count:.1%})", flush=True)


if __name__ == "__main__":
    main()
