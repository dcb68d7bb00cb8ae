"""Answers questions and labels news about international cooperation, in Indonesian.

>>> from kerjasama_nlp import load
>>> load().ask("apa kepanjangan ASEAN").answer is not None
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerjasama_nlp.model import Model, load

__all__ = ["Model", "load"]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used: `kerjasama --help` must not pay for NumPy."""
    if name in __all__:
        from kerjasama_nlp import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
