"""The memory that is free on this machine, as its system and its container say."""

import os
from pathlib import Path


def available_bytes() -> int | None:
    """Return the bytes of memory a new process can use, a container's limit included; None if unknown."""
    found = [_linux_available(), _container_left()]
    if not any(found) and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return min((size for size in found if size is not None), default=None)


def _linux_available() -> int | None:
    path = Path("/proc/meminfo")
    if not path.exists():
        return None
    fields = dict(line.split(":", 1) for line in path.read_text("ascii").splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None


def _container_left() -> int | None:
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if not limit.exists() or not used.exists() or limit.read_text("ascii").strip() == "max":
        return None
    statistics = dict(line.split() for line in (limit.parent / "memory.stat").read_text("ascii").splitlines())
    reclaimable = int(statistics.get("inactive_file", 0))
    return int(limit.read_text("ascii")) - int(used.read_text("ascii")) + reclaimable
