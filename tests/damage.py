"""Damage: what disks, networks and strangers do to bytes and files, chosen by a seeded generator."""

import os


def mutated(data, chance):
    """Return bytes changed in one place: a bit, a byte, a run of zeros, a piece cut out, doubled, moved or put in."""
    if not data:
        return bytes([chance.randrange(256)])
    place = chance.randrange(len(data))
    length = min(chance.choice([1, 1, 2, 4, 8, 64, 512]), len(data) - place)
    before, piece, after = data[:place], data[place : place + length], data[place + length :]
    kind = chance.choice(["bit", "byte", "zeros", "ones", "cut", "end", "double", "move", "insert"])
    if kind == "bit":
        return before + bytes([piece[0] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
    if kind == "byte":
        return before + bytes([chance.randrange(256)]) + data[place + 1 :]
    if kind == "end":
        return before
    if kind == "move":
        rest = before + after
        target = chance.randrange(len(rest) + 1)
        return rest[:target] + piece + rest[target:]
    replacement = {
        "zeros": bytes(length),
        "ones": b"\xff" * length,
        "cut": b"",
        "double": piece + piece,
        "insert": chance.randbytes(length) + piece,
    }
    return before + replacement[kind] + after


# What may stand in the place of a file: each is given the file's path.
IN_PLACE_OF_A_FILE = {
    "nothing": lambda _file: None,
    "an empty file": lambda file: file.write_bytes(b""),
    "a folder": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
    "a link to itself": lambda file: file.symlink_to(file.name),
    "a link to nothing": lambda file: file.symlink_to("tidak-ada"),
    "a link to an endless device": lambda file: file.symlink_to("/dev/zero"),
}
