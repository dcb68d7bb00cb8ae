"""Reading Parquet files through pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.charsets import MARK
from kerjasama_nlp.inputs.columns import distinct
from kerjasama_nlp.inputs.compression import unreadable

MAGIC = b"PAR1"
# Rows that are decoded at once.
_BATCH = 512
# What pyarrow raises over bytes that aren't UTF-8, times beyond Python's, unknown time zones.
_UNFIT = (ValueError, OverflowError, LookupError)


class ParquetFile:
    """The rows of a Parquet file as objects; raises InputError where it can't be read, or pyarrow isn't there."""

    def __init__(self, path: str) -> None:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise InputError(
                _(
                    "{path}: reading Parquet needs a package; install it with: pip install 'kerjasama-nlp[parquet]'"
                ).format(path=path)
            ) from None
        self._name = path
        self._errors = (OSError, ArrowException)
        try:
            self._file = parquet.ParquetFile(path)
        except self._errors as error:
            raise unreadable(path, error) from None
        self.columns = distinct(self._file.schema_arrow.names)
        self._taken = 0

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield each row below the names of its columns."""
        try:
            for batch in self._file.iter_batches(_BATCH):
                cells = [_values(column) for column in batch.columns]
                for row in zip(*cells, strict=True):
                    self._taken += 1
                    yield dict(zip(self.columns, row, strict=True))
        except self._errors as error:
            raise unreadable(self._name, error) from None

    def progress(self) -> float:
        """Return the share of the rows that was read."""
        rows = self._file.metadata.num_rows
        return self._taken / rows if rows else 1.0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _values(column: Any) -> list[Any]:
    """Return the values of a column as Python's own; `_value` one by one where that fails for one of them."""
    try:
        values: list[Any] = _without_nanoseconds(column).to_pylist()
    except _UNFIT:
        values = [_value(scalar) for scalar in column]
    return values


def _without_nanoseconds(values: Any) -> Any:
    """Return times counted in nanoseconds in microseconds, which Python counts in; ValueError where that loses some.

    Left alone, pyarrow gives pandas's type for them where pandas happens to be installed.
    """
    import pyarrow as pa

    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        return values.cast(pa.timestamp("us", values.type.tz))
    if pa.types.is_duration(values.type) and values.type.unit == "ns":
        return values.cast(pa.duration("us"))
    return values


def _value(scalar: Any) -> Any:
    """Return a value as Python's own; broken bytes in it are marked, a time that Python doesn't know is a text."""
    import pyarrow as pa

    try:
        return _without_nanoseconds(scalar).as_py()
    except _UNFIT:
        if hasattr(scalar, "as_buffer"):
            return scalar.as_buffer().to_pybytes().decode("utf-8", MARK)
        if isinstance(scalar, pa.ListScalar):
            return [_value(entry) for entry in scalar]
        if isinstance(scalar, pa.StructScalar):
            return {name: _value(entry) for name, entry in scalar.items()}
        if isinstance(scalar, pa.DictionaryScalar):
            return _value(scalar.value)
        return scalar.cast(pa.string()).as_py()
