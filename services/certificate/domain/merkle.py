"""The Merkle tree of RFC 9162 (SHA-256): growth, root, inclusion and consistency proofs and their verification.

The tree is kept as perfect subtrees. `Node(level, index)` is the root of the perfect subtree over the leaves
`index * 2**level` up to `(index + 1) * 2**level`. A leaf completes its own node and one node for each level it closes;
`grow` gives them together, so that a store may keep them beside the leaf: no node is ever changed afterwards, and
every proof needs O(log n) of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]  # leaves from (included) to (excluded)


class OutsideTree(ValueError):
    """A leaf or a size that the tree does not have."""


@dataclass(frozen=True, order=True)
class Node:
    """A perfect subtree: level 0 is a leaf."""

    level: int
    index: int

    @property
    def completed_by(self) -> int:
        """The leaf that completes it, and beside which it is stored (at place `level`)."""
        return ((self.index + 1) << self.level) - 1


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grow(size: int, frontier: Sequence[bytes], leaves: Iterable[bytes]) -> tuple[list[bytes], list[tuple[bytes, ...]]]:
    """Append leaf hashes: the new frontier, and for each leaf the hashes of the nodes it completes, level 0 first.

    The frontier is the roots of the perfect subtrees of a tree of `size` leaves, the largest first: one for each
    bit that is 1 in `size`. Appending costs two hashes a leaf on average.
    """
    if len(frontier) != size.bit_count():
        raise OutsideTree(f"a frontier of {len(frontier)} does not belong to a tree of {size}")
    grown, completed = list(frontier), []
    for leaf in leaves:
        nodes = [leaf]
        while size >> (len(nodes) - 1) & 1:
            nodes.append(node_hash(grown.pop(), nodes[-1]))
        grown.append(nodes[-1])
        completed.append(tuple(nodes))
        size += 1
    return grown, completed


def root_of(frontier: Sequence[bytes]) -> bytes:
    """The tree's root from its perfect subtrees, the largest first."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def perfect_nodes(leaves: Range) -> list[Node]:
    """The perfect subtrees of a range that begins at a multiple of its size rounded up to a power of two."""
    begin, end = leaves
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def inclusion_path(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the inclusion proof of a leaf, from the leaf upwards (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise OutsideTree(f"a tree of {size} has no leaf {index}")
    begin, end, path = 0, size, list[Range]()
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return path[::-1]


def consistency_path(first: int, second: int) -> list[Range]:
    """The subtrees whose roots prove that the tree of `second` leaves continues that of `first` (2.1.4.1)."""
    if not 0 < first <= second:
        raise OutsideTree(f"no consistency proof from {first} to {second}")
    begin, end, path = 0, second, list[Range]()
    while first < end:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    if begin > 0:  # otherwise the old tree is itself a subtree of the new one, and whoever verifies knows its root
        path.append((begin, end))
    return path[::-1]


def nodes_for(path: Iterable[Range]) -> list[Node]:
    """All stored nodes that a path needs."""
    return [node for leaves in path for node in perfect_nodes(leaves)]


def hashes_of(path: Iterable[Range], stored: Mapping[Node, bytes]) -> list[bytes]:
    """The proof: the root of each range, from stored nodes.

    Raises:
        KeyError: a node is not stored.
    """
    return [root_of([stored[node] for node in perfect_nodes(leaves)]) for leaves in path]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when the proof has not the right length (2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    return root_from_inclusion(index, size, leaf, proof) == root


def verify_consistency(first: int, second: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `second` leaves holds that of `first` unchanged as its beginning (2.1.4.2)."""
    if first == second:
        return not proof and old_root == new_root
    if first == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < first < second:
        return False
    given = [old_root, *proof] if first & (first - 1) == 0 else list(proof)
    return _both_roots(first, second, given) == (old_root, new_root)


def _both_roots(first: int, second: int, given: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Old and new root as the proof builds them."""
    if not given:
        return None
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = given[0]
    for sibling in given[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def root_at(size: int, read: Callable[[Node], bytes]) -> bytes:
    """The root of the tree when it had `size` leaves."""
    return root_of([read(node) for node in perfect_nodes((0, size))])


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)
