"""How often a source is asked for what is missing."""

from uuid import UUID, uuid4

from services.chassis import bus, gaps

HOUR = 3600


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked_within(questions: gaps.Questions, clock: Clock, aggregate: UUID, version: int, seconds: int) -> int:
    """Several followers wait, each comes again every half minute."""
    asked = 0
    for _ in range(seconds // 30):
        asked += sum(questions.is_due(aggregate, version) for _ in range(5))
        clock.now += 30
    return asked


def test_what_never_comes_is_asked_for_ever_less_often() -> None:
    clock, aggregate = Clock(), uuid4()
    questions = gaps.Questions(clock)

    first_hour = asked_within(questions, clock, aggregate, 2, HOUR)
    later = asked_within(questions, clock, aggregate, 2, 24 * HOUR)

    assert first_hour == 5
    assert 20 <= later <= 25


def test_the_first_question_comes_again_once_the_bus_no_longer_drops_the_answer() -> None:
    clock, aggregate = Clock(), uuid4()
    questions = gaps.Questions(clock)
    assert questions.is_due(aggregate, 2)

    clock.now += 2 * bus.DUPLICATE_WINDOW_SECONDS

    assert questions.is_due(aggregate, 2)


def test_the_version_after_it_and_another_aggregate_are_asked_for_at_once() -> None:
    questions, aggregate = gaps.Questions(Clock()), uuid4()

    answers = [questions.is_due(*one) for one in ((aggregate, 2), (aggregate, 2), (aggregate, 3), (uuid4(), 2))]

    assert answers == [True, False, True, True]
