import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { dropBox } from '../src/dropbox/fetching.ts';
import { unframe } from '../src/envelope/frame.ts';
import { Refused } from '../src/envelope/refused.ts';
import { erase, poll } from '../src/dropbox/mailbox.ts';
import { newsroom, papers } from '../src/dropbox/papers.ts';
import { Upload } from '../src/dropbox/upload.ts';
import type { DropBox } from '../src/dropbox/wire.ts';
import { HandClock, turn } from './dropbox/hand-clock.ts';
import { TestParcel } from './dropbox/parcels.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of its own for one piece of work, and what it was asked for. */
async function serving<T>(handler: Handler, work: (box: DropBox) => Promise<T>): Promise<T> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await work(dropBox(`http://127.0.0.1:${port}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function frame(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(Math.ceil((4 + content.length) / 16_384) * 16_384);
  new DataView(framed.buffer).setUint32(0, content.length);
  framed.set(content, 4);
  return framed;
}

const OCTETS = { 'content-type': 'application/octet-stream' };
const ABC = new TextEncoder().encode('abc');

test('a frame gives its content', () => {
  // The example of FORMAT.md §17.
  const framed = frame(ABC);
  assert.equal(framed.length, 16_384);
  assert.deepEqual([...framed.subarray(0, 7)], [0, 0, 0, 3, 0x61, 0x62, 0x63]);
  for (const length of [0, 1, 16_380, 16_381, 100_000]) {
    assert.deepEqual(unframe(frame(new Uint8Array(length).fill(7))), new Uint8Array(length).fill(7));
  }
});

test('a frame of another length or padding is refused', () => {
  const altered = (alter: (framed: Uint8Array) => void) => {
    const framed = frame(ABC);
    alter(framed);
    return unframe(framed);
  };
  assert.throws(() => altered((framed) => (framed[7] = 1)), Refused);
  assert.throws(() => altered((framed) => (framed[16_383] = 1)), Refused);
  // Contents that the frame has no room for, or more room than they need.
  assert.throws(() => altered((framed) => framed.set([0, 0, 0x40, 0])), Refused);
  assert.throws(() => altered((framed) => framed.set([0xff, 0xff, 0xff, 0xff])), Refused);
  const long = new Uint8Array(32_768);
  long.set([0, 0, 0, 3]);
  assert.throws(() => unframe(long), Refused);
  for (const length of [0, 3, 16_383]) assert.throws(() => unframe(frame(ABC).slice(0, length)), Refused);
  const huge = new Uint8Array(16_777_216 + 16_384);
  huge.set([1, 0, 0, 1]);
  assert.throws(() => unframe(huge), Refused);
});

test('a frame inside a larger buffer is read from its own beginning', () => {
  const buffer = new Uint8Array(5 + 16_384);
  buffer.set(frame(ABC), 5);
  assert.deepEqual(unframe(buffer.subarray(5)), ABC);
});

test('the papers are unframed, and nothing of the source goes along', async () => {
  const seen: IncomingMessage[] = [];
  const handler: Handler = (request, response) => {
    seen.push(request);
    response.writeHead(200, { ...OCTETS, 'set-cookie': 'a=b' });
    response.end(frame(new TextEncoder().encode(request.url)));
  };
  const [both, words] = await serving(handler, async (box) => [await papers(box), await newsroom(box)] as const);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.deepEqual([text(both.charter), text(both.sheets ?? new Uint8Array(0)), text(words)], ['/charter', '/sheet', '/newsroom']);
  for (const { headers } of seen) assert.deepEqual([headers.cookie, headers.referer], [undefined, undefined]);
});

test('papers that are not there, too many, of another type or cut are no papers', async () => {
  const why = (handler: Handler) =>
    serving(handler, (box) => papers(box)).then(
      () => 'papers',
      (error: { why?: string }) => error.why,
    );
  assert.equal(await why((_, response) => response.writeHead(404).end('nothing')), 'not-there');
  assert.equal(await why((_, response) => response.writeHead(503).end()), 'busy');
  assert.equal(await why((_, response) => response.writeHead(451).end()), 'refused');
  assert.equal(await why((_, response) => response.writeHead(204).end()), 'nonsense');
  assert.equal(await why((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(frame(ABC))), 'nonsense');
  assert.equal(await why((_, response) => response.writeHead(200, OCTETS).end(ABC)), 'nonsense');
  const large = frame(new Uint8Array(1_048_576));
  assert.equal(await why((_, response) => response.writeHead(200, OCTETS).end(large)), 'nonsense');
  assert.equal(await why((request) => request.socket.destroy()), 'no-line');
  const cut: Handler = (request, response) => {
    response.writeHead(200, { ...OCTETS, 'content-length': '16384' });
    response.write(ABC, () => request.socket.destroy());
  };
  assert.equal(await why(cut), 'no-line');
});

test('an answer that never ends is left at its bound', async () => {
  let written = 0;
  const endless: Handler = (_, response) => {
    response.writeHead(200, OCTETS);
    const more = () => {
      written += 65_536;
      if (!response.destroyed) response.write(new Uint8Array(65_536), () => setImmediate(more));
    };
    more();
  };
  await serving(endless, (box) => assert.rejects(newsroom(box), { why: 'nonsense' }));
  assert.ok(written < 32_000_000, `${written}`);
});

test('an answer that never begins is given two minutes', async () => {
  const clock = new HandClock();
  let asked = false;
  const asking = serving(
    () => void (asked = true),
    (box) => newsroom({ ...box, clock }).catch((error: { why?: string }) => error.why),
  );
  while (!asked) await turn();
  clock.turnOn(119_000);
  await turn();
  clock.turnOn(2_000);
  assert.equal(await asking, 'silence');
});

test('a redirection is never followed', async () => {
  const paths: (string | undefined)[] = [];
  for (const status of [301, 302, 303, 307, 308]) {
    const handler: Handler = (request, response) => {
      paths.push(`${request.method} ${request.url}`);
      response.writeHead(request.url === '/elsewhere' ? 200 : status, { ...OCTETS, location: '/elsewhere' });
      response.end(frame(ABC));
    };
    await serving(handler, async (box) => {
      await assert.rejects(newsroom(box), { why: 'no-line' });
      const upload: Upload = new Upload(box, TestParcel.of(1_060_864), {
        onProgress: ({ waiting }) => waiting && upload.stop(),
      });
      assert.deepEqual(await upload.run(), { kind: 'stopped' });
    });
  }
  assert.deepEqual(new Set(paths), new Set(['GET /newsroom', 'POST /drops']));
});

test('an endless refusal of an upload is a refusal', async () => {
  const handler: Handler = (_, response) => {
    response.writeHead(422);
    const more = () => void (response.destroyed || response.write(new Uint8Array(65_536), () => setImmediate(more)));
    more();
  };
  await serving(handler, async (box) => {
    const end = await new Upload(box, TestParcel.of(1_060_864)).run();
    assert.deepEqual(end, { kind: 'refused', why: 'gate' });
  });
});

const MAILBOX = new Uint8Array(32).fill(0x0f);

test('a mailbox gives four envelopes, and nothing else is a mailbox', async () => {
  let path: string | undefined;
  const lengths = [311_296, 311_295, 311_297, 0];
  for (const length of lengths) {
    const handler: Handler = (request, response) => {
      path = request.url;
      const body = new Uint8Array(length).map((_, at) => at / 77_824);
      response.writeHead(200, OCTETS).end(body);
    };
    await serving(handler, async (box) => {
      if (length !== lengths[0]) return assert.rejects(poll(box, MAILBOX), { why: 'nonsense' });
      const envelopes = await poll(box, MAILBOX);
      assert.deepEqual(envelopes.map((one) => [one.length, one[0], one.at(-1)]), [0, 1, 2, 3].map((n) => [77_824, n, n]));
    });
  }
  assert.equal(path, `/mailbox/${'0f'.repeat(32)}`);
});

test('what erases has one length whatever is erased, and random bytes where nothing is', async () => {
  const secret = new Uint8Array(32).fill(7);
  const bodies: Buffer[] = [];
  const handler: Handler = (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      bodies.push(Buffer.concat(pieces));
      response.writeHead(204).end();
    });
  };
  await serving(handler, async (box) => {
    for (let names = 0; names < 6; names += 1) {
      await erase(box, MAILBOX, secret, Array<Uint8Array>(names).fill(new Uint8Array(32).fill(1)));
    }
  });
  bodies.forEach((body, names) => {
    assert.equal(body.length, 160);
    assert.deepEqual([...body.subarray(0, 32)], [...secret]);
    const named = [1, 2, 3, 4].filter((place) => body.subarray(place * 32, place * 32 + 32).every((byte) => byte === 1));
    assert.equal(named.length, Math.min(names, 4));
  });
  assert.notDeepEqual(bodies[0]?.subarray(32), bodies[1]?.subarray(64));
  assert.ok(bodies[0]?.subarray(32).some((byte) => byte !== 0));
});

test('a mailbox that does not answer well says why', async () => {
  const secret = new Uint8Array(32);
  await serving((_, response) => response.writeHead(503).end(), async (box) => {
    await assert.rejects(poll(box, MAILBOX), { why: 'busy' });
    await assert.rejects(erase(box, MAILBOX, secret, []), { why: 'busy' });
  });
});
