"""Histogram to codebook: who trains, and how."""
