"""What nbpipe costs, measured beside its peers in one go: ``python -m benchmarks``."""
