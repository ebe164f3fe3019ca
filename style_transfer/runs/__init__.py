"""Runs: jobs that executors compute side by side, with their limits, estimates and checkpoints."""

from style_transfer.runs.admission import AdmissionQueue
from style_transfer.runs.broadcast import HEARTBEAT
from style_transfer.runs.checkpoint import Checkpoint, KeptRun, kept_run
from style_transfer.runs.checkpoint_files import by_name
from style_transfer.runs.checkpoint_store import CheckpointStore
from style_transfer.runs.checkpoint_writer import CheckpointWriter
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.cost_store import CostStore
from style_transfer.runs.estimate import Estimate, duration
from style_transfer.runs.executor import Execution, Executor, Job
from style_transfer.runs.executors import EXECUTORS, open_executor
from style_transfer.runs.free_memory import available_memory
from style_transfer.runs.history import LossHistory, SettingsChange, SettingsHistory
from style_transfer.runs.limits import MEGABYTE, OWN_MACHINE, PREFIX, Limits
from style_transfer.runs.memory import RunMemory
from style_transfer.runs.outcome import (
    OUT_OF_TIME,
    SERVER_ENDS,
    Budget,
    InternalError,
    Outcome,
    UnavailableError,
    outcome_of,
)
from style_transfer.runs.reservations import MemoryReservations
from style_transfer.runs.run import THREAD_NAME, Run
from style_transfer.runs.run_clock import RunClock
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.service import RunService
from style_transfer.runs.steering import TOUCHED, Lasting, describe_content
from style_transfer.runs.temporary_folder import process_folder
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.runs.zero_gpu import is_zero_gpu

__all__ = [
    "EXECUTORS",
    "HEARTBEAT",
    "MEGABYTE",
    "OUT_OF_TIME",
    "OWN_MACHINE",
    "PREFIX",
    "SERVER_ENDS",
    "THREAD_NAME",
    "TOUCHED",
    "AdmissionQueue",
    "Budget",
    "Checkpoint",
    "CheckpointStore",
    "CheckpointWriter",
    "CostModel",
    "CostStore",
    "Estimate",
    "Execution",
    "Executor",
    "InternalError",
    "Job",
    "KeptRun",
    "Lasting",
    "Limits",
    "LossHistory",
    "MemoryReservations",
    "Outcome",
    "Run",
    "RunClock",
    "RunMemory",
    "RunService",
    "Scheduler",
    "SettingsChange",
    "SettingsHistory",
    "ThreadExecutor",
    "UnavailableError",
    "available_memory",
    "by_name",
    "describe_content",
    "duration",
    "is_zero_gpu",
    "kept_run",
    "open_executor",
    "outcome_of",
    "process_folder",
]
