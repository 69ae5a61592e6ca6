"""An OpenAPI file as a team would write it, and the engine's view of it."""

from pathlib import Path

from apiwatch.routes import Specification
from apiwatch.routes.openapi.files import read_specification

SHOP = """
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers:
  - url: https://{region}.example.com/v1
    variables: {region: {default: eu, enum: [eu, us]}}
  - url: /internal/v1/
paths:
  /users/{userId}:
    parameters: [{$ref: '#/components/parameters/UserId'}]
    get:
      operationId: getUser
      parameters: [{name: fields, in: query, schema: {type: string}}]
    delete: {deprecated: true}
  /users/me: {get: {parameters: [{name: filter, in: query, schema: {type: object}}]}}
  /users/{userId}/files/{name}.{ext}:
    get: {}
  /enter:
    post: {operationId: createLogin, tags: [Accounts]}
  /shared: {$ref: '#/components/x-items/Shared'}
  x-note: not a path
components:
  parameters:
    UserId: {name: userId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
  schemas: {Id: {type: integer}}
  x-items: {Shared: {get: {}}}
  securitySchemes: {key: {type: apiKey, in: query, name: api_key}}
"""


def written(directory: Path, text: str = SHOP, name: str = "openapi.yaml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def specification(directory: Path, text: str = SHOP) -> Specification:
    return read_specification([str(written(directory, text))])
