"""The tree against the vectors of the RFC 6962/9162 reference, and against a second, recursive implementation."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.certificate.domain import merkle
from services.certificate.domain.merkle import Node, OutsideTree

# The reference inputs and roots of the Certificate Transparency implementation (merkle tree tests of RFC 6962).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
SIZES = st.integers(1, 300)


# --- the second implementation: the definitions of RFC 9162, 2.1, word by word


def naive_root(data: list[bytes]) -> bytes:
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = naive_split(len(data))
    return sha256(b"\x01" + naive_root(data[:k]) + naive_root(data[k:])).digest()


def naive_split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_path(m: int, data: list[bytes]) -> list[bytes]:
    if len(data) == 1:
        return []
    k = naive_split(len(data))
    if m < k:
        return [*naive_path(m, data[:k]), naive_root(data[k:])]
    return [*naive_path(m - k, data[k:]), naive_root(data[:k])]


def naive_subproof(m: int, data: list[bytes], known: bool) -> list[bytes]:
    if m == len(data):
        return [] if known else [naive_root(data)]
    k = naive_split(len(data))
    if m <= k:
        return [*naive_subproof(m, data[:k], known), naive_root(data[k:])]
    return [*naive_subproof(m - k, data[k:], False), naive_root(data[:k])]


def naive_proof_holds(m: int, n: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Fold a path by walking down first: which side each sibling stands on."""
    sides = []
    while n > 1:
        k = naive_split(n)
        sides.append("right" if m < k else "left")
        m, n = (m, k) if m < k else (m - k, n - k)
    for sibling, side in zip(path, reversed(sides), strict=True):
        pair = leaf + sibling if side == "right" else sibling + leaf
        leaf = sha256(b"\x01" + pair).digest()
    return leaf


# --- helpers


def data_of(size: int) -> list[bytes]:
    return [f"leaf {index}".encode() for index in range(size)]


def stored(data: list[bytes], batch: int = 7) -> tuple[dict[Node, bytes], list[bytes]]:
    """The nodes as a store keeps them, appended in batches; and the last frontier."""
    nodes: dict[Node, bytes] = {}
    frontier: list[bytes] = []
    for begin in range(0, len(data), batch):
        leaves = [merkle.leaf_hash(one) for one in data[begin : begin + batch]]
        frontier, completed = merkle.grow(begin, frontier, leaves)
        for index, hashes in enumerate(completed, start=begin):
            for level, value in enumerate(hashes):
                nodes[Node(level, index >> level)] = value
    return nodes, frontier


def inclusion(nodes: dict[Node, bytes], index: int, size: int) -> list[bytes]:
    return merkle.hashes_of(merkle.inclusion_path(index, size), nodes)


def consistency(nodes: dict[Node, bytes], first: int, second: int) -> list[bytes]:
    return merkle.hashes_of(merkle.consistency_path(first, second), nodes)


# --- vectors


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference(size: int) -> None:
    nodes, frontier = stored(INPUTS[:size])

    assert merkle.root_of(frontier).hex() == ROOTS[size - 1]
    assert merkle.root_at(size, nodes.__getitem__).hex() == ROOTS[size - 1]
    assert naive_root(INPUTS[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("leaf", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(leaf: int, size: int) -> None:
    nodes, _ = stored(INPUTS)

    proof = inclusion(nodes, leaf, size)

    assert [part.hex() for part in proof] == INCLUSION[leaf, size]
    root = bytes.fromhex(ROOTS[size - 1])
    assert merkle.verify_inclusion(leaf, size, merkle.leaf_hash(INPUTS[leaf]), proof, root)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(first: int, second: int) -> None:
    nodes, _ = stored(INPUTS)

    proof = consistency(nodes, first, second)

    assert [part.hex() for part in proof] == CONSISTENCY[first, second]
    old, new = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    assert merkle.verify_consistency(first, second, old, new, proof)


# --- the two implementations


@given(SIZES, st.integers(1, 40), st.data())
@settings(max_examples=60)
def test_both_implementations_build_the_same_tree_and_proofs(size: int, batch: int, data: st.DataObject) -> None:
    leaves = data_of(size)
    nodes, frontier = stored(leaves, batch)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    path = inclusion(nodes, index, size)

    assert merkle.root_of(frontier) == naive_root(leaves)
    assert path == naive_path(index, leaves)
    assert consistency(nodes, first, size) == naive_subproof(first, leaves, True)
    assert naive_proof_holds(index, size, merkle.leaf_hash(leaves[index]), path) == naive_root(leaves)


@given(SIZES, st.data())
@settings(max_examples=60)
def test_what_was_built_is_verified_at_every_earlier_size(size: int, data: st.DataObject) -> None:
    leaves = data_of(size)
    nodes, _ = stored(leaves)
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))

    root, old = naive_root(leaves), naive_root(leaves[:first])

    assert merkle.verify_inclusion(index, size, merkle.leaf_hash(leaves[index]), inclusion(nodes, index, size), root)
    assert merkle.verify_consistency(first, size, old, root, consistency(nodes, first, size))


@given(st.integers(2, 300), st.data())
@settings(max_examples=120)
def test_a_proof_with_any_bit_changed_or_a_part_more_or_less_fails(size: int, data: st.DataObject) -> None:
    leaves = data_of(size)
    nodes, _ = stored(leaves)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    leaf, root, old = merkle.leaf_hash(leaves[index]), naive_root(leaves), naive_root(leaves[:first])
    path, proof = inclusion(nodes, index, size), consistency(nodes, first, size)
    wrong = data.draw(changes(path))
    wrong_proof = data.draw(changes(proof))

    assert not merkle.verify_inclusion(index, size, leaf, wrong, root)
    assert not merkle.verify_consistency(first, size, old, root, wrong_proof)


def test_between_a_tree_and_itself_or_nothing_there_is_nothing_to_prove() -> None:
    root, part = naive_root(data_of(3)), [b"\0" * 32]

    assert merkle.verify_consistency(3, 3, root, root, [])
    assert not merkle.verify_consistency(3, 3, root, root, part)
    assert not merkle.verify_consistency(3, 3, root, naive_root(data_of(2)), [])
    assert merkle.verify_consistency(0, 3, merkle.EMPTY_ROOT, root, [])
    assert not merkle.verify_consistency(0, 3, merkle.EMPTY_ROOT, root, part)
    assert not merkle.verify_consistency(0, 3, root, root, [])


def changes(proof: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    def flipped(place: tuple[int, int]) -> list[bytes]:
        part, bit = place
        value = int.from_bytes(proof[part], "big") ^ (1 << bit)
        return [*proof[:part], value.to_bytes(32, "big"), *proof[part + 1 :]]

    bits = st.tuples(st.integers(0, len(proof) - 1), st.integers(0, 255)).map(flipped)
    more = st.integers(0, len(proof)).map(lambda place: [*proof[:place], b"\0" * 32, *proof[place:]])
    less = st.integers(0, len(proof) - 1).map(lambda place: [*proof[:place], *proof[place + 1 :]])
    return st.one_of(bits, more, less)


@given(st.integers(2, 300), st.data())
@settings(max_examples=60)
def test_no_other_place_and_no_other_history_is_proven(size: int, data: st.DataObject) -> None:
    leaves = data_of(size)
    nodes, _ = stored(leaves)
    index, changed = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 2))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    first = data.draw(st.integers(changed + 1, size - 1))
    rewritten = [*leaves[:changed], b"another", *leaves[changed + 1 :]]
    forged, _ = stored(rewritten)

    leaf = merkle.leaf_hash(leaves[index])
    old = naive_root(leaves[:first])

    assert not merkle.verify_inclusion(other, size, leaf, inclusion(nodes, index, size), naive_root(leaves))
    for proof in (consistency(nodes, first, size), consistency(forged, first, size)):
        assert not merkle.verify_consistency(first, size, old, naive_root(rewritten), proof)


def test_a_million_leaves_need_twenty_hashes_and_a_few_stored_nodes() -> None:
    size = 1_000_000

    for index in (0, 1, 523_777, size - 1):
        path = merkle.inclusion_path(index, size)
        assert len(path) <= 20
        assert len(merkle.nodes_for(path)) <= 40
    assert len(merkle.consistency_path(523_777, size)) <= 21


def test_a_node_is_stored_beside_the_leaf_that_completes_it() -> None:
    assert [Node(0, 5).completed_by, Node(1, 2).completed_by, Node(3, 0).completed_by] == [5, 5, 7]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: merkle.inclusion_path(3, 3),
        lambda: merkle.inclusion_path(-1, 3),
        lambda: merkle.consistency_path(4, 3),
        lambda: merkle.consistency_path(0, 3),
        lambda: merkle.grow(3, [b""], []),
    ],
)
def test_what_the_tree_has_not_is_refused(ask: object) -> None:
    with pytest.raises(OutsideTree):
        ask()  # type: ignore[operator]
