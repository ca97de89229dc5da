"""Logs of an edge: short past-tense events with keys, on standard error, for people or for machines."""

import logging
import logging.handlers
import sys
from pathlib import Path

import structlog

from devices.meaning import visible
from edge_agent.settings import LoggingSettings

TRACE_BYTES = 4 << 20
TRACE_FILES = 4


def configure(settings: LoggingSettings, traces: Path | None = None) -> None:
    """Set logging up once, at the start of the process.

    Args:
        settings: level and format.
        traces: folder for a copy as JSON lines, dropped first when the disk fills.
    """
    machine: structlog.types.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    person: structlog.types.Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(_formatter(machine if settings.format == "json" else person))
    handlers: list[logging.Handler] = [out]
    if traces is not None and settings.traces:
        handlers.append(_trace_file(traces, machine))
    logging.basicConfig(handlers=handlers, level=settings.level.upper(), force=True)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a store says little; a logger kept for good would ignore a later configuration
    )


_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.filter_by_level,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def _harmless(_: structlog.types.WrappedLogger, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Show control characters instead of passing them on: devices, files and networks have a hand in what is logged."""
    return {name: _shown(value) if isinstance(value, str) else value for name, value in event.items()}


def _shown(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _formatter(renderer: structlog.types.Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _harmless, renderer],
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)],
    )


def _trace_file(folder: Path, renderer: structlog.types.Processor) -> logging.Handler:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(
        folder / "edge.jsonl", maxBytes=TRACE_BYTES, backupCount=TRACE_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(_formatter(renderer))
    return handler
