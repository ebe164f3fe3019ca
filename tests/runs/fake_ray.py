"""What is used of Ray, with threads in place of actors: a cluster that tests can break."""

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from types import SimpleNamespace


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class ActorDiedError(RayError):
    pass


class Stream:
    """The answers of a generator, as they come."""

    def __init__(self):
        self.answers, self._next = queue.SimpleQueue(), None

    def is_ready(self, timeout):
        """Wait until there is an answer, or the end of them."""
        if self._next is None:
            with suppress(queue.Empty):
                self._next = [self.answers.get(timeout=timeout)]
        return self._next is not None

    def __next__(self):
        while not self.is_ready(None):
            pass
        (answer,) = self._next
        if answer is None:
            raise StopIteration
        self._next = None
        return answer


class Actor:
    """Calls the methods of an object in threads, one group beside the other."""

    def __init__(self, cluster, of, options, arguments):
        self.options, self.dead = options, threading.Event()
        sizes = {"": 1} | options["concurrency_groups"]
        self._groups = {name: ThreadPoolExecutor(size) for name, size in sizes.items()}
        self._streams, self._cluster = [], cluster
        self._made = self._groups[""].submit(self._make, of, arguments)

    def _make(self, of, arguments):
        while not self._cluster.places.acquire(timeout=0.01):
            if self.dead.is_set():
                raise ActorDiedError
        return of(*arguments)

    def __getattr__(self, name):
        return Method(self, name)

    def submit(self, name, arguments, group="", streaming=False):
        if self.dead.is_set():
            return failed()
        if streaming:
            stream = Stream()
            self._streams.append(stream)
            self._groups[group].submit(self._stream, stream, name, arguments)
            return stream
        return self._groups[group].submit(self._call, name, arguments)

    def _call(self, name, arguments):
        values = [each.result() if isinstance(each, Future) else each for each in arguments]
        made = self._made.result()
        if self.dead.is_set():
            raise ActorDiedError
        return getattr(made, name)(*values)

    def _stream(self, stream, name, arguments):
        for item in self._call(name, arguments):
            if self.dead.is_set():
                return
            stream.answers.put(answered(item))
        stream.answers.put(None)

    def die(self):
        if not self.dead.is_set():
            self.dead.set()
            for group in self._groups.values():
                group.shutdown(wait=False)
            self._cluster.places.release()
            for stream in self._streams:
                stream.answers.put(failed())
                stream.answers.put(None)


class Method:
    def __init__(self, actor, name, **options):
        self._actor, self._name, self._options = actor, name, options

    def options(self, num_returns=1, concurrency_group=""):
        streaming = num_returns == "streaming"
        return Method(self._actor, self._name, streaming=streaming, group=concurrency_group)

    def remote(self, *arguments):
        return self._actor.submit(self._name, arguments, **self._options)


def answered(item):
    answer = Future()
    answer.set_result(item)
    return answer


def failed():
    answer = Future()
    answer.set_exception(ActorDiedError())
    return answer


class FakeRay:
    """A cluster with room for so many actors, which is connected."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, places=2):
        self.places = threading.Semaphore(places)
        self.resources = {"CPU": float(places)}
        self.actors = []

    def is_initialized(self):
        return True

    def cluster_resources(self):
        return self.resources

    def remote(self, **options):
        def decorated(of):
            def remote(*arguments):
                self.actors.append(Actor(self, of, options, arguments))
                return self.actors[-1]

            return SimpleNamespace(remote=remote)

        return decorated

    def wait(self, answers, timeout=None):
        if isinstance(answers[0], Stream):
            (stream,) = answers
            return ([stream], []) if stream.is_ready(timeout) else ([], [stream])
        done, left = wait(answers, timeout)
        return [*done], [*left]

    def get(self, answer):
        return answer.result()

    def kill(self, actor):
        actor.die()
