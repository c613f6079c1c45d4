"""How a record is kept: its base64url undone and the words all records share left out; unpacked it is the same text.

A record of one kilobyte takes a quarter of the space it takes as JWS, so that a certificate's row stays within one page
and no part of it is stored apart. The words are a zstd dictionary (`record_words.zdict`, made by `tools.record_words`).
Records from before are kept with deflate and words of its own, or as text, and read as such.
"""

import sys
import zlib
from pathlib import Path

from services.certificate.files.jose import decode, encode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# What a kept record begins with tells its layout; no text of a record begins so.
_DEFLATED, _PACKED = b"\x01", b"\x02"
_LENGTH_BYTES = 4
_PAYLOAD = '{"payload":"'  # what a record in general form begins with
# Never changed: every record kept so far is read with it. Other words get another number.
_WORDS = zstd.ZstdDict(Path(__file__).with_name("record_words.zdict").read_bytes())
_OPTIONS: dict[int, int] = {zstd.CompressionParameter.compression_level: 3, zstd.CompressionParameter.dict_id_flag: 0}
_packer = zstd.ZstdCompressor(options=_OPTIONS, zstd_dict=_WORDS)  # what it sets up is more than a record's own work


def packed(record: str, payload: bytes | None = None) -> bytes:
    """A record in general form, signed or draft, in little space; anything else as it is written.

    `payload`: that of this record, decoded, when it is at hand.
    """
    end = record.find('"', len(_PAYLOAD))
    if payload is None:
        try:
            payload = decode(record[len(_PAYLOAD) : end]) if record.startswith(_PAYLOAD) and end > 0 else None
        except ValueError:
            payload = None
    if payload is None:
        return record.encode()
    content = payload + record[end:].encode()
    return _PACKED + len(payload).to_bytes(_LENGTH_BYTES) + _packer.compress(content, _packer.FLUSH_FRAME)


def unpacked(kept: bytes) -> str:
    """The very text that was packed.

    Raises:
        ValueError: it is none.
    """
    if not kept.startswith((_DEFLATED, _PACKED)):
        return kept.decode()
    begin = 1 + _LENGTH_BYTES
    length = int.from_bytes(kept[1:begin])
    content = _inflated(kept[begin:]) if kept.startswith(_DEFLATED) else _unpacked(kept[begin:])
    return f"{_PAYLOAD}{encode(content[:length])}{content[length:].decode()}"


def _unpacked(frame: bytes) -> bytes:
    unpacker = zstd.ZstdDecompressor(zstd_dict=_WORDS)
    try:
        content = unpacker.decompress(frame)
    except zstd.ZstdError as fault:
        raise ValueError("not a packed record") from fault
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("not a whole packed record")
    return content


# --- records from before


def _inflated(small: bytes) -> bytes:
    inflater = zlib.decompressobj(_WINDOW, zdict=_DEFLATE_WORDS)
    try:
        content = inflater.decompress(small)
    except zlib.error as fault:
        raise ValueError("not a packed record") from fault
    if not inflater.eof:
        raise ValueError("not a whole packed record")
    return content


_WINDOW = -12
_DEFLATE_WORDS = (  # never changed either
    '"certificate_holders":[{"code":"","name":"","share":"共同共有","type_code":"001"},{"template_sha256":"",'
    '"template_version":"","act":"","status":"SUPERSEDED","certificate_holder_type":"法人","holder_type_code":"001",'
    '"extend_info":{"许可内容":"","条件":"","民族":"汉","住址":"","主体业态":"","经营项目":"","住所":"","经营者":""},'
    '","signatures":[{"protected":"eyJhbGciOiJFUzI1NiIsImtpZCI6","signature":"'
    '"},{"protected":"eyJhbGciOiJTTTJTTTMiLCJraWQiOi","signature":"'
    "InR5cCI6ImNlcnRpZmljYXRlLXJlY29yZCtqd3MifQ"
    '"}]}","signatures":[]}'
    '{"certificate_area_code":"000000","certificate_holder_code":"","certificate_holder_name":"",'
    '"certificate_holder_type":"自然人","certificate_identifier":"1.2.156.3005.2.1143","certificate_name":"许可证",'
    '"certificate_number":"","certificate_type_code":"1143","certificate_type_name":"许可证",'
    '"certificate_type_version":1,"certificate_version":"001","define_authority_code":"1143",'
    '"define_authority_name":"市区县局","extend_info":{},"holder_type_code":"111","issue_date":"20",'
    '"issue_dept_code":"1143","issue_dept_name":"市区县局","related_case_no":"","related_item_code":"",'
    '"related_item_name":"","salt":"","status":"有效","validate_end":"20","validate_start":"20",'
    '"validity_range":"2020年1月1日至20年12月31日起长期有效"}'
).encode()
