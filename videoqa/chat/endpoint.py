"""Who is asked: the address of a server, checked before anything is sent, and the key that it wants.

The standard library's `http.client` sends the requests. It follows no redirect and reads no proxy from the
environment, so that frames go to the address that was checked and nowhere else.
"""

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from videoqa._checks import Refusal, check_file
from videoqa.chat.errors import ServerStops

COMPLETIONS = "/chat/completions"
USUAL_PATH = "/v1"
LONGEST_KEY = 4096
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Endpoint:
    """A server.

    Attributes:
        is_encrypted: whether it is spoken to by https.
        host: as it was named, without brackets.
        port: of the server.
        path: before `/chat/completions`, such as "/v1".
        addresses: what the host resolved to when it was checked; only these are connected to.
        is_remote: whether one of them is not of this machine.
    """

    is_encrypted: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]
    is_remote: bool

    @property
    def shown(self) -> str:
        """The address for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_encrypted else 'http'}://{host}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """Host and port as a request names them: without the port that is usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_encrypted else 80) else f"{host}:{self.port}"


def check_endpoint(address: str, *, allow_remote: bool = False, allow_http: bool = False) -> Endpoint:
    """Return the server at an address, with its host resolved.

    Args:
        address: `http://` or `https://`, a host, perhaps a port and a path; without a path it is "/v1".
        allow_remote: the host may be one of another machine.
        allow_http: what goes to another machine may go unencrypted.

    Raises:
        ValueError: another kind of address, one with a name or password in it, or one that is not allowed.
        ServerStops: the host has no address.
    """
    parts = _split(address)
    host, port = _host_and_port(parts, address)
    addresses = _resolved(host, port)
    is_remote = not all(_is_loopback(ipaddress.ip_address(each.partition("%")[0])) for each in addresses)
    shown = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if is_remote and not allow_remote:
        requirement = "be an address of this machine, or --allow-remote be given: frames would leave it"
        advice = f"Its host is {' and '.join(addresses)}; this machine is 127.0.0.1."
        raise Refusal("endpoint", requirement, shown, advice)
    if is_remote and parts.scheme == "http" and not allow_http:
        requirement = "begin with https:// for another machine, or --allow-http be given"
        raise Refusal("endpoint", requirement, shown)
    path = parts.path.rstrip("/").removesuffix(COMPLETIONS)
    is_bare = parts.path in ("", "/")
    return Endpoint(
        parts.scheme == "https", host, port, USUAL_PATH if is_bare else path, addresses, is_remote
    )


def _split(address: str) -> SplitResult:
    """Return the parts of an address; refuse one that may hold a secret without showing it."""
    advice = "It looks like http://127.0.0.1:8000/v1."
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Refusal("endpoint", f"be an address: {error}", "(not shown)", advice) from error
    if "@" in parts.netloc or parts.query or parts.fragment:
        requirement = "hold no name, password, query or fragment"
        advice = "A key is given by --api-key-variable or --api-key-file."
        raise Refusal("endpoint", requirement, "(not shown: it may be secret)", advice)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal("endpoint", "begin with http:// or https:// and a host", address, advice)
    if not re.fullmatch(r"[!-~]*", parts.path):
        raise Refusal("endpoint", "have a path without spaces and in ASCII", address, advice)
    return parts


def _host_and_port(parts: SplitResult, address: str) -> tuple[str, int]:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Refusal("endpoint", f"have a port: {error}", address) from error
    if not host or not re.fullmatch(r"[0-9a-z._:%-]+", host):
        raise Refusal("endpoint", "name a host in ASCII", address)
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    if port == 0:
        raise Refusal("endpoint", "have a port from 1 to 65535", address)
    return host, port


def _resolved(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host, each once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ServerStops(f"The host {host!r} has no address: {reason}. Check --endpoint.") from error
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _is_loopback(address: Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def read_key(variable: str | None, file: str | None) -> str | None:
    """Return the key from an environment variable or from the first line of a file; None if neither is named.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the variable is not set, or what is there is no key. The key is never shown.
    """
    if variable is not None:
        key, name = os.environ.get(variable, ""), "api_key_variable"
        where = variable if re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable) else "(not shown: it may be the key)"
    elif file is not None:
        with open(check_file("api_key_file", file), "rb") as opened:
            key = opened.readline(LONGEST_KEY + 2).decode("utf-8", "replace")
        name, where = "api_key_file", str(Path(file))
    else:
        return None
    key = key.strip()
    if not re.fullmatch(r"[!-~]+", key) or len(key) > LONGEST_KEY:
        requirement = f"name a key: 1 to {LONGEST_KEY} visible characters of ASCII"
        raise Refusal(name, requirement, where, "What is there is not shown.")
    return key
