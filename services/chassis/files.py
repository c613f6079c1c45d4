"""Files in a folder or an S3 bucket (obstore), sealed at rest. Object names never carry meaning."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore, from_url

from services.chassis.sealing import Sealer
from services.kernel.errors import DomainError, Kind

if TYPE_CHECKING:  # these exist for type checkers only
    from obstore.store import ClientConfig, RetryConfig

_CONTEXT = "file"
_LISTED = 200
# Somebody at a counter waits: tries again for a few seconds, then says that the store is away.
_ANSWER: "ClientConfig" = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=30)}
_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


class FilesAway(DomainError):
    """The object store cannot be reached or is full: nothing was stored, the caller may try again."""

    code = "platform.files-away"
    kind = Kind.UNAVAILABLE
    title_zh = "文件存储暂时不可用, 请稍后重试"
    title_en = "File storage is unavailable, try again later"


class FileMissing(DomainError):
    code = "platform.file-missing"
    kind = Kind.NOT_FOUND
    title_zh = "文件不存在"
    title_en = "No such file"


class Files:
    """Put, get and delete whole files; what is put is durable when `put` returns."""

    def __init__(self, store: ObjectStore, sealer: Sealer, folder: Path | None = None) -> None:
        self._store = store
        self._sealer = sealer
        self._folder = folder

    @classmethod
    def open(cls, url: str, sealer: Sealer) -> Self:
        """`file:relative/folder`, `file:///absolute/folder` (made when missing) or `s3://bucket/prefix`.

        Where the bucket is and who may use it stands in the variables every S3 tool reads: AWS_ENDPOINT_URL,
        AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; AWS_ALLOW_HTTP and AWS_VIRTUAL_HOSTED_STYLE_REQUEST when
        needed.
        """
        if url.startswith("file:"):
            folder = Path(url.removeprefix("file://") if url.startswith("file://") else url.removeprefix("file:"))
            folder.mkdir(parents=True, exist_ok=True)
            return cls(from_url(folder.resolve().as_uri()), sealer, folder.resolve())
        return cls(from_url(url, client_options=_client(), retry_config=_RETRY), sealer)

    async def put(self, key: str, content: bytes) -> None:
        """Raises FilesAway."""
        try:
            await obstore.put_async(self._store, key, self._sealer.seal_bytes(content, f"{_CONTEXT}|{key}"))
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / key)
        except (StoreError, OSError) as away:
            raise FilesAway(retry_after_seconds=5) from away

    async def get(self, key: str) -> bytes:
        """Raises FileMissing, FilesAway; SealBroken when the stored file was changed."""
        try:
            result = await obstore.get_async(self._store, key)
            sealed = bytes(await result.bytes_async())
        except FileNotFoundError as missing:
            raise FileMissing from missing
        except (StoreError, OSError) as away:
            raise FilesAway(retry_after_seconds=5) from away
        return self._sealer.open_bytes(sealed, f"{_CONTEXT}|{key}")

    async def older(self, folder: str, before: datetime) -> AsyncIterator[list[str]]:
        """Names of the files of a folder that were stored before then, a chunk at a time. Raises FilesAway."""
        try:
            async for chunk in obstore.list(self._store, folder, chunk_size=_LISTED):
                if names := [entry["path"] for entry in chunk if entry["last_modified"] < before]:
                    yield names
        except (StoreError, OSError) as away:
            raise FilesAway(retry_after_seconds=5) from away

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (StoreError, OSError) as away:
            raise FilesAway(retry_after_seconds=5) from away


def _client() -> "ClientConfig":
    """Options given here replace those of the environment, so what the environment allows is said again."""
    allow_http = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "on")
    return {**_ANSWER, "allow_http": allow_http}


def _sync(path: Path) -> None:
    """The store writes and renames but leaves the rest to the kernel: a power cut could take an acknowledged file."""
    for place, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(place, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
