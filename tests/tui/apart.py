"""`apiwatch ARGUMENTS` in a session of its own, on a terminal that controls another one."""

import subprocess
import sys

if __name__ == "__main__":
    sys.exit(
        subprocess.run(
            [sys.executable, "-m", "apiwatch", *sys.argv[1:]], start_new_session=True, check=False
        ).returncode
    )
