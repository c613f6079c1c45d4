"""What `make run` prints of the demo accounts."""

from deploy.local.screen import ROLE_NAMES
from services.identity.bootstrap import demo


def test_every_role_of_a_demo_account_has_a_name() -> None:
    roles = {role for person in demo.people([*demo.read_townships(), demo.GOVERNMENT]) for role in person.roles}

    assert roles <= set(ROLE_NAMES)
