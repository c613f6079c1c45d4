"""Which cases a certificate taken away reaches, against walking every chain on random histories."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.reliance import Frontier, Reached, base_of, onward, start, step


def certificate(number: int, version: int = 1) -> str:
    return f"1.2.156.3005.2.T.I.{number}.{version:03d}.A"


def test_every_version_of_a_certificate_is_one() -> None:
    assert base_of(certificate(7, 1)) == base_of(certificate(7, 2))
    assert base_of(certificate(7)) != base_of(certificate(70))


def reached(taken: str, relied: set[tuple[UUID, str]], issued: set[tuple[UUID, str]]) -> dict[UUID, Reached]:
    """The walk of the command over rows in memory."""
    frontier, seen, found = start(taken), {base_of(taken)}, dict[UUID, Reached]()
    while frontier.ways:
        now = step(frontier, {pair for pair in relied if base_of(pair[1]) in frontier.ways}, found)
        found |= {one.case_id: one for one in now}
        ids = {one.case_id for one in now}
        frontier = onward(now, {pair for pair in issued if pair[0] in ids}, seen)
        seen |= set(frontier.ways)
    return found


def by_chains(taken: str, relied: set[tuple[UUID, str]], issued: set[tuple[UUID, str]]) -> set[UUID]:
    """The same, as the least set closed under the two relations."""
    cases: set[UUID] = set()
    while True:
        gone = {base_of(taken)} | {base_of(number) for case, number in issued if case in cases}
        more = {case for case, number in relied if base_of(number) in gone}
        if more == cases:
            return cases
        cases = more


PAIRS = st.sets(
    st.tuples(
        st.integers(0, 6).map(lambda n: UUID(int=n)), st.builds(certificate, st.integers(0, 5), st.integers(1, 2))
    )
)


@settings(max_examples=200)
@given(PAIRS, PAIRS)
def test_the_walk_finds_every_case_of_every_chain_once(
    relied: set[tuple[UUID, str]], issued: set[tuple[UUID, str]]
) -> None:
    found = reached(certificate(0), relied, issued)

    assert set(found) == by_chains(certificate(0), relied, issued)
    for case_id, one in found.items():
        assert (case_id, one.through[-1]) in relied
        assert base_of(one.through[0]) == base_of(certificate(0))


def test_a_ring_of_certificates_comes_to_an_end() -> None:
    a, b = UUID(int=1), UUID(int=2)

    found = reached(
        certificate(0), {(a, certificate(0)), (b, certificate(1))}, {(a, certificate(1)), (b, certificate(0))}
    )

    assert found[b].through == (certificate(0), certificate(1))
    assert onward([], [], ()) == Frontier({})
