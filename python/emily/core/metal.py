"""mlx.core.metal: there is no Metal here; what it says of memory is said of the default device."""
from ._device import (clear_cache, device_info, get_active_memory, get_cache_memory, get_peak_memory, reset_peak_memory,  # noqa: F401
                      set_cache_limit, set_memory_limit, set_wired_limit)


def is_available():
    """False."""
    return False
