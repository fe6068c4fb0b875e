#!/usr/bin/env python3
"""The story of the 2024 relay in the demo recording, on Chopsticks: a block every six seconds, and at set moments a large
transfer, a referendum with its deposit, and the upgrade to the 2026 runtime.

    relay-2024.py PORT SPEC_2026 BLOCKS     BLOCKS blocks; SPEC_2026: the raw chain spec whose code is the new runtime

Blocks carry the time of the first one plus six seconds each: empty blocks are made first until that time is now (then it
says `now`), and from then on each is made when its time comes.

Chopsticks runs with mock-signature-host: what //Alice signs here is a mock signature, and //Alice is the sudo key.
"""
import json
import sys
import time
import urllib.request

ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
BOB = bytes.fromhex("8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48")
PAS = 10**10
PERIOD = 6.0
# A block takes about a second to make.
EARLY = 0.8
# Timestamp.Now
NOW = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb"

# In which block what is sent.
TRANSFER, REFERENDUM, DEPOSIT, UPGRADE = 7, 15, 17, 41


def rpc(method, params):
    body = json.dumps({"id": 1, "jsonrpc": "2.0", "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}", body, {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=120))
    if "error" in answer:
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def compact(n):
    if n < 1 << 6:
        return bytes([n << 2])
    if n < 1 << 14:
        return (n << 2 | 1).to_bytes(2, "little")
    if n < 1 << 30:
        return (n << 2 | 2).to_bytes(4, "little")
    raw = n.to_bytes((n.bit_length() + 7) // 8, "little")
    return bytes([(len(raw) - 4) << 2 | 3]) + raw


def signed(call, nonce):
    """A version 4 extrinsic of //Alice with the mock signature; era, nonce and tip are all the 2024 runtime wants."""
    signature = b"\x01" + bytes.fromhex("deadbeef") + b"\xcd" * 60
    body = b"\x84\x00" + ALICE + signature + b"\x00" + compact(nonce) + b"\x00" + call
    return "0x" + (compact(len(body)) + body).hex()


def calls(spec):
    """Block of the story -> call. Pallet and call numbers are those of the 2024 runtime."""
    code = bytes.fromhex(spec["genesis"]["raw"]["top"]["0x3a636f6465"][2:])
    transfer = b"\x05\x03\x00" + BOB + compact(1_250_000 * PAS)  # Balances.transfer_keep_alive
    remark = b"\x00\x00" + compact(5) + b"hello"  # System.remark
    # Referenda.submit(origin: system.Root, proposal: Inline(remark), enactment: After(10))
    referendum = b"\x15\x00" + b"\x00\x00" + b"\x01" + compact(len(remark)) + remark + b"\x01" + (10).to_bytes(4, "little")
    deposit = b"\x15\x01" + (0).to_bytes(4, "little")  # Referenda.place_decision_deposit(0)
    # Sudo.sudo_unchecked_weight(System.set_code(code), weight 0)
    upgrade = b"\xff\x01" + b"\x00\x02" + compact(len(code)) + code + b"\x00\x00"
    return {TRANSFER: transfer, REFERENDUM: referendum, DEPOSIT: deposit, UPGRADE: upgrade}


def chain_time():
    """Seconds since 1970, as the newest block says."""
    return int.from_bytes(bytes.fromhex(rpc("state_getStorage", [NOW])[2:]), "little") / 1000


def main():
    with open(sys.argv[2]) as file:
        story = calls(json.load(file))
    while chain_time() + PERIOD < time.time():
        rpc("dev_newBlock", [{"count": 1}])
    print("now", flush=True)
    nonce, first = 0, chain_time() + PERIOD
    for number in range(int(sys.argv[3])):
        time.sleep(max(0.0, first + number * PERIOD - EARLY - time.time()))
        block = {"count": 1}
        if number in story:
            block["transactions"] = [signed(story[number], nonce)]
            nonce += 1
        rpc("dev_newBlock", [block])


PORT = int(sys.argv[1])
main()
