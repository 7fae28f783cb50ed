"""A SOCKS5 port (RFC 1928, RFC 1929) that leads port 80 of each onion name straight to a unix socket, or to a port of this
machine.

    shortcut.py PORT NAME.onion=SOCKET|127.0.0.1:PORT ...

For the long measurements, where Tor's speed would only add hours, and for tests of other years, in which no Tor lives.
It listens on 127.0.0.1 and says at which port; 0 is any.
"""

import asyncio
import sys


async def carry(reader, writer):
    try:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def open_way(ways, name, port):
    way = ways[name]
    if port != 80:
        raise OSError("an onion has one port here")
    host, _, number = way.partition(":")
    if host == "127.0.0.1":
        return await asyncio.open_connection(host, int(number))
    return await asyncio.open_unix_connection(way)


async def serve(ways, reader, writer):
    _version, count = await reader.readexactly(2)
    methods = await reader.readexactly(count)
    if 2 in methods:
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        for _field in ("user", "password"):
            (length,) = await reader.readexactly(1)
            await reader.readexactly(length)
        writer.write(b"\x01\x00")
    else:
        writer.write(b"\x05\x00")
    await reader.readexactly(4)
    (length,) = await reader.readexactly(1)
    name = (await reader.readexactly(length)).decode()
    port = int.from_bytes(await reader.readexactly(2), "big")
    try:
        near, far = await open_way(ways, name, port)
    except (KeyError, OSError):
        writer.write(b"\x05\x04\x00\x01" + bytes(6))
        writer.close()
        return
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    await asyncio.gather(carry(reader, far), carry(near, writer))


async def main():
    ways = dict(way.split("=", 1) for way in sys.argv[2:])
    server = await asyncio.start_server(lambda r, w: serve(ways, r, w), "127.0.0.1", int(sys.argv[1]))
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
