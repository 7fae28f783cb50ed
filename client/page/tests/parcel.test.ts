import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeManifest, type Manifest } from '../src/envelope/manifest.ts';
import { PIECE } from '../src/envelope/pad.ts';
import { systemRandom } from '../src/envelope/seal.ts';
import { keyPair } from '../src/envelope/xwing.ts';
import { FileChanged, type Parcel, SEGMENT, sealParcel } from '../src/parcel.ts';
import { glimpse } from '../src/view/parcelling.ts';

const KEYS = [keyPair(new Uint8Array(32).fill(0x11)).publicKey];

/** A file whose content can change under a page, as a file on a disk can. */
class Shifting extends Blob {
  readonly #size: number;
  readonly #now: () => Blob;

  constructor(size: number, now: () => Blob) {
    super();
    this.#size = size;
    this.#now = now;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(from?: number, to?: number): Blob {
    return this.#now().slice(from, to);
  }
}

async function parcelOf(...bodies: readonly Blob[]): Promise<Parcel> {
  return await sealParcel(systemRandom, { epoch: 9, keys: KEYS, quorum: 1 }, manifestOf(bodies), bodies);
}

function manifestOf(bodies: readonly Blob[]): Manifest {
  const files = bodies.map((body, at) => ({ name: `${at}`, size: body.size }));
  return { sheet: new Uint8Array(32), quorum: 1, files, message: '' };
}

function filled(length: number, byte: number): Blob {
  return new Blob([new Uint8Array(length).fill(byte)]);
}

const isChanged =
  (file: number) =>
  (error: unknown): boolean =>
    error instanceof FileChanged && error.file === file;

test('a segment is that of the tree hash', () => {
  assert.equal(SEGMENT, 4 * 1024 * 1024);
});

test('a file that became shorter ends it, whichever it is', async () => {
  let now = filled(9_000_000, 1);
  const parcel = await parcelOf(filled(10, 7), new Shifting(9_000_000, () => now));
  await parcel.segment(0);
  now = filled(5_000_000, 1);
  await parcel.segment(1).then(
    () => assert.rejects(parcel.segment(2), isChanged(1)),
    (error: unknown) => assert.ok(isChanged(1)(error)),
  );
});

test('a file that vanished ends it', async () => {
  const gone = new Shifting(100, () => {
    throw new DOMException('gone', 'NotFoundError');
  });
  const parcel = await parcelOf(gone);
  await assert.rejects(parcel.segment(0), isChanged(0));
});

test('a file that was replaced by one as long ends it before the last segment is given out', async () => {
  let now = filled(9_000_000, 1);
  const parcel = await parcelOf(new Shifting(9_000_000, () => now));
  await parcel.segment(0);
  now = filled(9_000_000, 2);
  await parcel.segment(1);
  await assert.rejects(parcel.segment(2), isChanged(0));
});

test('a change during the upload where no glimpse falls ends it, if it is where a stretch begins', async () => {
  const length = 20_000_000;
  const before = new Uint8Array(length).fill(1);
  let now: Blob = new Blob([before]);
  const file = new Shifting(length, () => now);
  const parcel = await parcelOf(file);
  const seen = await glimpse(file as unknown as File);
  for (let index = 0; index < 2; index += 1) await parcel.segment(index);
  // Two bytes at the beginning of what the second segment read: its first whole chunk is the 64th.
  const stretch = 64 * PIECE - encodeManifest(manifestOf([file])).length;
  const after = before.slice();
  after.fill(2, stretch, stretch + 2);
  now = new Blob([after]);
  assert.equal(await glimpse(file as unknown as File), seen);
  for (let index = 2; index < parcel.segments - 1; index += 1) await parcel.segment(index);
  await assert.rejects(parcel.segment(parcel.segments - 1), isChanged(0));
});

test('segments are as long as the envelope, and the last one is shorter', async () => {
  const parcel = await parcelOf(filled(9_000_000, 3), filled(0, 0));
  const lengths = [];
  for (let index = 0; index < parcel.segments; index += 1) lengths.push((await parcel.segment(index)).length);
  assert.equal(lengths.reduce((sum, length) => sum + length), parcel.length);
  assert.deepEqual(lengths.slice(0, -1), lengths.slice(0, -1).map(() => SEGMENT));
});

test('no segment is sealed twice', async () => {
  const parcel = await parcelOf(filled(5_000_000, 3));
  await parcel.segment(0);
  await assert.rejects(parcel.segment(0));
});
