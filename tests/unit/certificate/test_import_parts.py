"""An import file is worked on in parts: every line is in exactly one, whole, wherever the cuts fall."""

from io import BytesIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.certificate.commands.import_file import parts_of

LINES = st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b" ")), max_size=20)


@given(LINES, st.booleans(), st.integers(1, 40))
def test_every_line_is_in_one_part(tmp_path_factory, lines: list[bytes], ended: bool, size: int):
    file: Path = tmp_path_factory.mktemp("parts") / "file"
    file.write_bytes(b"\n".join(lines) + (b"\n" if ended else b""))

    read = [line for part in parts_of(file, size) for line in part.lines()]

    assert read == BytesIO(file.read_bytes()).readlines()
