"""Who may be asked: addresses of this machine and of others, keys, and what is never shown."""

import socket

import pytest

from videoqa.chat.endpoint import check_endpoint, read_key
from videoqa.chat.errors import ServerStops
from videoqa.config import EndpointConfig


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1"),
        ("http://LOCALHOST:8000/api/v3", "http://localhost:8000/api/v3"),
        ("https://127.0.0.1/v1", "https://127.0.0.1:443/v1"),
        ("http://127.1:8000/v1", "http://127.1:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://[::ffff:127.0.0.1]:8000/v1", "http://[::ffff:127.0.0.1]:8000/v1"),
    ],
)
def test_addresses_of_this_machine(address, shown):
    endpoint = check_endpoint(address)
    assert endpoint.shown == shown and not endpoint.is_remote


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "0.0.0.0",
        "[2001:db8::1]",
        "[::]",
        "3221225985",
        "0xC0000201",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
def test_addresses_of_other_machines_need_a_word(host):
    with pytest.raises(ValueError, match="be an address of this machine, or --allow-remote be given"):
        check_endpoint(f"https://{host}:8000/v1")
    with pytest.raises(ValueError, match="begin with https:// for another machine, or --allow-http be given"):
        check_endpoint(f"http://{host}:8000/v1", allow_remote=True)
    assert check_endpoint(f"https://{host}:8000/v1", allow_remote=True).is_remote
    assert check_endpoint(f"http://{host}:8000/v1", allow_remote=True, allow_http=True).is_remote


def test_a_host_with_one_foreign_address_is_a_foreign_one(monkeypatch):
    found = [(0, 0, 0, "", ("127.0.0.1", 80)), (0, 0, 0, "", ("192.0.2.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    with pytest.raises(ValueError, match="--allow-remote.*Its host is 127.0.0.1 and 192.0.2.1; this machine"):
        check_endpoint("https://both.example/v1")


def test_a_host_without_an_address():
    with pytest.raises(ServerStops, match=r"The host 'no-such-host.invalid' has no address"):
        check_endpoint("https://no-such-host.invalid/v1", allow_remote=True)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:8000/v1", "begin with http:// or https:// and a host"),
        ("ftp://127.0.0.1/v1", "begin with http"),
        ("file:///etc/passwd", "begin with http"),
        ("http:///v1", "begin with http"),
        ("http://127.0.0.1:99999/v1", "have a port"),
        ("http://127.0.0.1:0/v1", "have a port from 1"),
        ("http://127.0.0.1:x/v1", "have a port"),
        ("http://[::1/v1", "be an address"),
        ("http://127.0.0.1:8000/v 1", "have a path without spaces"),
        ("http://127.0.0.1:8000/v1\r\nX: y", "begin with|have a path|have a port"),
        ("http://local\u0661host/v1", "name a host in ASCII"),
        ("http://local host/v1", "name a host in ASCII"),
    ],
)
def test_what_is_no_address_is_refused(address, message):
    with pytest.raises(ValueError, match=message):
        check_endpoint(address)


@pytest.mark.parametrize(
    "part",
    [
        f"http://{part}"
        for part in ("user:hunter2@[::1]", "[::1]/v1?key=hunter2", "[::1]/#hunter2", "[::1]@hunter2/")
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(part):
    with pytest.raises(ValueError, match="hold no name, password, query or fragment") as refused:
        check_endpoint(part)
    assert "hunter2" not in str(refused.value)


def test_a_key_is_read_and_never_shown(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("sk-hunter2\nmore\n")
    assert read_key(None, str(tmp_path / "key")) == "sk-hunter2" and read_key(None, None) is None
    monkeypatch.setenv("MY_KEY", "sk-other")
    assert read_key("MY_KEY", None) == "sk-other"
    for bad in ("", "sk hunter2", "sk-hunter2\r\nX: y", "sk-hünter2", "hunter2" * 1000):
        monkeypatch.setenv("MY_KEY", bad)
        with pytest.raises(ValueError, match="must name a key.*MY_KEY") as refused:
            read_key("MY_KEY", None)
        assert "nter2" not in str(refused.value)
    with pytest.raises(ValueError, match="not shown: it may be the key") as refused:
        read_key("sk-hunter2", None)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(FileNotFoundError, match="api_key_file"):
        read_key(None, str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint": " "}, "`endpoint` must be given.*Nothing is sent anywhere"),
        ({"model": ""}, "`model` must be given"),
        ({"model": "qwen3-vl:235b-cloud"}, "`model` must run on this machine, or --allow-remote be given"),
        ({"model": "gemma4:cloud"}, "--allow-remote"),
        ({"samples": 0}, "samples"),
        ({"temperature": 0.0}, "be above 0 with several samples"),
        ({"temperature": 3.0}, "temperature"),
        ({"num_frames": 0}, "num_frames"),
        ({"concurrency": 0}, "concurrency"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"retries": -1}, "retries"),
        ({"limit": 0}, "limit"),
        ({"long_side": 4}, "long_side"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"api_key_variable": "A", "api_key_file": "b"}, "be left out beside `api_key_file`"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        EndpointConfig(**{"endpoint": "http://127.0.0.1", "model": "m", **options})
