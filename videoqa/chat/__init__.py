"""Talks to a server of OpenAI's chat protocol, with nothing but the standard library."""
