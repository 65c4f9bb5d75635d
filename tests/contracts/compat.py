"""Whether a new OpenAPI document keeps the promises of an old one (docs/api-versioning.md)."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Any
METHODS = ("get", "put", "post", "patch", "delete", "head", "options")


def breaks(old: Json, new: Json) -> list[str]:
    """Everything in `new` that a client of `old` could stumble over, one line each; empty when all is well."""
    found: list[str] = []
    for path, item in old["paths"].items():
        for method in METHODS:
            if method in item:
                there = new["paths"].get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                found += (
                    [f"{name}: removed"]
                    if there is None
                    else _Comparison(old, new).operation(name, item[method], there)
                )
    return sorted(set(found))


class _Comparison:
    """Two documents, and what was compared in them: schemas refer to themselves."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def operation(self, name: str, old: Json, new: Json) -> list[str]:
        """What breaks in one operation."""
        return [
            *self._parameters(name, old, new),
            *self._body(name, old.get("requestBody"), new.get("requestBody")),
            *self._responses(name, old["responses"], new["responses"]),
        ]

    def _parameters(self, name: str, old: Json, new: Json) -> Iterator[str]:
        before = {(p["in"], p["name"]): p for p in old.get("parameters", [])}
        after = {(p["in"], p["name"]): p for p in new.get("parameters", [])}
        for key, parameter in after.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"{name}: parameter {key[1]} is required now"
        for key, parameter in before.items():
            if key not in after:
                yield f"{name}: parameter {key[1]} removed"
            else:
                yield from self._schema(f"{name}?{key[1]}", parameter["schema"], after[key]["schema"], asked=True)

    def _body(self, name: str, old: Json, new: Json) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield f"{name}: a body is required now"
        if not old:
            return
        for kind, media in old["content"].items():
            if not new or kind not in new["content"]:
                yield f"{name}: takes no {kind} any more"
            else:
                yield from self._schema(
                    f"{name} body", media["schema"], new["content"][kind]["schema"], asked=True
                )

    def _responses(self, name: str, old: Json, new: Json) -> Iterator[str]:
        for status, response in old.items():
            if status not in new:
                yield f"{name}: status {status} removed"
                continue
            for kind, media in response.get("content", {}).items():
                if kind not in new[status].get("content", {}):
                    yield f"{name}: {status} is no {kind} any more"
                else:
                    now = new[status]["content"][kind]["schema"]
                    yield from self._schema(f"{name} {status}", media["schema"], now, asked=False)

    def _schema(self, where: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        """Compare two schemas: `asked` of the client, or given to it."""
        mark = (str(old.get("$ref")), str(new.get("$ref")), asked)
        if "$ref" in old and "$ref" in new and mark in self._seen:
            return
        self._seen.add(mark)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        before, after = self._types(self._old, old), self._types(self._new, new)
        gone, added = before - after, after - before
        # A client may send what it always sent, and can be given only what it knows.
        if before and after and (gone if asked else added):
            yield f"{where}: type {'/'.join(sorted(before))} became {'/'.join(sorted(after))}"
            return
        yield from self._values(where, old, new, asked=asked)
        yield from self._fields(where, old, new, asked=asked)
        yield from self._bounds(where, old, new, asked=asked)
        if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
            yield from self._schema(f"{where}[]", old["items"], new["items"], asked=asked)
        for one, other in self._members(old, new):
            yield from self._schema(where, one, other, asked=asked)

    def _values(self, where: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        before, after = set(old.get("enum", ())), set(new.get("enum", ()))
        for value in sorted(map(str, before - after)) if after else []:
            yield f"{where}: value {value} removed"
        if asked and after and not before and old.get("type"):
            yield f"{where}: only some values are taken now"

    def _fields(self, where: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for field, schema in before.items():
            if field not in after:
                yield f"{where}.{field}: removed"
            else:
                yield from self._schema(f"{where}.{field}", schema, after[field], asked=asked)
        for field in sorted(needs - needed) if asked else []:
            yield f"{where}.{field}: required now"
        for field in sorted((needed - needs) & after.keys()) if not asked else []:
            yield f"{where}.{field}: no longer always there"

    def _bounds(self, where: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        if not asked:
            return
        for name, tighter in _TIGHTER.items():
            if name in new and (name not in old or tighter(new[name], old[name])):
                yield f"{where}: {name} is tighter now"

    def _types(self, document: Json, schema: Json) -> frozenset[str]:
        kind = schema.get("type", ())
        found = {kind} if isinstance(kind, str) else set(kind)
        for member in _union(schema):
            found |= self._types(document, _resolved(document, member))
        return frozenset(found | {"number"} if "integer" in found and "number" in found else found)

    def _members(self, old: Json, new: Json) -> Iterator[tuple[Json, Json]]:
        """The members of two unions that are objects or lists, or values of an enum; one each is usual."""
        for one in _union(old) or [old]:
            for other in _union(new) or [new]:
                if (one is not old or other is not new) and self._types(self._old, _resolved(self._old, one)) == (
                    self._types(self._new, _resolved(self._new, other))
                ):
                    yield one, other


_TIGHTER: dict[str, Any] = {
    "minimum": lambda new, old: new > old,
    "maximum": lambda new, old: new < old,
    "minLength": lambda new, old: new > old,
    "maxLength": lambda new, old: new < old,
    "minItems": lambda new, old: new > old,
    "maxItems": lambda new, old: new < old,
    "pattern": lambda new, old: new != old,
}


def _union(schema: Json) -> list[Json]:
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
