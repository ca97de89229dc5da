"""Errors as RFC 9457 problems: ``application/problem+json`` with type, title, status, detail and, where rows failed, errors.

``type``, ``status`` and fields are for programs and never change; ``title``, ``detail`` and ``limit`` are for people, in their language.
"""

import re
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from coordinator.api.language import preferred
from coordinator.errors import CoordinatorError
from coordinator.texts import FILES, Language, said
from domain.errors import DomainError
from link.errors import IdentityRefused

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger()
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    """Return a problem; ``kind`` is its short name, documented in docs/api.md."""
    body = {"type": f"urn:shopwire:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return _Problem(body, status, headers=headers)


class _Problem(JSONResponse):
    """A problem that is put into the reader's language when it is sent: only then is known who asked."""

    media_type = MEDIA_TYPE

    def __init__(self, content: dict[str, Any], status_code: int, headers: dict[str, str]) -> None:
        super().__init__(content, status_code, headers=headers)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        language = preferred(Headers(scope=scope).get("accept-language", ""))
        self.body = self.render(_in(language, self._content))
        told = {"Content-Length": str(len(self.body)), "Content-Language": FILES[language].removesuffix(".json")}
        self.headers.update({**told, "Vary": "Accept-Language"})
        await super().__call__(scope, receive, send)


def _in(language: Language, content: dict[str, Any]) -> dict[str, Any]:
    told = {**content, **{name: said(language, content[name]) for name in ("title", "detail")}}
    if "errors" in content:
        told["errors"] = [{**each, "limit": said(language, each["limit"])} for each in content["errors"]]
    return told


class BodyRefused(HTTPException):
    """A body went over a limit while it was read; an HTTPException, for FastAPI turns every other error there into "400"."""

    def __init__(self, status: int, kind: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(status, detail)
        self.kind, self.title, self.more = kind, title, more

    def answer(self) -> Response:
        """Return the problem."""
        return problem(self.status_code, self.kind, self.title, self.detail, **self.more)


def too_large(limit: int) -> BodyRefused:
    """Return the refusal of a body beyond ``limit`` bytes."""
    text = f"a body of this path may have {limit} bytes: send it in parts"
    return BodyRefused(413, "too-large", "Too large", text, limit=limit)


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""
    app.add_exception_handler(CoordinatorError, _coordinator)
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(IdentityRefused, _identity)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _kind(error: Exception) -> str:
    return _WORDS.sub("-", type(error).__name__).lower()


async def _coordinator(_: Request, error: Exception) -> Response:
    status, title = getattr(error, "status", 500), getattr(error, "title", "Error")
    return problem(status, _kind(error), title, str(error))


async def _domain(_: Request, error: Exception) -> Response:
    return problem(422, _kind(error), "The shop's rules say no", str(error))


async def _identity(_: Request, error: Exception) -> Response:
    return problem(403, "identity-refused", "Identity refused", str(error))


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    errors = [
        {
            "field": ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]),
            "value": _shown(each.get("input")),
            "limit": each["msg"],
        }
        for each in error.errors()
    ]
    first = (
        f"{errors[0]['field']} = {errors[0]['value']}: {errors[0]['limit']}" if errors else "the request is not valid"
    )
    return problem(422, "invalid-request", "Invalid request", first, errors=errors[:100])


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if isinstance(error, BodyRefused):
        return error.answer()
    details = {
        404: "no such page or resource: see /openapi.json",
        405: "this path takes other methods: see /openapi.json",
    }
    detail = details.get(error.status_code, str(error.detail))
    answer = problem(error.status_code, f"http-{error.status_code}", str(error.detail), detail)
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request_failed", method=request.method, path=request.url.path, error=repr(error))
    detail = "something unforeseen happened; the log of headquarters has it under request_failed"
    return problem(500, "unexpected", "Unexpected error", detail)


def _shown(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()[:200]
    except (TypeError, ValueError):
        return repr(value)[:200]
