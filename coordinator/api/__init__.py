"""Headquarters over HTTP: one router per capability, errors as RFC 9457 problems, OpenAPI at /openapi.json."""
