"""The contract as data: load a contract folder, refuse one that contradicts itself, response questions about it.

A folder holds `openapi.yaml`, `requirements.toml`, `behavior.toml` and `decisions.md`; its name is the
contract's id. Nothing here depends on one particular contract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from technogate.contract.behavior import Behavior
from technogate.contract.consistency import check_behavior, check_examples
from technogate.contract.files import (
    FILES,
    ContractError,
    Decision,
    behavior_in,
    decisions_in,
    digest_of,
    document_in,
    groups_in,
    read_folder,
    requirements_in,
)
from technogate.contract.operations import Operation, Parameter, key_prefix_of, operations_in, statuses_in, words_of
from technogate.contract.parts import ANCHORS, parts_of
from technogate.contract.schemas import SchemaError, Schemas
from technogate.contract.stand_in import completed_document, filled
from technogate.model.contract_words import ContractWords
from technogate.model.events import ContractRef
from technogate.model.requirement import Requirement
from technogate.util.shipped import shipped

__all__ = [
    "FILES",
    "Behavior",
    "Contract",
    "ContractError",
    "Decision",
    "Operation",
    "Parameter",
    "load_contract",
]

#: The list of the documents that came with the gate and are valid, as `sha256sum` writes it.
VALID_DOCUMENTS = "valid-documents.txt"


#: Contracts with every part, by the digest of what they are made of.
_COMPLETED: dict[str, Contract] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract, loaded and checked.

    `document` is the OpenAPI document as written, with its `$ref`s; treat it as read-only. `digest` is
    the sha256 over names and bytes of the folder's files. `status_words` are those of its statuses; `words` has these
    and all others in the form in which what judges a run without the folder has them.
    `parts` are those that it has, see
    `technogate.contract.parts`. `groups` maps a group's id to its title, in the order of the report.
    """

    folder: Path
    id: str
    title: str
    version: str
    digest: str
    document: dict[str, object] = field(repr=False)
    operations: Mapping[str, Operation] = field(repr=False)
    requirements: Mapping[str, Requirement] = field(repr=False)
    groups: Mapping[str, str] = field(repr=False)
    decisions: Mapping[str, Decision] = field(repr=False)
    behavior: Behavior = field(repr=False)
    status_words: tuple[str, ...]
    parts: frozenset[str]
    words: ContractWords = field(repr=False)
    _schemas: Schemas = field(repr=False)

    @property
    def ref(self) -> ContractRef:
        """The contract as a journal names it."""
        return ContractRef(
            id=self.id,
            title=self.title,
            version=self.version,
            digest=self.digest,
            shipped=self.digest == shipped_digest(self.id),
        )

    @property
    def guarded(self) -> tuple[Operation, ...]:
        """The operations that require a credential, in the order of the document."""
        return tuple(operation for operation in self.operations.values() if operation.guarded)

    @property
    def judged(self) -> tuple[Operation, ...]:
        """The operations that requirements are about, in the order of the document: all but the one for start-up."""
        health = self.behavior.operations.health
        return tuple(operation for operation in self.operations.values() if operation.id != health)

    @property
    def general(self) -> tuple[Operation, ...]:
        """The operations that play no part: they are held to what holds for any."""
        names = self.behavior.operations
        played = {getattr(names, part) for part in names.__struct_fields__}
        return tuple(operation for operation in self.operations.values() if operation.id not in played)

    @property
    def repeatable(self) -> tuple[Operation, ...]:
        """Those of `judged` whose request may be sent again: reads, and whatever plays a part."""
        general = {operation.id for operation in self.general}
        return tuple(one for one in self.judged if one.is_repeatable or one.id not in general)

    def completed(self) -> Contract:
        """This contract with every part: what it lacks is supplied, to try checks on known evidence.

        No backend and no console is ever held to what is supplied.
        """
        if self.parts >= ANCHORS.keys():
            return self
        if self.digest in _COMPLETED:
            return _COMPLETED[self.digest]
        whole = filled(self.behavior, self.status_words)
        document = completed_document(self.document, self.behavior, whole)
        file = self.folder / "openapi.yaml"
        _COMPLETED[self.digest] = replace(
            self,
            document=document,
            operations=MappingProxyType(operations_in(file, document)),
            behavior=whole,
            status_words=statuses_in(file, document, whole.schemas),
            parts=frozenset(ANCHORS),
            _schemas=Schemas(document),
        )
        return _COMPLETED[self.digest]

    def operation(self, operation_id: str) -> Operation:
        """The operation `operation_id`; raises ContractError for one that the contract does not have."""
        operation = self.operations.get(operation_id)
        if operation is None:
            names = ", ".join(self.operations)
            raise ContractError(f"{self.id}: there is no operation {operation_id}; the contract has {names}")
        return operation

    def default_of(self, operation_id: str, parameter: str) -> object:
        """The documented default of a query parameter; raises ContractError when there is none."""
        described = self.operation(operation_id).parameter(parameter)
        if described is None or "default" not in described.schema:
            raise ContractError(f"{self.id}: {operation_id} documents no default for {parameter} in openapi.yaml")
        return described.schema["default"]

    def operations_at(self, path: str) -> tuple[Operation, ...]:
        """The operations whose path a request's `path` is; a parameter in a path is any text without a slash."""
        return tuple(operation for operation in self.operations.values() if operation.is_at(path))

    def documents_body(self, operation_id: str, status: int) -> bool:
        """Whether the contract documents a body for this response: false for 204 and for an unknown status."""
        return self.operation(operation_id).response_schemas.get(status) is not None

    def response_problems(self, operation_id: str, status: int, value: object) -> list[str]:
        """What is wrong with a response whose body parsed to `value`, one line each: path, expected, found.

        A status that the operation does not document is a problem. Where no body is documented, None
        stands for the body that is rightly absent. Raises ContractError for an unknown operation.
        """
        operation = self.operation(operation_id)
        if status not in operation.response_schemas:
            listed = ", ".join(str(status) for status in operation.responses)
            return [f"HTTP status: expected one of {listed} for {operation_id}, found {status}"]
        pointer = operation.response_schemas[status]
        if pointer is None:
            return [] if value is None else [f"$: expected no body for HTTP status {status}, found one"]
        return self._schemas.problems(pointer, value)

    def request_problems(self, operation_id: str, value: object) -> list[str]:
        """What is wrong with a request body that parsed to `value`, worded as in `response_problems`.

        For an operation that takes no body, None means none.
        """
        pointer = self.operation(operation_id).request_pointer
        if pointer is None:
            return [] if value is None else [f"$: expected no request body for {operation_id}, found one"]
        return self._schemas.problems(pointer, value)

    def pointer_problems(self, pointer: str, value: object) -> list[str]:
        """What is wrong with `value` by the schema at `pointer`, worded as in `response_problems`."""
        return self._schemas.problems(pointer, value)

    def schema_problems(self, name: str, value: object) -> list[str]:
        """What is wrong with `value` as a `components/schemas/<name>`, worded as in `response_problems`.

        Raises ContractError when the contract has no such schema.
        """
        try:
            return self._schemas.problems(f"#/components/schemas/{name}", value)
        except SchemaError as error:
            raise ContractError(f"{self.id}: there is no usable schema {name} in openapi.yaml") from error


@cache
def shipped_digest(contract_id: str) -> str:
    """The digest of the contract with this id that came with the gate, "" where there is none."""
    folder = shipped("contracts", contract_id)
    return digest_of(read_folder(folder)) if contract_id and folder.is_dir() else ""


@cache
def known_valid() -> frozenset[str]:
    """The sha256 of each OpenAPI document that came with the gate and was found valid, with its examples, before."""
    return frozenset(line.split()[0] for line in shipped("contracts", VALID_DOCUMENTS).read_text("utf-8").splitlines())


def load_contract(folder: Path, *, checked: str = "") -> Contract:
    """Load and check the contract in `folder`.

    `checked` is the digest of a folder that another process of this run has checked: the same files are not checked
    once more against what OpenAPI and their examples demand, which takes longer than all else. Neither is a document
    that came with the gate: its tests have checked the same bytes.

    Raises ContractError, one line that names the file, the place and the hint, for the first thing that
    is missing, cannot be read, or contradicts the rest.
    """
    files = read_folder(folder)
    digest = digest_of(files)
    is_checked = digest == checked or hashlib.sha256(files["openapi.yaml"]).hexdigest() in known_valid()
    document = document_in(folder / "openapi.yaml", files["openapi.yaml"], is_checked=is_checked)
    decisions = decisions_in(folder / "decisions.md", files["decisions.md"])
    groups = groups_in(folder / "requirements.toml", files["requirements.toml"])
    requirements = requirements_in(folder / "requirements.toml", files["requirements.toml"], groups, decisions)
    behavior = behavior_in(folder / "behavior.toml", files["behavior.toml"])
    openapi = folder / "openapi.yaml"
    try:
        schemas = Schemas(document)
        statuses = statuses_in(openapi, document, behavior.schemas)
        operations = operations_in(openapi, document)
        if not is_checked:
            check_examples(openapi, document, schemas)
    except SchemaError as error:
        raise ContractError(f"{openapi}: {error}") from error
    check_behavior(folder, document, operations, statuses, behavior)
    info = document["info"]
    text = info if isinstance(info, dict) else {}
    return Contract(
        folder=folder,
        id=folder.resolve().name,
        title=str(text.get("title", "")),
        version=str(text.get("version", "")),
        digest=digest,
        document=document,
        operations=MappingProxyType(operations),
        requirements=MappingProxyType(requirements),
        groups=MappingProxyType(groups),
        decisions=MappingProxyType(decisions),
        behavior=behavior,
        status_words=statuses,
        parts=parts_of(behavior),
        words=words_of(behavior, operations, statuses, key_prefix_of(document, behavior.headers.key)),
        _schemas=schemas,
    )
