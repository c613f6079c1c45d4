"""Makes the words that records are packed with: a zstd dictionary trained on synthetic records of all types.

python -m tools.record_words CATALOGUE FILE

Made once for each layout of packed records (`services/certificate/files/record_packing.py`): what was packed with a
dictionary is only read with it, so a new one gets a new file and a new number. What differs from record to record
(names, numbers, keys, salts, signatures) is random in the samples, so that none of it becomes a word.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from services.certificate.domain.certificate import Body, Certificate, CertificateType, Holder, RelatedCase, record
from services.certificate.domain.transparency import Act
from services.certificate.files.jose import ALGORITHMS, canonical, encode
from services.certificate.files.records import ACT_TYPE, RECORD_TYPE

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SIZE = 4096
_EACH = 300  # samples of each type
_LETTERS = [chr(code) for code in range(0x4E00, 0x9FA5)]
_PLACES = "区县市镇乡路街道号栋室村组"
_SERIAL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path, help="catalogue.yaml")
    parser.add_argument("file", type=Path, help="where the dictionary goes")
    arguments = parser.parse_args()
    samples = list(Samples(yaml.safe_load(arguments.catalogue.read_text("utf-8"))).all())
    arguments.file.write_bytes(zstd.train_dict(samples, SIZE).dict_content)


class Samples:
    """Packed as they will be: payload, then what follows it in the general form."""

    def __init__(self, catalogue: Mapping[str, Any]) -> None:
        bodies = {one["id"]: one for one in catalogue["departments"]}
        self._types = [
            CertificateType(
                one["type_code"], one["name"], _body(bodies[one["definer"]]), one["holder"], one["validity"]
            )
            for one in catalogue["cert_types"]
        ]
        self._items = [item["name"] for item in catalogue["matters"]]
        self._random = random.Random(2026)

    def all(self) -> Iterator[bytes]:
        made = [kind for kind in self._types for _ in range(_EACH)]
        self._random.shuffle(made)
        for place, kind in enumerate(made):
            said = record(self._certificate(kind, imported=place % 4 != 0))
            yield canonical(said) + (b'","signatures":[]}' if place % 2 else self._signatures(RECORD_TYPE))
            if place % 8 == 0:
                yield canonical(self._act(said)) + self._signatures(ACT_TYPE)

    def _certificate(self, kind: CertificateType, *, imported: bool) -> Certificate:
        begin = date(2000, 1, 1) + timedelta(days=self._random.randrange(9000))
        last = begin + timedelta(days=self._random.randrange(365, 7300))
        serial = f"{self._of(_SERIAL, 20)}.001.{self._of(_SERIAL, 1)}"
        several = kind.several_holders and self._random.random() < 0.05
        return Certificate(
            id=UUID(int=0),
            source_key="",
            identifier=f"1.2.156.3005.2.{kind.code}.{kind.definer.uscc}.{serial}",
            type=kind,
            number=self._of("0123456789", self._random.choice((12, 14, 18))),
            number_shown="",
            holder=self._holder(kind),
            co_holders=(self._holder(kind),) if several else (),
            issuer=kind.definer,
            issued_at=datetime(2026, 1, 1, tzinfo=UTC),
            issued_on=begin,
            valid_from=begin,
            valid_until=last if self._random.random() < 0.7 else None,
            case=None if imported else self._case(kind),
            extend=self._extend(),
            salt=encode(self._random.randbytes(16)) if imported else "",
        )

    def _holder(self, kind: CertificateType) -> Holder:
        party_type = self._random.choice(kind.holder_kinds or ("PERSON",))
        name = self._of(_LETTERS, 3 if party_type == "PERSON" else 12)
        return Holder(party_type, name, self._of("0123456789", 18), "", "")

    def _case(self, kind: CertificateType) -> RelatedCase:
        code = f"{kind.definer.uscc}{self._of('0123456789', 13)}"
        case_no = f"{code}2026{self._of('0123456789', 8)}"
        return RelatedCase(UUID(int=self._random.getrandbits(128)), case_no, code, self._random.choice(self._items))

    def _extend(self) -> dict[str, str]:
        lines = {
            "许可内容": self._of(_LETTERS, 10),
            "条件": self._of(_LETTERS, 12),
            "住址": self._of(_LETTERS, 6) + self._of(_PLACES, 3) + self._of("0123456789", 3),
            "住所": self._of(_LETTERS, 6) + self._of(_PLACES, 3) + self._of("0123456789", 3),
            "经营者": self._of(_LETTERS, 3),
            "民族": "汉",
            "主体业态": self._of(_LETTERS, 6),
            "经营项目": self._of(_LETTERS, 8),
        }
        return {name: lines[name] for name in self._random.sample(sorted(lines), self._random.randrange(4))}

    def _act(self, said: Mapping[str, Any]) -> dict[str, str]:
        act = self._random.choice(list(Act)).value
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._random.randrange(10**8))
        return {"certificate_identifier": said["certificate_identifier"], "act": act, "at": at.isoformat()}

    def _signatures(self, typ: str) -> bytes:
        signatures = [
            {
                "protected": encode(canonical({"alg": alg, "kid": encode(self._random.randbytes(32)), "typ": typ})),
                "signature": encode(self._random.randbytes(64)),
            }
            for alg in ALGORITHMS
        ]
        return b'","signatures":' + canonical(signatures) + b"}"

    def _of(self, letters: Any, many: int) -> str:
        return "".join(self._random.choices(letters, k=many))


def _body(department: Mapping[str, Any]) -> Body:
    return Body(department["uscc"], department["name"], department["area_code"])


if __name__ == "__main__":
    main()
