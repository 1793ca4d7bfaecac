"""
Installs small distributions with user directories: a module and its metadata in a
folder of their own, as an installer leaves them.
"""

from pathlib import Path

GROUP = "quart_jwt.user_directories"

FROM_A_FILE = """
import asyncio
import json
from pathlib import Path

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.errors import CredentialsError


class FileDirectory:
    def __init__(self, options):
        self._path = Path(options["path"])

    async def open(self):
        await asyncio.to_thread(self._people)

    async def close(self):
        pass

    async def authenticate(self, name, password):
        person = (await asyncio.to_thread(self._people)).get(name)
        if person is None or person["password"] != password:
            raise CredentialsError
        return self._user(name, person)

    async def find(self, name):
        person = (await asyncio.to_thread(self._people)).get(name)
        return None if person is None else self._user(name, person)

    def _people(self):
        return json.loads(self._path.read_text())

    def _user(self, name, person):
        return User(
            name=name,
            enabled=person.get("enabled", True),
            grants=Grants(roles=tuple(person.get("roles", ()))),
            session_epoch=person.get("epoch", 0),
        )
"""

THAT_CAN_ALL = (
    FROM_A_FILE
    + """

class WholeDirectory(FileDirectory):
    async def change_password(self, name, current, new):
        await self.authenticate(name, current)
        people = self._people()
        people[name].update(password=new, epoch=people[name].get("epoch", 0) + 1)
        self._path.write_text(json.dumps(people))
        return self._user(name, people[name])

    async def register(self, name, password, grants):
        people = self._people()
        is_free = name not in people
        people.setdefault(name, {"password": password, "roles": grants.roles})
        self._path.write_text(json.dumps(people))
        return is_free
"""
)

THAT_IS_CASELESS = (
    FROM_A_FILE
    + """

class CaselessDirectory(FileDirectory):
    async def authenticate(self, name, password):
        return await super().authenticate(name.casefold(), password)


class KnowingDirectory(CaselessDirectory):
    def throttle_name(self, name):
        if name == "raises":
            raise RuntimeError(f"no name: {name}")
        if name == "nothing":
            return None
        return name.casefold()


class ChangingDirectory(CaselessDirectory):
    async def change_password(self, name, current, new):
        return await self.authenticate(name, current)
"""
)

FROM_A_SERVER = '''
import asyncio

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.errors import CredentialsError


class ServerDirectory:
    """Asks a server line by line: BIND name password, and SEARCH name."""

    def __init__(self, options):
        self._socket = options["socket"]
        self._role = options.get("role", "member")

    async def open(self):
        pass

    async def close(self):
        pass

    async def authenticate(self, name, password):
        if await self._asked(f"BIND {name} {password}") != "success":
            raise CredentialsError
        return self._user(name)

    async def find(self, name):
        found = await self._asked(f"SEARCH {name}") == "success"
        return self._user(name) if found else None

    async def _asked(self, line):
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            writer.write(f"{line}\\n".encode())
            answer = (await reader.readline()).decode().strip()
        finally:
            writer.close()
        if answer not in {"success", "invalidCredentials", "noSuchObject"}:
            raise RuntimeError(f"{answer!r} to {line!r}")
        return answer

    def _user(self, name):
        return User(name=name, grants=Grants(roles=(self._role,)))
'''


def install(folder: Path, module: str, source: str, *, name: str, factory: str) -> Path:
    """
    Install a distribution and return the folder, which has to come on ``sys.path``.

    Args:
        folder: Where to.
        module: The name of its module and its own.
        source: The text of the module.
        name: The name of its entry point.
        factory: What in the module makes the directory.
    """
    information = folder / f"{module}-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {module}\nVersion: 1.0\n"
    )
    (information / "entry_points.txt").write_text(
        f"[{GROUP}]\n{name} = {module}:{factory}\n"
    )
    return folder
