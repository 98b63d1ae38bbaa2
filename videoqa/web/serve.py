"""Serves a model over HTTP until it is stopped."""

import asyncio
import gc
import socket
from pathlib import Path

from videoqa.answering.ask import load
from videoqa.answering.video_qa import VideoQA
from videoqa.config.serve import ServeConfig
from videoqa.web.app import Api
from videoqa.web.listening import address_of, listening_socket, read_token, serving
from videoqa.web.model_facts import model_name
from videoqa.web.private_folder import private_folder
from videoqa.web.service import AnswerService

FURTHER_STOP_SECONDS = 5.0
"""What a stop waits for, beyond the time that one clip may take."""


def serve(config: ServeConfig) -> None:
    """Serve a model until Ctrl-C or SIGTERM; then finish what is running, and return.

    A second signal ends it at once.

    Raises:
        ValueError, FileNotFoundError: a port in use, an address that is none of this machine's, a public
            address without a token, or as `videoqa.load`.
    """
    token = None if config.token_file is None else read_token(config.token_file)
    with listening_socket(config, token) as listening:
        qa = load(config.model)
        with private_folder() as folder:
            asyncio.run(_serve(config, qa, listening, folder, token))


async def _serve(
    config: ServeConfig, qa: VideoQA, listening: socket.socket, folder: Path, token: str | None
) -> None:
    service = AnswerService(qa, config, folder=folder)
    gc.freeze()  # the model stays: looking through it again and again would make callers wait
    try:
        guard = Api(service, qa, config, folder=folder).application(token=token)
        started = f"Serving {model_name(qa)} at {address_of(listening)} (Ctrl-C stops it)."
        stop_seconds = config.clip_seconds + FURTHER_STOP_SECONDS
        await serving(guard, listening, started=started, stop_seconds=stop_seconds)
    finally:
        await service.close()
