"""The store's devices as the rest of the house sees them, in UnifiedPOS words.

``run()`` serves a device until it is cancelled and mends it by itself: it never raises for a device that is absent,
unplugged or silent, since a store sells without it. What is wrong is in ``state``.
Doubles that pass the same contract suite (``tests/contract/devices``) are in ``devices.memory``.
"""

from devices.ports.camera import Camera, FrameIntake, Known, LiveCamera
from devices.ports.device import Device, DeviceState, Health
from devices.ports.printer import JobOutcome, JobState, Paper, PrinterStatus, PrintJob, Progress, ReceiptPrinter
from devices.ports.scanner import CodeReader, Scan, Scanner, ScannerAbilities

__all__ = [
    "Camera",
    "CodeReader",
    "Device",
    "DeviceState",
    "FrameIntake",
    "Health",
    "JobOutcome",
    "JobState",
    "Known",
    "LiveCamera",
    "Paper",
    "PrintJob",
    "PrinterStatus",
    "Progress",
    "ReceiptPrinter",
    "Scan",
    "Scanner",
    "ScannerAbilities",
]
