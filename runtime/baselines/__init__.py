"""Baselines: what simple models, which need no training, score on the same rows, so that the score of a run means something."""
