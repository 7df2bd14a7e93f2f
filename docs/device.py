"""A device of Oppidum in 60 lines, made from specs/ alone: python3 device.py CITY_URL FOLDER SENSOR UNIT VALUE CLOCK_ERROR_MS
FOLDER holds city.policy and receipt.keys (a line `SHARD KEY` in hex for each shard). Everything else is made in it. See docs/devices.md."""
import hashlib, os, re, struct, sys, time, urllib.request
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
def head(major, n):  # specs/cbor.md: the shortest head
    size = 0 if n < 24 else 1 if n < 2**8 else 2 if n < 2**16 else 4 if n < 2**32 else 8
    return bytes([major << 5 | n]) if size == 0 else bytes([major << 5 | 23 + size.bit_length()]) + n.to_bytes(size, "big")
def encode(v):
    if isinstance(v, bool): return bytes([0xF4 + v])
    if isinstance(v, float) and v.is_integer() and abs(v) < 2**53: v = int(v)
    if isinstance(v, float):
        return next(bytes([b]) + struct.pack(f, v) for b, f in ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d")) if fits(f, v))
    if isinstance(v, int): return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes): return head(2, len(v)) + v
    if isinstance(v, str): return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list): return head(4, len(v)) + b"".join(map(encode, v))
    return head(5, len(v)) + b"".join(k + x for k, x in sorted((encode(k), encode(x)) for k, x in v.items()))
def fits(form, v):
    try: return struct.unpack(form, struct.pack(form, v))[0] == v
    except OverflowError: return False
def decode(b, at=0):  # what a city answers: integers, bytes, texts, arrays, maps, tags
    major, n, at = b[at] >> 5, b[at] & 31, at + 1
    if n > 23: n, at = int.from_bytes(b[at:at + (1 << n - 24)], "big"), at + (1 << n - 24)
    if major < 2: return (n if major == 0 else -1 - n), at
    if major < 4: return (b[at:at + n] if major == 2 else b[at:at + n].decode()), at + n
    if major == 6: return decode(b, at)
    items = []
    for _ in range(n * (2 if major == 5 else 1)): item, at = decode(b, at); items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at
def durable(path, data):  # beside its place, fsynced, renamed: torn writes leave the old file
    file = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600); os.write(file, data); os.fsync(file); os.close(file)
    os.replace(f"{path}.new", path); place = os.open(path.parent, os.O_RDONLY); os.fsync(place); os.close(place)
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
def is_settled(receipt, digest, keys):  # specs/readings-and-receipts.md §3; specs/merkle-log.md for the path
    r = decode(receipt)[0]; leaf, i, node = r["leaf"], r["position"], sha(b"\0", encode(r["leaf"]))
    protected, _, payload, signature = decode(r["signedHead"])[0]; group = decode(payload)[0]; last = group["count"] - 1
    if leaf["digest"] != digest or leaf["shard"] != group["shard"] or encode(r) != receipt or protected != encode({1: -8, 3: "application/vnd.oppidum.receipt+cbor"}): return False
    Ed25519PublicKey.from_public_bytes(keys[leaf["shard"]]).verify(signature, encode(["Signature1", protected, b"", payload]))
    for p in r["path"]:
        node = sha(b"\1", p, node) if i & 1 or i == last else sha(b"\1", node, p)
        while i == last and i and not i & 1: i >>= 1; last >>= 1
        i >>= 1; last >>= 1
    return last == 0 and node == group["root"]
city, folder, (sensor, unit, value, clock_error) = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
if not (folder / "key.seed").exists(): durable(folder / "key.seed", os.urandom(32).hex().encode() + b"\n")
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex((folder / "key.seed").read_text())); public = key.public_key().public_bytes_raw()
device = sha(b"oppidum/device-id/v1\n\x20", public); print("device", device.hex())
genesis = bytes.fromhex(re.search(r"/([0-9a-f]{64})", (folder / "city.policy").read_text())[1])
keys = {bytes.fromhex(s): bytes.fromhex(k) for s, k in (line.split() for line in (folder / "receipt.keys").read_text().splitlines())}
(folder / "outbox").mkdir(exist_ok=True); last = folder / "sequence"; n = int(last.read_text()) + 1 if last.exists() else 1
durable(last, b"%d" % n)  # given before it is used: a crash leaves a gap, never a number twice
pack = encode([{-2: f"urn:oppidum:{device.hex()}:", -3: time.time(), 0: sensor, 1: unit, 2: float(value)}])
protected = encode({1: -8, 3: 112, 4: device + bytes(4), -70001: genesis, -70002: n, -70003: os.urandom(16), -70004: int(clock_error)})
durable(folder / "outbox" / f"{n:012}", b"\xd2" + encode([protected, {}, pack, key.sign(encode(["Signature1", protected, b"", pack]))]))
for file in sorted((folder / "outbox").glob("?" * 12)):  # oldest first, deleted only on a receipt for its own digest
    ask = urllib.request.Request(f"{city}/api/v1/readings", file.read_bytes(), {"content-type": "application/cose", "accept": "application/cbor"})
    answer = decode(urllib.request.urlopen(ask, timeout=30).read())[0][0]; digest = sha(file.read_bytes())
    if "receipt" not in answer: sys.exit(f"{answer['code']}: kept, sent again next time")
    if is_settled(answer["receipt"], digest, keys): file.unlink(); print(digest.hex(), decode(answer["receipt"])[0]["leaf"].get("refusal", "kept"))
