"""Logs, traces and metrics of a process. One module, so that a renamed attribute is one edit."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

from services.chassis.settings import ServiceSettings

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("yichuang")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10)

http_seconds = Histogram(
    "http_server_request_duration_seconds", "Time of a request", ["method", "route", "status"], buckets=_BUCKETS
)
outbox_unsent = Gauge("outbox_unsent", "Outbox rows waiting for the bus")
outbox_oldest = Gauge("outbox_oldest_unsent_seconds", "Age of the oldest outbox row waiting for the bus")
published_total = Counter("events_published_total", "Events the bus acknowledged", ["subject"])
handled_total = Counter("events_handled_total", "Events whose effect was committed", ["consumer"])
duplicates_total = Counter("inbox_duplicates_total", "Events dropped because they were handled before", ["consumer"])
gaps_total = Counter("consumer_gap_total", "Events put back because an earlier version is missing", ["consumer"])
retries_total = Counter("consumer_retries_total", "Events put back after a failed attempt", ["consumer"])
dead_letter_open = Gauge("dead_letter_open", "Dead letters not yet replayed")
consumer_lag = Histogram(
    "consumer_lag_seconds", "From the event's commit to its committed effect", ["consumer"], buckets=_BUCKETS
)
consumer_pending = Gauge("consumer_pending", "Messages the stream holds for a consumer", ["consumer"])
timer_failures = Counter("timer_failures_total", "Timer runs that raised", ["timer"])


class _JsonLines(logging.Formatter):
    """One JSON object a line, with the trace id; exceptions appear as type and frames, never with values."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace_id := current_trace_id():
            line["trace_id"] = trace_id
        for key in ("where", "route", "status", "ms", "event_id", "consumer", "subject", "case_no"):
            if (value := record.__dict__.get(key)) is not None:
                line[key] = value
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return orjson.dumps(line, default=str).decode()


def set_up(settings: ServiceSettings) -> None:
    """Logs to standard error as JSON lines; spans to OTLP when an endpoint is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(settings.service))
    # Nothing of this is in our lines; without it a line costs half.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for noisy in ("httpx", "httpcore", "nats", "uvicorn.access", "sqlalchemy.engine.Engine", "pyhanko", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of a faulty tracestate by quoting it: a caller's header would stand in the log.
    logging.getLogger("opentelemetry.trace.span").setLevel(logging.ERROR)
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return  # one per process; tests build several apps
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"yichuang-{settings.service}"}),
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)),
    )
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    trace.set_tracer_provider(provider)


def current_trace_id() -> str:
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def current_traceparent() -> str | None:
    """The W3C header of the current span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def server_span(name: str, headers: Mapping[str, str]) -> Iterator[Span]:
    context = _propagator.extract(headers)
    with _tracer.start_as_current_span(name, context, SpanKind.SERVER, record_exception=False) as span:
        yield span


@contextmanager
def client_span(name: str) -> Iterator[Span]:
    with _tracer.start_as_current_span(name, kind=SpanKind.CLIENT, record_exception=False) as span:
        yield span


@contextmanager
def batch_span(consumer: str, traceparents: list[str]) -> Iterator[Span]:
    """A consumer's transaction: the child of its event when there is one, linked to each when there are several."""
    contexts = [_propagator.extract({"traceparent": parent}) for parent in dict.fromkeys(traceparents)]
    parent = contexts[0] if len(contexts) == 1 else None
    links = [] if parent else [Link(trace.get_current_span(c).get_span_context()) for c in contexts[:64]]
    with _tracer.start_as_current_span(
        f"{consumer} process",
        parent,
        SpanKind.CONSUMER,
        attributes={"messaging.system": "nats", "messaging.consumer.group.name": consumer},
        links=links,
        record_exception=False,
    ) as span:
        yield span


class Stopwatch:
    def __init__(self) -> None:
        self._started = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self._started
