"""The seed of all that draws by chance: another one each day (UTC), the same all day, and whatever KFMIG_TEST_SEED says.

    from seeds import SEED         # a number such as 20261129; say it with what it made

tests/run prints it, and gives it to every test as KFMIG_TEST_SEED, so that a run over midnight has one.
"""

import datetime
import os


def of_the_day():
    return int(os.environ.get("KFMIG_TEST_SEED") or datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d"))


SEED = of_the_day()
