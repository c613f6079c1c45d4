"""Who exists in the demonstration."""

from services.identity.bootstrap import demo


def test_the_head_of_government_stands_for_the_whole_district_and_no_department():
    (head,) = [person for person in demo.people(demo.read_townships()) if "GOVERNMENT_HEAD" in person.roles]

    assert (head.username, head.roles, head.organisation, head.division) == (
        "head1",
        ("GOVERNMENT_HEAD",),
        None,
        demo.DISTRICT,
    )
