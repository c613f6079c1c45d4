"""Time stamp authorities for tests: the embedded stack's own, and one of the `openssl` command as a second opinion."""

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from deploy.local import tsa
from services.certificate.files.time_stamping import Authority

_LOOPBACK = "127.0.0.1"
_CONFIG = """
[tsa]
default_tsa = ours
[ours]
serial = serial
signer_digest = sha256
default_policy = 2.999.1
digests = sha256
ess_cert_id_alg = sha256
ordering = yes
tsa_name = yes
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
authorityKeyIdentifier = keyid
[ca]
default_ca = list
[list]
database = index
default_md = sha256
default_crl_days = 30
"""


@contextlib.contextmanager
def embedded(folder: Path) -> Iterator[Authority]:
    """That of the embedded stack, on a port of its own."""
    with _listening(tsa.serve(folder, _LOOPBACK, 0)) as port:
        yield Authority(f"http://{_LOOPBACK}:{port}/", folder / tsa.CHAIN)


@contextlib.contextmanager
def answering(content: bytes, kind: str = "application/timestamp-reply") -> Iterator[str]:
    """One that gives the same answer to everybody."""
    with _listening(HTTPServer((_LOOPBACK, 0), _handler(lambda _: content, kind))) as port:
        yield f"http://{_LOOPBACK}:{port}/"


@contextlib.contextmanager
def by_openssl(folder: Path) -> Iterator[Authority]:
    """RSA keys, the chain in every answer, the order of parts as another implementation writes them."""
    _run(folder, "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=root")
    _run(folder, "req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa")
    (folder / "tsa.cnf").write_text(_CONFIG)
    (folder / "serial").write_text("01")
    (folder / "index").touch()
    leaf = "-extfile tsa.cnf -extensions leaf"
    _run(folder, f"x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 20 {leaf}")
    _run(folder, "ca -config tsa.cnf -name list -gencrl -keyfile root.key -cert root.pem -out root.crl")
    (folder / "chain.pem").write_bytes((folder / "root.pem").read_bytes() + (folder / "root.crl").read_bytes())

    def reply(query: bytes) -> bytes:
        (folder / "query").write_bytes(query)
        signer = "-signer tsa.pem -inkey tsa.key -chain root.pem"
        _run(folder, f"ts -reply -config tsa.cnf -queryfile query -out reply {signer}")
        return (folder / "reply").read_bytes()

    with _listening(HTTPServer((_LOOPBACK, 0), _handler(reply, "application/timestamp-reply"))) as port:
        yield Authority(f"http://{_LOOPBACK}:{port}/", folder / "chain.pem")


def has_openssl() -> bool:
    return shutil.which("openssl") is not None


def openssl_accepts(query: bytes, reply: bytes, authority: Authority, folder: Path) -> bool:
    """`openssl ts -verify` of an answer."""
    (folder / "asked").write_bytes(query)
    (folder / "given").write_bytes(reply)
    command = ["openssl", "ts", "-verify", "-queryfile", "asked", "-in", "given", "-CAfile", str(authority.chain)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def _run(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, capture_output=True, check=True)


def _handler(answer: Callable[[bytes], bytes], kind: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    return Handler


@contextlib.contextmanager
def _listening(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
