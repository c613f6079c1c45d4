"""Sealing: PAdES with pyHanko, the body's seal as visible appearance, certified so that nothing may change.

With a time stamp authority the level is B-LT in one revision: what is needed to check seal and time stamp later
(certificates, revocation lists) is put into the file first, so that the seal covers it. Without one it is B-B.
"""
# mypy: allow-untyped-calls

import asyncio
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle

from services.certificate.files.contents import Job
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.rendering import Rendered, render, render_seal
from services.certificate.files.seal_keys import SealKeys
from services.certificate.files.time_stamping import Stamper
from services.chassis.clock import real_now

FIELD = "Seal1"
_SIDE = 42 / 25.4 * 72  # points: the seal picture is 42 mm wide and high
_RESERVED = 8192  # hex digits for the signature container; ours takes about 3,000
_RESERVED_WITH_STAMP = 16384  # a time stamp of others with an RSA key of 4096 bits takes about 9,000
_INK = 0.74  # a stamp lets the text below shine through
_MIDDLE = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, margins=Margins.uniform(0))


def make_file(job: Job, keys: SealKeys, stamper: Stamper | None = None) -> bytes:
    """The finished file: rendered and sealed.

    Raises:
        UnprintableCharacter: a text holds a character that the font lacks.
        SealUnavailable: no key for this body can be used.
        TimeStampAway: the time stamp authority is away.
    """
    return seal(render(job), job, keys, stamper)


def seal(rendered: Rendered, job: Job, keys: SealKeys, stamper: Stamper | None = None) -> bytes:
    """The rendered file with the body's visible, certifying signature."""
    writer = IncrementalPdfFileWriter(BytesIO(rendered.pdf))
    _drop_suspects(writer)
    signer = _signer(rendered, job, keys, stamper)
    if stamper is not None:
        _add_what_a_check_needs(writer, signer, keys, stamper)
    signer.at = _signing_time(job, signer)
    sealed: BytesIO = signer.sign_pdf(writer, bytes_reserved=_RESERVED_WITH_STAMP if stamper else _RESERVED)
    return sealed.getvalue()


def _signing_time(job: Job, signer: PdfSigner) -> datetime:
    """That of the job; where it waited until the body had a new seal, the first moment of that seal.

    Raises:
        SealUnavailable: the seal's certificate has run out: everybody would find the file invalid.
    """
    certificate: Any = signer.signer.signing_cert
    begin: datetime = certificate.not_valid_before
    end: datetime = certificate.not_valid_after
    if max(real_now(), job.at) > end:
        raise SealUnavailable(f"“{job.seal.name}”的印章证书已于 {end:%Y-%m-%d} 到期，请换用新的印章证书")
    return max(job.at, begin)


def _add_what_a_check_needs(
    writer: IncrementalPdfFileWriter, signer: PdfSigner, keys: SealKeys, stamper: Stamper
) -> None:
    """The document security store: in the revision that is about to be signed."""
    certificates, lists = asyncio.run(stamper.chain())
    root, revoked = keys.chain()
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, certs=[signer.signer.signing_cert, root, *certificates], crls=[revoked, *lists]
    )


def _signer(rendered: Rendered, job: Job, keys: SealKeys, stamper: Stamper | None) -> "_TimedSigner":
    return _TimedSigner(
        PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            name=job.seal.name,
        ),
        keys.signer_for(job.seal),
        stamp_style=StaticStampStyle(
            background=_SealPicture(render_seal(job.seal)),
            background_layout=_MIDDLE,
            background_opacity=_INK,
            border_width=0,
        ),
        new_field_spec=SigFieldSpec(FIELD, on_page=rendered.seal_page, box=_box(rendered)),
        timestamper=stamper,
    )


class _TimedSigner(PdfSigner):  # type: ignore[misc,unused-ignore]
    """Signs at the time of the job instead of the machine's."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


class _SealPicture(PdfContent):  # type: ignore[misc,unused-ignore]
    """The seal's one-page PDF as content of the signature's appearance."""

    def __init__(self, picture: bytes) -> None:
        super().__init__(box=BoxConstraints(width=_SIDE, height=_SIDE))
        self._picture = picture

    def render(self) -> bytes:
        reader = PdfFileReader(BytesIO(self._picture))
        self.resources.xobject[pdf_name("/Seal")] = self._ensure_writer.import_page_as_xobject(reader)
        return b"/Seal Do"


def _box(rendered: Rendered) -> tuple[int, int, int, int]:
    """Lower left and upper right corner in points from the lower left of an A4 page."""
    height = 297 / 25.4 * 72
    x, y = rendered.seal_x, height - rendered.seal_y
    return (round(x - _SIDE / 2), round(y - _SIDE / 2), round(x + _SIDE / 2), round(y + _SIDE / 2))


def _drop_suspects(writer: IncrementalPdfFileWriter) -> None:
    """The renderer writes the default of /Suspects, which common readers report as a fault."""
    marks = writer.root.get("/MarkInfo")
    if marks is not None and "/Suspects" in marks:
        del marks["/Suspects"]
        writer.update_root()
