"""The former name of `calcom_transports.trio_runtime`, which the trio transport still imports."""

from calcom_transports.trio_runtime import first_of as first_of
from calcom_transports.trio_runtime import iterate_trio as iterate_trio
from calcom_transports.trio_runtime import run_trio as run_trio
