"""What stands in a PMTiles file, as the reader of the format's own authors finds it (PyPI pmtiles), and in a vector tile, as the specification
of Mapbox says: nothing of kfmig reads here.

    pmtiles_plain.header(path)     {"addressed": 85, "contents": 21, "min_zoom": 0, "max_zoom": 3}
    pmtiles_plain.metadata(path)   its JSON
    pmtiles_plain.tiles(path)      ((z, x, y), bytes, not compressed), in the order of ids
    pmtiles_plain.layers(bytes)    [("wells", [{"id": "p1"}, ...])]: the properties of each feature, in order
"""

import gzip
import struct
import sys

import servers

if servers.pmtiles() is not None:
    sys.path.insert(0, str(servers.pmtiles()))


def reader(path):
    """The file, opened."""
    from pmtiles.reader import MmapSource, Reader  # pylint: disable=import-outside-toplevel,import-error
    return Reader(MmapSource(open(path, "rb")))  # pylint: disable=consider-using-with


def header(path):
    """Counts and zooms."""
    h = reader(path).header()
    return {"addressed": h["addressed_tiles_count"], "contents": h["tile_contents_count"], "min_zoom": h["min_zoom"], "max_zoom": h["max_zoom"]}


def metadata(path):
    """What is said of all tiles."""
    return reader(path).metadata()


def tiles(path):
    """Every tile."""
    from pmtiles.reader import all_tiles  # pylint: disable=import-outside-toplevel,import-error
    for place, data in all_tiles(reader(path).get_bytes):
        yield place, gzip.decompress(data)


def varint(data, at):
    """A number and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of a message: bytes, whole numbers, or eight or four bytes as they are."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            n, at = varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            value, at = data[at:at + n], at + n
        yield key >> 3, value


def scalar(data):
    """A value of a layer."""
    number, value = next(fields(data))
    if number == 1:
        return value.decode()
    if number in (2, 3):
        return struct.unpack("<f" if number == 2 else "<d", value)[0]
    return {4: value, 5: value, 6: (value >> 1) ^ -(value & 1), 7: bool(value)}[number]


def layer(data):
    """Its name and the properties of its features."""
    found = list(fields(data))
    keys = [v.decode() for n, v in found if n == 3]
    values = [scalar(v) for n, v in found if n == 4]
    features = []
    for tags in (dict(fields(v)).get(2, b"") for n, v in found if n == 2):
        numbers, at = [], 0
        while at < len(tags):
            one, at = varint(tags, at)
            numbers.append(one)
        features.append({keys[k]: values[v] for k, v in zip(numbers[::2], numbers[1::2])})
    return next(v.decode() for n, v in found if n == 1), features


def layers(data):
    """All of a tile."""
    return [layer(v) for n, v in fields(data) if n == 3]
