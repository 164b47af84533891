"""Every metadata switch in the schemas of the Terraform providers `aws` and `awscc`.

    python tests/infra/provider_switches.py WHEEL... > tests/infra/provider_switches.toml

The registry of Terraform has the schemas only within the providers. The packages `cdktn-provider-aws` and
`cdktn-provider-awscc` on PyPI are generated from the schemas: `pip download --no-deps` gets their wheels. They are too large for
every run of the tests, so what is found is checked in, with the versions of the providers.
"""

import re
import sys
import zipfile
from pathlib import Path

import switches

# A setter of an optional argument; what AWS only reports has none.
ARGUMENT = re.compile(r"^    def reset_(\w+)\(self\) -> None:", re.MULTILINE)
VERSION = re.compile(r"bindings for hashicorp/(\w+) provider version ([\d.]+)")


def found(wheel: Path) -> tuple[str, str, dict[str, list[str]]]:
    """The provider, its version, and for each resource type the names of its switches."""
    types = {}
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [it for it in archive.namelist() if it.endswith(".dist-info/METADATA")]
        provider, version = VERSION.search(archive.read(metadata).decode()).groups()
        for name in archive.namelist():
            folder = Path(name).parent.name
            if Path(name).name != "__init__.py" or folder.startswith("data_"):
                continue
            text = archive.read(name).decode()
            names = sorted({it for it in ARGUMENT.findall(text) if switches.SWITCH.search(it.replace("_", ""))})
            # The block around a switch is no switch.
            inner = [it for it in names if not it.endswith("metadata_options")] or names
            if inner:
                types[f"{provider}_{folder}"] = inner
    return provider, version, types


def main(wheels: list[str]) -> None:
    lines = ["# Written by tests/infra/provider_switches.py from the schemas of these versions.", "", "[versions]"]
    parts = [found(Path(it)) for it in wheels]
    lines += [f'{provider} = "{version}"' for provider, version, _ in parts]
    lines += ["", "[switches]"]
    for _, _, types in parts:
        lines += [f"{name} = {str(it).replace(chr(39), chr(34))}" for name, it in sorted(types.items())]
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
