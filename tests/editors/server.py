"""A client of yaml-language-server, which stands behind the YAML support of VS Code, Neovim, Helix and others.

The version and the hashes of all that is installed are in `package.json` and `package-lock.json`, beside this file.
"""

import json
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SCHEMA = "modelc.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"
OFFLINE = {"schemaStore": {"enable": False}, "kubernetesCRDStore": {"enable": False}}


def install(folder: Path) -> Path:
    """The script that starts the server, installed below `folder` if it is not there yet; skips the test where it cannot be."""
    script = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    done = folder / "installed"
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    if done.exists() and done.read_text(encoding="utf-8") == lock:
        return script
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    unreachable = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "E403", "E503")
    if any(code in ended.stderr for code in unreachable):
        pytest.skip(f"the npm registry cannot be reached: {ended.stderr.splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr
    done.write_text(lock, encoding="utf-8")
    return script


class Server:
    """One running server. Texts are documents in `folder`, where the schema is; places are marked with `|`."""

    def __init__(self, script: Path, folder: Path) -> None:
        command = ["node", str(script), "--stdio"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.folder = folder
        self.numbers = count(1)
        self.published: dict[str, list[dict[str, Any]]] = {}
        completion = {"completionItem": {"snippetSupport": True}}
        capabilities = {"textDocument": {"completion": completion}, "workspace": {"configuration": True}}
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities=capabilities)
        self.tell("initialized")

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method: str, **parameters: Any) -> None:
        self.send({"method": method, "params": parameters})

    def ask(self, method: str, **parameters: Any) -> Any:
        """The result of a request."""
        number = next(self.numbers)
        self.send({"id": number, "method": method, "params": parameters})
        while (message := self.receive()).get("id") != number or "method" in message:
            pass
        assert "error" not in message, message["error"]
        return message["result"]

    def receive(self) -> dict[str, Any]:
        """The next message, after answering it if it is a request and keeping it if it has diagnostics."""
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline().strip()) or not length:
            assert line, "the server has ended"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(stream.read(length))
        parameters = message.get("params", {})
        if message.get("method") == "workspace/configuration":
            asked = [item.get("section") for item in parameters["items"]]
            self.send({"id": message["id"], "result": [OFFLINE if name == "yaml" else None for name in asked]})
        elif "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.published[parameters["uri"]] = parameters["diagnostics"]
        return message

    def open(self, text: str) -> str:
        """The address of a new document."""
        uri = (self.folder / f"spec_{next(self.numbers)}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": MODELINE + text}
        self.tell("textDocument/didOpen", textDocument=document)
        return uri

    def at_mark(self, method: str, text: str) -> Any:
        before, after = text.split("|")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
        position = {"line": line, "character": column}
        return self.ask(method, textDocument={"uri": self.open(before + after)}, position=position)

    def complete(self, text: str) -> dict[str, dict[str, Any]]:
        """What is offered at the mark in `text`, by label."""
        return {item["label"]: item for item in self.at_mark("textDocument/completion", text)["items"]}

    def hover(self, text: str) -> str:
        """What is shown of the word at the mark in `text`."""
        shown: str = self.at_mark("textDocument/hover", text)["contents"]["value"]
        return shown.partition("\n\nSource:")[0].replace("\\", "").strip()

    def blamed(self, text: str) -> list[tuple[str, str]]:
        """The parts of `text` that are marked as wrong, each with what is said."""
        uri = self.open(text)
        while uri not in self.published:
            self.receive()
        lines = (MODELINE + text).split("\n")
        return [(within(lines, found["range"]), found["message"]) for found in self.published.pop(uri)]


def within(lines: list[str], place: dict[str, dict[str, int]]) -> str:
    start, end = place["start"], place["end"]
    assert start["line"] == end["line"], place
    return lines[start["line"]][start["character"] : end["character"]]
