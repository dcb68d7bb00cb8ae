"""What is fuzzed holds over its seeds and over changes of them; with atheris, the fuzzer itself runs, too."""

import random
import subprocess
import sys
from importlib.util import find_spec

import pytest
from conftest import PROJECT
from damage import mutated

FUZZ = PROJECT / "tests" / "fuzz"
SEEDS = sorted((FUZZ / "seeds").glob("*/*"))
# Changes of each seed; a model takes much longer than the rest.
CHANGES = {"model": 3}
MANY_CHANGES = 60


@pytest.fixture(scope="module")
def targets():
    """Return the module of the targets, which stands beside the command that fuzzes them."""
    sys.path.insert(0, str(FUZZ))
    import targets

    yield targets
    targets.clear()
    sys.path.remove(str(FUZZ))


def test_every_target_has_seeds(targets):
    """A target without seeds would start from nothing, a folder of seeds without a target is never read."""
    assert {seed.parent.name for seed in SEEDS} == set(targets.TARGETS)
    assert sum(seed.stat().st_size for seed in SEEDS) < 100_000


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"{seed.parent.name}/{seed.name}")
def test_seeds_and_their_changes_hold(targets, seed):
    """No target fails over a seed, nor over changes of it in one place or several."""
    target, data = targets.TARGETS[seed.parent.name], seed.read_bytes()
    target(data)
    chance = random.Random(seed.name)  # noqa: S311  # the same changes every time
    for _ in range(CHANGES.get(seed.parent.name, MANY_CHANGES)):
        changed = data
        for _ in range(chance.choice([1, 1, 2, 5])):
            changed = mutated(changed, chance)
        target(changed)


@pytest.mark.skipif(find_spec("atheris") is None, reason="the extra fuzz isn't installed")
def test_the_fuzzer_runs_and_finds(tmp_path):
    """The command fuzzes a target from its seeds, says what it did, and keeps what covers more."""
    ended = subprocess.run(
        [sys.executable, FUZZ / "run.py", "clean", "--seconds", "1", "--corpus", tmp_path / "korpus"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    name, executed, *_ = ended.stdout.split()
    assert (name, int(executed) > 100) == ("clean:", True)
    assert len(list((tmp_path / "korpus" / "clean").iterdir())) > len(list((FUZZ / "seeds" / "clean").iterdir()))
