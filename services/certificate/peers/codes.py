"""The code of a certificate that another region issued: its proof must lead to a head that this region signed."""

from collections.abc import Sequence
from typing import Any

from services.certificate.domain.errors import PeerUntrusted
from services.certificate.domain.peering import Peer
from services.certificate.domain.qr_proof import Inclusion, NotAProof, unpack
from services.certificate.domain.transparency import COPY_ACTS
from services.certificate.domain.verification import Binding
from services.certificate.peers.believing import SeenHead, signed_head
from services.certificate.peers.wire import MOST_HEADS


def binding_of(row: Any, peer: Peer, proof: str) -> Binding:
    """Whose the proof is, by the record that was adopted and the heads told with it; ABSENT: those cannot tell.

    Every part of the proof counts: what it says of the certificate must be what was adopted, and the rest must lead
    from there to the root that the region signed for that size.
    """
    try:
        carried = unpack(row.identifier, proof)
    except NotAProof:
        return Binding.FALSE
    if carried.leaf.act not in COPY_ACTS and not _is_of(row, carried):
        return Binding.FALSE
    try:
        last, *told = (signed_head(one, peer) for one in (row.proof["head"], *row.proof.get("code_heads", ())))
    except PeerUntrusted:
        return Binding.FALSE
    heads = {head.size: head.root for head in (last, *told)}
    if carried.size in heads:
        return Binding.OWN if carried.root() == heads[carried.size] else Binding.FALSE
    untold = carried.leaf.act in COPY_ACTS and _is_untold(carried.size, last, told)
    return Binding.ABSENT if untold or not told else Binding.FALSE


def _is_untold(size: int, last: SeenHead, told: Sequence[SeenHead]) -> bool:
    """Whether a copy may have been made under this head although the answer does not tell it: after the answer, or
    before all copies that it had room for (it tells the certificate's own head and those of the newest copies).
    """
    if size > last.size:
        return True
    return len(told) >= MOST_HEADS and size < sorted(head.size for head in told)[1]


def is_of_copy(proof: str) -> bool:
    """Of a proof that was found good: whether it is that of a copy, which has a purpose and a last day of its own."""
    return unpack("", proof).leaf.act in COPY_ACTS


def _is_of(row: Any, carried: Inclusion) -> bool:
    said = (carried.leaf.act.value, carried.leaf.record, carried.index)
    return said == (row.proof["act"], row.record_sha256, row.proof["index"])
