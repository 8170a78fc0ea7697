# SPDX-License-Identifier: GPL-3.0-or-later
"""The stub says what there is: type checkers and people read it, not the module."""

import ast
from types import ModuleType

import pytest
from conftest import HERE

STUB = ast.parse((HERE.parents[1] / "python/stubs/_snapshot.pyi").read_text())


def defined(kind: type) -> list[str]:
    return [node.name for node in STUB.body if isinstance(node, kind)]


def members(name: str) -> set[str]:
    (found,) = [n for n in STUB.body if isinstance(n, ast.ClassDef) and n.name == name]
    functions = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
    fields = {n.target.id for n in found.body if isinstance(n, ast.AnnAssign)}
    return functions | fields


def test_every_function_of_the_stub_is_there_and_no_other(snap: ModuleType) -> None:
    public = {name for name in dir(snap) if not name.startswith("_")}
    functions = {name for name in public if not isinstance(getattr(snap, name), type)}
    assert functions == {*defined(ast.FunctionDef), "version"}


def test_every_class_of_the_stub_is_there_and_no_other(snap: ModuleType) -> None:
    typed_dicts = {"TypedDict"}
    for node in STUB.body:
        if isinstance(node, ast.ClassDef):
            if typed_dicts & {ast.unparse(base) for base in node.bases}:
                typed_dicts.add(node.name)
    classes = {name for name in dir(snap) if isinstance(getattr(snap, name), type)}
    assert classes == set(defined(ast.ClassDef)) - typed_dicts


def test_snapshot_has_the_members_of_the_stub_and_no_other(snap: ModuleType) -> None:
    public = {name for name in dir(snap.Snapshot) if not name.startswith("_")}
    assert public == members("Snapshot")


@pytest.mark.parametrize("name", defined(ast.ClassDef))
def test_errors_derive_from_the_one_class(snap: ModuleType, name: str) -> None:
    (found,) = [n for n in STUB.body if isinstance(n, ast.ClassDef) and n.name == name]
    if [ast.unparse(base) for base in found.bases] == ["Error"]:
        assert issubclass(getattr(snap, name), snap.Error)
        assert getattr(snap, name).__doc__.endswith(".")


@pytest.mark.parametrize("name", defined(ast.FunctionDef))
def test_every_function_says_what_it_does(snap: ModuleType, name: str) -> None:
    assert getattr(snap, name).__doc__


def test_keywords_are_those_of_the_stub(snap: ModuleType) -> None:
    # GIVEN every parameter of every function, by its name
    functions = [node for node in STUB.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        arguments = [*function.args.args, *function.args.kwonlyargs]
        keywords = {argument.arg: object() for argument in arguments}
        if not keywords:
            continue
        # WHEN all are given, of a type that none takes
        with pytest.raises(TypeError) as raised:
            getattr(snap, function.name)(**keywords)
        # THEN it is the type that is refused, not the name
        assert "keyword" not in str(raised.value), function.name
