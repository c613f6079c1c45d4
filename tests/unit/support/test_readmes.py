"""Both READMEs show the same commands for the API; that they work is shown end to end."""

from tests.support.readme import commands


def test_both_readmes_show_the_same_commands() -> None:
    english = commands("README.md")

    assert len(english) > 1
    assert english == commands("README.zh-CN.md")
