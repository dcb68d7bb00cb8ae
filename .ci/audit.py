"""Ask for known vulnerabilities of what is installed in a folder of packages: `audit.py PIP_AUDIT FOLDER`.

Ends with 1 where there are any. Where the advisory service can't be reached, or doesn't know the packages, it says
how many were looked up, and ends with 0: that is no proof of anything, and isn't called one.
"""

import json
import subprocess
import sys


def main(pip_audit: str, folder: str) -> int:
    """Print what is known, and return the exit code."""
    command = [pip_audit, "--path", folder, "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        print("vulnerabilities: the advisory service wasn't reached, nothing was looked up")
        return 0
    known = [package for package in packages if "vulns" in package]
    hit = [package for package in known if package["vulns"]]
    print(f"vulnerabilities: {len(known)} of {len(packages)} packages looked up, {len(hit)} with advisories")
    for package in hit:
        print(f"  {package['name']} {package['version']}: {', '.join(found['id'] for found in package['vulns'])}")
    return int(bool(hit))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
