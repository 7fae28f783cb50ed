import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clean, look, type Report, type Uncleanable } from '../src/inspect/index.ts';
import { compared } from './inspect/compared.ts';
import { DAMAGES, damaged } from './inspect/damage.ts';
import { HIDDEN, fixtures } from './inspect/fixtures.ts';
import { MEDIA, film, picture, row, type Bytes } from './inspect/made.ts';

declare const TESTS: string;

const FIXTURES = fixtures();

function fixture(name: string): Bytes {
  const bytes = FIXTURES.get(name);
  assert.ok(bytes, name);
  return bytes;
}

async function cleaned(bytes: Bytes): Promise<Bytes | undefined> {
  const copy = await clean(new Blob([bytes]));
  return copy instanceof Blob ? new Uint8Array(await copy.arrayBuffer()) : undefined;
}

async function copyOf(name: string): Promise<Bytes> {
  const copy = await cleaned(fixture(name));
  assert.ok(copy, name);
  return copy;
}

async function refusal(bytes: Bytes): Promise<Uncleanable> {
  const copy = await clean(new Blob([bytes]));
  assert.ok(!(copy instanceof Blob));
  return copy;
}

function report(bytes: Bytes): Promise<Report> {
  return look(new Blob([bytes]));
}

function holds(bytes: Bytes, words: string): boolean {
  return Buffer.from(bytes).includes(words, 0, 'latin1');
}

/** What client/inspect makes of each fixture, and of its damaged forms. */
const RUST = fs.readFileSync(join(TESTS, 'inspect/rust.txt'), 'utf8').trim().split('\n').map((line) => line.split(' '));

test('every cleaned copy is the one that knothole-send makes, byte for byte', async () => {
  assert.deepEqual(RUST.map(([name]) => name), [...FIXTURES.keys()]);
  for (const [name = '', whole] of RUST) assert.equal(compared(await cleaned(fixture(name))), whole, name);
});

test('what is damaged is cleaned as knothole-send does it, or not at all', async () => {
  for (const [name = '', , ...answers] of RUST) {
    assert.equal(answers.length, DAMAGES);
    for (const [way, answer] of answers.entries()) {
      const copy = await cleaned(damaged(fixture(name), way));
      assert.equal(compared(copy).slice(0, 8), answer, `${name}, damaged in way ${way}`);
    }
  }
});

test('a cleaned copy says nothing, and cleaning it again changes nothing', async () => {
  let count = 0;
  for (const [name, bytes] of FIXTURES) {
    const copy = await cleaned(bytes);
    if (copy === undefined) continue;
    count += 1;
    const { findings, cleanable } = await report(copy);
    // What was written into the picture itself, or cut away and left there, stays: it was told.
    const left = findings.filter(({ what }) => what !== 'in-picture' && what !== 'cut-away');
    assert.deepEqual(left, [], name);
    assert.ok(cleanable, name);
    assert.deepEqual(await cleaned(copy), copy, name);
  }
  assert.ok(count > 100);
});

test('nothing that was hidden is in a cleaned copy', async () => {
  const words = [HIDDEN, 'HIDE', 'HIDDEN', 'Apple', 'iPhone', '48.8584', 'A.Example', 'A. Example', 'Handler', 'freeGPS', 'Screens 3'];
  for (const [name, bytes] of FIXTURES) {
    const copy = await cleaned(bytes);
    for (const word of words) assert.ok(copy === undefined || !holds(copy, word), `${name}: ${word}`);
  }
});

test('a cleaned film is as long as before, and its picture and sound are the same', async () => {
  for (const name of ['avc.mp4', 'hevc.mov', 'prores.mov', 'phone.mov', 'opus.mp4']) {
    const [before, after] = [fixture(name), await copyOf(name)];
    assert.equal(after.length, before.length);
    const place = Buffer.from(before).indexOf('mdat', 0, 'latin1');
    const end = place - 4 + Buffer.from(before).readUInt32BE(place - 4);
    assert.deepEqual(after.subarray(place, end), before.subarray(place, end), name);
  }
});

test('whatever belongs to no picture and no sound is put out', async () => {
  const copy = await copyOf('gaps-vp09.mp4');
  const media = row(new Uint8Array(6), '0123456789', new Uint8Array(15), '0123456789', new Uint8Array(6));
  assert.deepEqual(copy.subarray(28, 28 + media.length), media);
});

test('a photograph is still turned the right way and keeps its colours', async () => {
  const copy = await copyOf('phone.jpg');
  assert.ok(holds(copy, 'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'));
  // Its colours are those of a picture without a profile; these are not.
  assert.ok(!holds(copy, 'ICC_PROFILE'));
  const wide = await copyOf('profile-plain.jpg');
  assert.ok(holds(wide, 'ICC_PROFILE') && holds(wide, 'rXYZ'));
});

test('why a file is not cleaned is said, of a closed list', async () => {
  const cases: readonly [string, Uncleanable][] = [
    ['gaps-jpeg.mp4', { kind: 'mp4', why: 'coding' }],
    ['gaps-what.mp4', { kind: 'mp4', why: 'coding' }],
    ['motion.mov', { kind: 'mov', why: 'coding' }],
    ['pieces.mp4', { kind: 'mp4', why: 'in-pieces' }],
    ['heads.mov', { kind: 'mov', why: 'damaged' }],
    ['overlap.mp4', { kind: 'mp4', why: 'damaged' }],
    ['critical.png', { kind: 'png', why: 'unknown-part' }],
    ['rows-0-more.png', { kind: 'png', why: 'behind-picture' }],
    ['rows-1-one-behind.png', { kind: 'png', why: 'behind-picture' }],
    ['tables.jpg', { kind: 'jpeg', why: 'damaged' }],
    ['photo.avif', { kind: 'heif', why: 'kind' }],
    ['clear.pdf', { kind: 'pdf', why: 'kind' }],
    ['letter.docx', { kind: 'office', why: 'kind' }],
    ['empty', { kind: 'empty', why: 'kind' }],
  ];
  for (const [name, why] of cases) assert.deepEqual(await refusal(fixture(name)), why, name);
  const elsewhere = fixture('phone.mov').slice();
  elsewhere[Buffer.from(elsewhere).lastIndexOf('url ', undefined, 'latin1') + 7] = 0;
  assert.equal((await refusal(elsewhere)).why, 'elsewhere');
});

test('what a film says once it says once, or it is not cleaned', async () => {
  const not =
    'mvhd-twice tkhd-twice mdia-twice mdhd-twice hdlr-twice minf-twice vmhd-twice dinf-twice dref-twice clef-twice ' +
    'tapt-twice tapt-far edts-twice elst-twice elst-nine elst-far elst-behind elst-long-far elst-third tref-twice handlers ' +
    'again-clap-twice again-avc-twice again-hevc-sets-twice again-lists-twice descriptions-nine head-first-long ' +
    'head-first-many head-first-packed-far head-second-rate head-second-rate-none head-second-channels head-second-bits ' +
    'head-second-flags head-second-bytes head-second-odd head-second-samples head-second-all head-third head-channels head-bits';
  for (const name of not.split(' ')) {
    assert.deepEqual(await refusal(fixture(`${name}.mp4`)), { kind: 'mp4', why: 'unknown-part' }, name);
  }
  const all =
    'tapt elst-eight elst-end elst-wait elst-long elst-long-wait handler language volume again-clap again-hevc-sets ' +
    'again-free-twice descriptions-eight head-first head-first-shares head-first-packed head-second head-second-fixed ' +
    'head-second-wide head-second-packed depth';
  for (const name of all.split(' ')) await copyOf(`${name}.mp4`);
});

test('the language of a track goes, and its volume is on or off', async () => {
  const at = (copy: Bytes, name: string, place: number): Bytes => {
    const begin = Buffer.from(copy).indexOf(name, 0, 'latin1') + 4 + place;
    return copy.slice(begin, begin + 2);
  };
  assert.deepEqual(at(fixture('language.mp4'), 'mdhd', 20), row('HI'));
  assert.deepEqual(at(await copyOf('language.mp4'), 'mdhd', 20), row([0x55, 0xc4]));
  assert.deepEqual(at(await copyOf('volume.mp4'), 'tkhd', 36), row([1, 0]));
  assert.deepEqual(at(await copyOf('language.mp4'), 'tkhd', 36), row([0, 0]));
});

test('all frames of a picture that moves are followed together, or not at all', async () => {
  const why = async (name: string): Promise<string> => (await refusal(fixture(`${name}.png`))).why;
  assert.equal(await why('moving-half'), 'damaged');
  for (const name of ['moving-large', 'moving-many', 'moving-endless']) assert.equal(await why(name), 'too-large', name);
  await copyOf('moving-good.png');
});

test('a film with more gaps than a copy may have pieces is not cleaned', async () => {
  const count = 1 << 18;
  const chunks = Array.from({ length: count }, (_, index): [number, number] => [MEDIA + 2 * index, 1]);
  const scattered = film('ab'.repeat(count), [picture('vp09', '', chunks)]);
  assert.deepEqual(await refusal(scattered), { kind: 'mp4', why: 'scattered' });
});

test('a film of gigabytes is cleaned without being copied', { skip: fs.openAsBlob === undefined }, async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'knothole-film-'));
  try {
    // Its media are 3 GiB of which two stretches are picture; the rest is somebody's. On the disk it is a hole.
    const path = join(folder, 'long.mp4');
    const [head, moov] = gigabytes(3 * GIB);
    const file = fs.openSync(path, 'w');
    fs.writeSync(file, head, 0, head.length, 0);
    fs.writeSync(file, Buffer.from('HIDDEN'), 0, 6, 2 * GIB);
    fs.writeSync(file, moov, 0, moov.length, 36 + 3 * GIB);
    fs.closeSync(file);
    const whole = await fs.openAsBlob(path);
    const before = process.memoryUsage().rss;
    const copy = await clean(whole);
    assert.ok(copy instanceof Blob);
    assert.equal(copy.size, whole.size);
    const at = (blob: Blob, from: number): Promise<string> => blob.slice(from, from + 6).text();
    assert.equal(await at(whole, 2 * GIB), 'HIDDEN');
    assert.equal(await at(copy, 2 * GIB), '\0'.repeat(6));
    assert.equal(await at(copy, 4), 'ftypis');
    assert.ok(process.memoryUsage().rss - before < GIB / 8);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('a film of forty gigabytes is looked at by reading a little of it', async () => {
  const [head, moov] = gigabytes(40 * GIB);
  const file = new Sparse(head, 40 * GIB, moov);
  const { cleanable, limits } = await look(file);
  assert.ok(cleanable, limits.join());
  assert.ok(file.read < 1 << 20, String(file.read));
});

const GIB = 2 ** 30;

/** What stands before so many bytes of media of which two stretches are picture, and behind them. */
function gigabytes(media: number): [Bytes, Bytes] {
  const mdat = row('\0\0\0\x01mdat', new Uint8Array(8));
  new DataView(mdat.buffer).setBigUint64(8, BigInt(16 + media));
  const moov = film('', [picture('vp09', '', [[40, GIB], [GIB + 100, 50]])]).subarray(MEDIA);
  return [row(film('', []).subarray(0, 20), mdat), moov];
}

test('a file that vanishes while it is looked at is told as unreadable', async () => {
  for (const name of ['phone.jpg', 'screen.png', 'avc.mp4', 'clear.pdf']) {
    const file = new Vanishing([fixture(name)]);
    const { limits, cleanable } = await look(file);
    assert.deepEqual([limits.includes('unreadable'), cleanable], [true, false], name);
    const copy = await clean(file);
    assert.ok(!(copy instanceof Blob) && copy.why === 'unreadable', name);
  }
});

/** A file that is mostly zeros, which exist nowhere. */
class Sparse extends Blob {
  read = 0;
  readonly #head: Bytes;
  readonly #zeros: number;
  readonly #tail: Bytes;

  constructor(head: Bytes, zeros: number, tail: Bytes) {
    super([]);
    this.#head = head;
    this.#zeros = zeros;
    this.#tail = tail;
  }

  override get size(): number {
    return this.#head.length + this.#zeros + this.#tail.length;
  }

  override slice(from = 0, to = this.size): Blob {
    this.read += to - from;
    const tail = this.#head.length + this.#zeros;
    const bytes = new Uint8Array(to - from);
    bytes.set(this.#head.subarray(from, to));
    const late = this.#tail.subarray(Math.max(0, from - tail), Math.max(0, to - tail));
    if (late.length > 0) bytes.set(late, Math.max(0, tail - from));
    return new Blob([bytes]);
  }
}

/** A file that is there, and cannot be read. */
class Vanishing extends Blob {
  override slice(): Blob {
    return new Blob([]);
  }
}
