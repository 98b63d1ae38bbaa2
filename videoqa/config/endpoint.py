"""Options: which model answers tasks, at which address, from which frames, and how often it is asked."""

import re
from dataclasses import dataclass

from videoqa._checks import Refusal, check_flag, check_integer, check_number
from videoqa.config.options import option, required_option


@dataclass(frozen=True)
class EndpointConfig:
    """A model behind a server of OpenAI's chat protocol, and how tasks are put to it.

    Attributes:
        endpoint: address of the server, such as `http://127.0.0.1:8000/v1`. Nothing is sent anywhere else.
        model: name of the model, as the server has it.
        samples: how often each task is asked; the share of equal answers is the confidence.
        temperature: of the sampling; None: 0.7 with several samples, else 0.
        num_frames: frames of a clip; None: as the model of the tasks was configured, else 20.
        long_side: pixels of the longer side of a frame; larger frames are shrunk.
        max_tokens: longest reply.
        concurrency: requests at a time.
        timeout_seconds: for one request, from connecting to the last byte of the reply.
        retries: how often a request is repeated that a busy or failing server did not answer.
        api_key_variable: environment variable with the key that the server asks for.
        api_key_file: file whose first line is this key.
        allow_remote: let the address be one of another machine.
        allow_http: let frames and key travel to another machine without encryption.
        check_pictures: first show plain pictures, as many as of a clip, and refuse a model that does not tell
            the colour of the first.
        limit: tasks at most; None: all.
    """

    endpoint: str = required_option("address of the server, such as http://127.0.0.1:8000/v1")
    model: str = required_option("name of the model, as the server has it")
    samples: int = option(5, "how often each task is asked; the share of equal answers is the confidence")
    temperature: float | None = option(None, "of the sampling (default: 0.7; with --samples 1 0)")
    num_frames: int | None = option(
        None, "frames of a clip (default: as the model of the tasks was configured, else 20)"
    )
    long_side: int = option(512, "pixels of the longer side of a frame; larger ones are shrunk")
    max_tokens: int = option(1024, "tokens of the longest reply; models that think first need more")
    concurrency: int = option(4, "requests at a time")
    timeout_seconds: float = option(300.0, "seconds for one request, to the last byte of its reply")
    retries: int = option(5, "how often a request is repeated that a busy or failing server did not answer")
    api_key_variable: str | None = option(None, "environment variable with the server's key")
    api_key_file: str | None = option(None, "file whose first line is the server's key")
    allow_remote: bool = option(False, "send frames to another machine")
    allow_http: bool = option(False, "let them travel to another machine without encryption")
    check_pictures: bool = option(
        True, "first show plain pictures, and refuse a model that does not tell the colour of the first"
    )
    limit: int | None = option(None, "tasks at most (default: all)")

    def __post_init__(self) -> None:
        for name in ("endpoint", "model"):
            if not getattr(self, name).strip():
                advice = "Nothing is sent anywhere unless it is named." if name == "endpoint" else ""
                raise Refusal(name, "be given", getattr(self, name), advice)
        check_integer("samples", self.samples, minimum=1, maximum=100)
        if self.temperature is not None:
            check_number("temperature", self.temperature, minimum=0, maximum=2)
            if self.samples > 1 and self.temperature == 0:
                advice = "At 0 all samples are the same: give --samples 1, or a temperature."
                raise Refusal("temperature", "be above 0 with several samples", self.temperature, advice)
        for name, most in (("num_frames", 512), ("limit", None)):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), minimum=1, maximum=most)
        check_integer("long_side", self.long_side, minimum=16, maximum=4096)
        check_integer("max_tokens", self.max_tokens, minimum=1, maximum=1_000_000)
        check_integer("concurrency", self.concurrency, minimum=1, maximum=256)
        check_number("timeout_seconds", self.timeout_seconds, minimum=0.1, maximum=86_400)
        check_integer("retries", self.retries, minimum=0, maximum=100)
        for name in ("allow_remote", "allow_http", "check_pictures"):
            check_flag(name, getattr(self, name))
        if re.search(r"[:-]cloud$", self.model) and not self.allow_remote:
            advice = "Ollama passes what such a model is asked on to its own servers."
            raise Refusal("model", "run on this machine, or --allow-remote be given", self.model, advice)
        if self.api_key_variable is not None and self.api_key_file is not None:
            requirement = "be left out beside `api_key_file`"
            raise Refusal("api_key_variable", requirement, self.api_key_variable)

    @property
    def sampling_temperature(self) -> float:
        """The temperature that is sent."""
        if self.temperature is not None:
            return self.temperature
        return 0.7 if self.samples > 1 else 0.0
