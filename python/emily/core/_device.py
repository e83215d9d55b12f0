"""Devices, default streams, memory: what mlx.core has, over emily's one CPU device so far."""
import enum
import threading

from .. import _emily
from .._emily import Stream

__all__ = ["Device", "DeviceType", "Stream", "StreamContext", "ThreadLocalStream", "clear_cache", "clear_streams", "cpu", "default_device",
           "default_stream", "device_count", "device_info", "get_active_memory", "get_cache_memory", "get_memory_limit", "get_peak_memory",
           "gpu", "is_available", "new_stream", "new_thread_local_stream", "new_thread_unsafe_stream", "reset_peak_memory",
           "set_cache_limit", "set_default_device", "set_default_stream", "set_memory_limit", "set_wired_limit", "stream", "synchronize"]


class DeviceType(enum.Enum):
    cpu = 0
    gpu = 1

    def __repr__(self):
        return f"DeviceType.{self.name}"

    def __eq__(self, other):
        return self is other or (isinstance(other, Device) and other.type is self)

    __hash__ = enum.Enum.__hash__


cpu, gpu = DeviceType.cpu, DeviceType.gpu


class Device:
    """A device: its type and index."""

    __slots__ = ("type", "index")

    def __init__(self, type, index=0):
        self.type, self.index = (type.type if isinstance(type, Device) else type), index

    def __repr__(self):
        return f"Device({self.type.name}, {self.index})"

    def __eq__(self, other):
        if isinstance(other, DeviceType):
            return self.type is other
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))


def device_named(name):
    kind, _, index = name.partition(":")
    return Device(cpu if kind == "cpu" else gpu, int(index or 0))


def _name(device):
    device = Device(device) if isinstance(device, DeviceType) else device
    if not isinstance(device, Device):
        raise TypeError(f"a Device is wanted, not {device!r}")
    kind = "cpu" if device.type is cpu else "cuda"
    return kind if device.index == 0 else f"{kind}:{device.index}"


_default_device = Device(cpu)
_streams = {"cpu": Stream.default()}  # the default stream of each device


def default_device():
    return _default_device


def set_default_device(device):
    """The device that ops run on where nothing else is said."""
    global _default_device
    stream = default_stream(device)
    _default_device = Device(device)
    _emily.set_stream(None if stream == Stream.default() else stream)


def is_available(device):
    try:
        default_stream(device)
        return True
    except (LookupError, NotImplementedError, ValueError, RuntimeError):
        return False


def device_count(device_type):
    return int(is_available(device_type))


def device_info(d=None):
    return {"device_name": _name(d or _default_device), "architecture": _name(d or _default_device)}


def default_stream(device):
    name = _name(device)
    if name not in _streams:
        _streams[name] = Stream(name)
    return _streams[name]


def set_default_stream(stream):
    stream = _plain(stream)
    _streams[_name(stream.device)] = stream
    if stream.device == _default_device:
        _emily.set_stream(stream)


def new_stream(device):
    return Stream(_name(device))


new_thread_unsafe_stream = new_stream


def clear_streams():
    """Streams go when nothing refers to them: nothing is left to clear."""


def stream_of(device):
    """What `stream=` takes beside a stream: a ThreadLocalStream, a device, a kind of device."""
    if isinstance(device, ThreadLocalStream):
        return device.here()
    if device is not None and isinstance(device, (Device, DeviceType)):
        return default_stream(device)
    raise TypeError(f"a Stream or a Device is wanted, not {device!r}")


class ThreadLocalStream:
    """A stream of its own for each thread that uses it, wherever a stream is wanted."""

    __slots__ = ("device", "_of_thread")

    def __init__(self, device):
        self.device, self._of_thread = device_named(_name(device)), threading.local()

    def here(self):
        """The calling thread's stream."""
        if not hasattr(self._of_thread, "stream"):
            self._of_thread.stream = new_stream(self.device)
        return self._of_thread.stream

    def __repr__(self):
        return f"ThreadLocalStream({self.device!r}, {self.here().index})"


def new_thread_local_stream(device):
    """A ThreadLocalStream of a device."""
    return ThreadLocalStream(device)


def _plain(stream):
    """A Stream from what stands for one."""
    return stream if isinstance(stream, Stream) else stream_of(stream)


class StreamContext:
    """with mx.stream(s): ops of this thread run on s."""

    def __init__(self, s):
        self.stream = s

    def __enter__(self):
        self.before = _emily.set_stream(_plain(self.stream))
        return self.stream

    def __exit__(self, *unused):
        _emily.set_stream(self.before)


stream = StreamContext


def synchronize(stream=None):
    """Wait until all that is queued on a stream has run."""
    (_plain(stream) if stream is not None else _emily.get_stream() or Stream.default()).synchronize()


# ---- memory ----


def get_active_memory():
    return _emily.memory()[0]


def get_peak_memory():
    return _emily.memory()[1]


def get_cache_memory():
    return _emily.memory()[2]


def get_memory_limit():
    return _emily.memory()[3]


def reset_peak_memory():
    _emily.reset_peak()


def clear_cache():
    _emily.clear_cache()


def set_memory_limit(limit):
    """At most so many bytes for tensors; 0: no limit. The limit before."""
    before = _emily.memory()[3]
    _emily.set_limit(limit)
    return before


def set_cache_limit(limit):
    before = _emily.memory()[4]
    _emily.set_cache_limit(limit)
    return before


def set_wired_limit(limit):
    """Only Metal has one: 0."""
    return 0
