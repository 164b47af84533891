"""What the tests of the policies share: one simulator, one judge, one renderer, and the counts of all."""

from collections import Counter

import pytest
from policy_tools import Judge, Renderer, Simulator


@pytest.fixture(scope="session")
def totals(request):
    """Counts over all tests of the policies, shown at the end whether or not output is captured."""
    totals = Counter()
    yield totals
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(
            f"\npolicies: {totals['simulated']} requests simulated for {totals['cases']} cases, "
            f"{totals['disagreements']} disagreed outside the named exceptions ({totals['exceptions']} cases)"
        )


@pytest.fixture(scope="session")
def simulator(totals):
    simulator = Simulator()
    yield simulator
    simulator.lines.close()
    totals["simulated"] = simulator.simulated


@pytest.fixture(scope="session")
def judge():
    judge = Judge()
    yield judge
    judge.lines.close()


@pytest.fixture(scope="session")
def renderer():
    renderer = Renderer()
    yield renderer
    renderer.lines.close()
