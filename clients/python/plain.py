"""The description of the API, for a generator that knows no union inside of an `allOf`.

A thing whose state brings fields of its own is described as `allOf: [fields, oneOf: [states]]`.
Here it becomes `oneOf: [fields and one state, …]`, which says the same, and each part gets a name.
"""

import itertools
import re


class Plain:
    def __init__(self, description):
        self.description = description
        self.schemas = description["components"]["schemas"]

    def all(self):
        for name in list(self.schemas):
            self.schemas[name] = self.plain(name, self.schemas[name])
        return self.description

    def plain(self, name, schema):
        """A schema without unions inside of an `allOf`, itself and in its parts."""
        if not isinstance(schema, dict) or "$ref" in schema:
            return schema
        if "allOf" in schema or "oneOf" in schema:
            parts = self.alternatives(schema)
            if parts is None:
                how = "oneOf" if "oneOf" in schema else "allOf"
                return {**schema, how: [self.plain(f"{name}_{n}", one) for n, one in enumerate(schema[how])]}
            said = {key: schema[key] for key in ("description",) if key in schema}
            if len(parts) == 1:
                return {**self.plain(name, parts[0]), **said}
            return {"oneOf": [self.named(name, n, part) for n, part in enumerate(parts)], **said}
        if "items" in schema:
            return {**schema, "items": self.plain(f"{name}_item", schema["items"])}
        own = schema.get("properties", {}).items()
        properties = {key: self.plain(f"{name}_{key}", one) for key, one in own}
        return {**schema, "properties": properties} if properties else schema

    def named(self, name, number, part):
        def same(text):
            return re.sub("[^a-z0-9]", "", text.lower())

        own = f"{name}_{self.label(part, number)}"
        while any(same(own) == same(taken) for taken in self.schemas):
            own += "_part"
        self.schemas[own] = {}
        self.schemas[own] = self.plain(own, part)
        return {"$ref": f"#/components/schemas/{own}"}

    def alternatives(self, schema):
        """Every object that a schema may be, whole; nothing if it may be something else."""
        if "$ref" in schema:
            return self.alternatives(self.schemas[schema["$ref"].rsplit("/", 1)[1]])
        if "oneOf" in schema:
            parts = [self.alternatives(part) for part in schema["oneOf"]]
            return None if None in parts else list(itertools.chain(*parts))
        if "allOf" in schema:
            parts = [self.alternatives(part) for part in schema["allOf"]]
            return None if None in parts else [self.merged(some) for some in itertools.product(*parts)]
        is_map = schema.get("additionalProperties", False) is not False
        return [schema] if schema.get("type") == "object" and not is_map else None

    @staticmethod
    def merged(parts):
        whole = {"type": "object", "properties": {}, "required": []}
        for part in parts:
            whole["properties"] |= part.get("properties", {})
            whole["required"] += [one for one in part.get("required", []) if one not in whole["required"]]
        return whole

    @staticmethod
    def label(part, number):
        """What tells a part from the others: its only kind or state, or its only field."""
        told = [one["enum"][0] for one in part.get("properties", {}).values() if len(one.get("enum", ())) == 1]
        told = told or (part["required"] if len(part.get("properties", ())) == 1 else [str(number)])
        return "_".join(told)
