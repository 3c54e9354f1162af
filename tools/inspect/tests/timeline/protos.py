"""Reads timelines with Perfetto's own protos, and holds them to what its readers insist on.

    python3 protos.py FILE...

Needs the packages perfetto and protobuf. The test `perfettos_own_protos` makes an environment
with them, and the files.
"""

import sys
from collections import defaultdict

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import (
    CounterDescriptor,
    Trace,
    TracePacket,
    TrackDescriptor,
    TrackEvent,
)


def unknown(message, path=""):
    """Fields that these protos do not have, anywhere in a message."""
    again = type(message)()
    again.CopyFrom(message)
    again.DiscardUnknownFields()
    if again.SerializeToString() != message.SerializeToString():
        yield path or type(message).__name__


def check(name):
    with open(name, "rb") as file:
        data = file.read()
    trace = Trace()
    assert trace.ParseFromString(data) == len(data), "bytes that are no packet"
    tracks, names, values = {}, {}, {}
    depth = defaultdict(int)
    counters, flows, ended = {}, set(), set()
    last = 0
    points = 0
    for index, packet in enumerate(trace.packet):
        assert not list(unknown(packet)), f"{name}: packet {index} has fields of no proto"
        assert packet.trusted_packet_sequence_id == 1
        if index == 0:
            assert packet.sequence_flags == TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
        for entry in packet.interned_data.event_names:
            assert entry.iid and entry.iid not in names
            names[entry.iid] = entry.name
        for entry in packet.interned_data.debug_annotation_string_values:
            assert entry.iid and entry.iid not in values
            values[entry.iid] = entry.str.decode()
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid and track.uuid not in tracks
            assert not track.parent_uuid or track.parent_uuid in tracks
            assert track.name or track.process.process_name
            assert track.child_ordering == TrackDescriptor.EXPLICIT
            if track.HasField("counter"):
                units = (CounterDescriptor.UNIT_COUNT, CounterDescriptor.UNIT_SIZE_BYTES)
                assert track.counter.unit in units
            tracks[track.uuid] = track
        if not packet.HasField("track_event"):
            continue
        points += 1
        event = packet.track_event
        assert packet.HasField("timestamp") and packet.timestamp >= last
        last = packet.timestamp
        assert packet.sequence_flags == TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
        assert event.track_uuid in tracks
        is_counter = tracks[event.track_uuid].HasField("counter")
        assert is_counter == (event.type == TrackEvent.TYPE_COUNTER)
        if event.type == TrackEvent.TYPE_COUNTER:
            counters[tracks[event.track_uuid].name] = event.counter_value
        elif event.type == TrackEvent.TYPE_SLICE_END:
            depth[event.track_uuid] -= 1
            assert depth[event.track_uuid] >= 0
        else:
            assert event.name_iid in names
            for note in event.debug_annotations:
                assert note.name == "at" and note.string_value_iid in values
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                depth[event.track_uuid] += 1
            else:
                assert event.type == TrackEvent.TYPE_INSTANT
        for flow in event.flow_ids:
            assert flow not in ended
            flows.add(flow)
        for flow in event.terminating_flow_ids:
            assert flow in flows
            ended.add(flow)
    assert not any(depth.values()), "slices that are open at the end"
    shown = ", ".join(f"{name} {value}" for name, value in sorted(counters.items()))
    print(f"{name}: {points} points on {len(tracks)} tracks, {len(flows)} flows; {shown}")


for name in sys.argv[1:]:
    check(name)
