"""Who exists in the demonstration."""

from services.identity.bootstrap import demo
from services.kernel.codes import check_uscc


def test_the_head_of_government_signs_for_the_government_of_the_whole_district():
    bodies = [*demo.read_townships(), demo.GOVERNMENT]
    everybody = demo.people(bodies)
    (head,) = [person for person in everybody if "GOVERNMENT_HEAD" in person.roles]

    assert (head.username, head.roles, head.organisation, head.division) == (
        "head1",
        ("GOVERNMENT_HEAD",),
        demo.GOVERNMENT,
        demo.DISTRICT,
    )
    assert check_uscc(demo.GOVERNMENT.uscc) is None
    assert [person.username for person in everybody if person.organisation == demo.GOVERNMENT] == ["head1"]
