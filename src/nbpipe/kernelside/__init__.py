"""What runs inside the user's kernel: it needs Python 3.9 and nothing else."""

from .secret import secret
from .session import begin, gather, load, load_item, log_metric, save, settle

__all__ = ["begin", "gather", "load", "load_item", "log_metric", "save", "secret", "settle"]
