"""Options: where a server listens, and who may ask it."""

from dataclasses import dataclass

from videoqa._checks import Refusal, check_flag, check_integer
from videoqa.config.options import as_tuple, option


@dataclass(frozen=True)
class ListenConfig:
    """Where a server listens.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0: any free one.
        token_file: file whose first line each caller has to send as bearer token; None: none is asked for.
        insecure: listen on an address that others can reach, without a token.
        allow_host: further names under which the server may be addressed.
    """

    host: str = option("127.0.0.1", "address to listen on")
    port: int = option(8000, "port to listen on; 0: any free one")
    token_file: str | None = option(
        None, "file whose first line callers send as bearer token (default: no token)"
    )
    insecure: bool = option(False, "listen without a token on an address that others can reach")
    allow_host: tuple[str, ...] = option(
        (), "further host name to be addressed by; may be repeated (default: none)"
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow_host", as_tuple(self.allow_host))
        if self.token_file == "":
            raise Refusal("token_file", "not be empty", "")
        for name in ("host", *(["allow_host"] if self.allow_host else [])):
            if not all(as_tuple(getattr(self, name))):
                raise Refusal(name, "not be empty", getattr(self, name))
        check_integer("port", self.port, minimum=0, maximum=65535)
        check_flag("insecure", self.insecure)
