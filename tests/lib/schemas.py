"""A reader of the project's JSON schemas, independent of kfmig's: valid("run_receipt.v1", receipt)."""

import json
import os
import pathlib
import re

from tap import equal

SRC = pathlib.Path(os.environ["KFMIG_SRC"])


def schema_faults(schema, value, root=None, at="$"):
    """What of JSON Schema 2020-12 the project's schemas use; yields what does not fit."""
    root = root or schema
    if schema is True or schema is False:
        if schema is False:
            yield f"{at}: not allowed"
        return
    known = {"$schema", "$id", "$ref", "$defs", "title", "description", "type", "enum", "const", "properties", "required",
             "additionalProperties", "propertyNames", "items", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
             "minProperties", "maxProperties", "uniqueItems", "if", "then", "else", "anyOf", "oneOf", "allOf", "not"}
    if set(schema) - known:
        raise AssertionError(f"this test's reader does not know {set(schema) - known}")
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from schema_faults(target, value, root, at)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, kinds[k]) and not (isinstance(value, bool) and k in ("integer", "number")) for k in wanted):
            yield f"{at}: not {wanted}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} not in {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']!r}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not fit {schema['pattern']}"
    if isinstance(value, str) and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 30):
        yield f"{at}: length"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: range"
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from schema_faults(schema.get("items", True), item, root, f"{at}[{n}]")
    if isinstance(value, dict):
        yield from (f"{at}: no {key}" for key in schema.get("required", ()) if key not in value)
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
            yield f"{at}: number of members"
        for key in value:
            yield from schema_faults(schema.get("propertyNames", True), key, root, f"{at} name {key}")
        for key, item in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
            yield from schema_faults(inner, item, root, f"{at}.{key}")
    for each in schema.get("allOf", ()):
        yield from schema_faults(each, value, root, at)
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(not list(schema_faults(s, value, root, at)) for s in schema[word]):
            yield f"{at}: {word}"
    if "if" in schema:
        fits = not list(schema_faults(schema["if"], value, root, at))
        yield from schema_faults(schema.get("then" if fits else "else", True), value, root, at)


def valid(name, value):
    """Fail unless value fits registry/schemas/NAME.schema.json."""
    schema = json.loads((SRC / f"registry/schemas/{name}.schema.json").read_text())
    equal(list(schema_faults(schema, value)), [], name)
