"""A request goes to the address that was checked, under the name that was given, and to nobody unknown."""

import ssl
import subprocess
import threading

import pytest

from tests.labeling.chat_server import ChatServer, running
from videoqa.chat.endpoint import Endpoint, check_endpoint
from videoqa.chat.errors import ServerStops
from videoqa.chat.exchange import Line


@pytest.mark.parametrize("host", ["no-such-host.invalid", "::1"])
def test_only_the_checked_address_is_connected_to(host):
    with running() as server:
        port = server.server_address[1]
        endpoint = Endpoint(False, host, port, "/v1", ("127.0.0.1",), False)
        assert Line(endpoint, 60).exchange("GET", "/models").status == 200
        ((path, headers, _),) = server.requests
    named = f"[{host}]" if ":" in host else host
    assert path == "/v1/models" and headers["Host"] == f"{named}:{port}"


@pytest.mark.parametrize(
    ("is_encrypted", "port", "named"),
    [(True, 443, "a.b"), (False, 80, "a.b"), (True, 80, "a.b:80"), (False, 443, "a.b:443")],
)
def test_a_request_does_not_name_the_usual_port(is_encrypted, port, named):
    assert Endpoint(is_encrypted, "a.b", port, "/v1", (), True).host_header == named


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a folder with `cert.pem`, which nobody has signed but itself, and `key.pem`."""
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=here".split()
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    try:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("makes a certificate with the program openssl")
    return folder


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_named(certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with ChatServer() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        port = server.server_address[1]
        line = Line(check_endpoint(f"https://127.0.0.1:{port}"), 60)
        with pytest.raises(ServerStops, match=r"https as it must: self.signed certificate.* SSL_CERT_FILE"):
            line.exchange("GET", "/models")
        assert not server.requests
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
        assert line.exchange("GET", "/models").status == 200
        other = Line(Endpoint(True, "other.example", port, "/v1", ("127.0.0.1",), False), 60)
        with pytest.raises(ServerStops, match="does not speak https as it must: .*other.example"):
            other.exchange("GET", "/models")
        assert len(server.requests) == 1
        server.shutdown()
        thread.join()
