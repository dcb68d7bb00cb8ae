"""Answers questions and labels news about international cooperation, in Indonesian.

>>> from kerjasama_nlp import load
>>> load().ask("apa kepanjangan ASEAN").answer is not None
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerjasama_nlp.api import train
    from kerjasama_nlp.language.tokens import Analyzer
    from kerjasama_nlp.model import Model, load

__all__ = ["Analyzer", "Model", "load", "train"]
_MODULES = {"Analyzer": "language.tokens", "Model": "model", "load": "model", "train": "api"}


def __getattr__(name: str) -> Any:
    """Import the API when it is first used: `kerjasama --help` must not pay for NumPy."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
