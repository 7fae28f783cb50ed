import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { hex } from '../src/envelope/bytes.ts';
import { encode } from '../src/envelope/cbor.ts';
import { sha256 } from '../src/envelope/digest.ts';
import { keyPair } from '../src/envelope/xwing.ts';
import { Refused } from '../src/envelope/refused.ts';
import { segmentHash, treeHash } from '../src/envelope/tree.ts';
import { type Parcel, sealParcel } from '../src/parcel.ts';
import { fileOf, filesOf, octets, said, stream, Vectors } from './vectors/files.ts';
import { READ, read } from './vectors/reading.ts';
import { manifestOf } from './vectors/sealing.ts';

declare const TESTS: string;
const FOLDER = path(TESTS, '../../../tests/vectors/v1');
const vectors = new Vectors(async (name) => new Uint8Array(readFileSync(path(FOLDER, name))));

const names = (folder: string): string[] =>
  readdirSync(path(FOLDER, folder))
    .filter((name) => name.endsWith('.txt'))
    .map((name) => `${folder}/${name.slice(0, -4)}`);

/** What a vector says is read from, not what is read. */
const IS_ASKED = [
  'what', 'as', 'refuse', 'base', 'header', 'openers', 'chain', 'held', 'bytes', 'text', 'entropy', 'newsroom', 'courier',
];
/** What a reader of replies does not tell, or knows by its own check. */
const UNTOLD = ['suite', 'n', 'K', 'manifest', 'plaintext', 'SHA-256(header)'];

test('every right vector of what the page reads is taken, and says all that its file says', async () => {
  let count = 0;
  for (const name of names('right')) {
    const { lines, edits } = await vectors.lines(name);
    if (!READ.includes(said(lines, 'as'))) continue;
    const says = await read(vectors, lines, edits);
    const asked = said(lines, 'as') === 'fingerprint' ? IS_ASKED : [...IS_ASKED, 'fingerprint'];
    const stated = [...lines].filter(([line]) => !asked.includes(line) && !UNTOLD.includes(line));
    assert.ok(stated.length > 0, name);
    for (const [line, value] of stated) {
      const expected = /^[0-9a-f*]+( [0-9a-f*]+)*$/.test(value) && line !== 'editors' ? plain(value) : value;
      assert.equal(says[line], expected, `${name}: ${line}`);
    }
    count += 1;
  }
  assert.equal(count, 39);
});

/** Bytes in pieces become digits; a decimal number is its own piece. */
function plain(value: string): string {
  return /^\d+$/.test(value) ? value : hex(octets(value));
}

test('every wrong vector of what the page reads is refused, and by the same word where another check does not come first', async () => {
  let count = 0;
  const others: string[] = [];
  for (const name of names('wrong')) {
    const { lines, edits } = await vectors.lines(name);
    if (!READ.includes(said(lines, 'as'))) continue;
    const expected = said(lines, 'refuse');
    const outcome = await read(vectors, lines, edits).then(
      () => 'taken',
      (error: unknown) => (error instanceof Refused ? error.reason : `${error}`),
    );
    assert.notEqual(outcome, 'taken', name);
    assert.equal(outcome === 'not for these keys', expected === 'not for these keys', `${name}: ${outcome}`);
    assert.ok(!outcome.includes('rror'), `${name}: ${outcome}`);
    if (outcome !== expected) others.push(`${name}: ${outcome} for ${expected}`);
    count += 1;
  }
  assert.equal(count, 243);
  // Another reader checks in another order: when several refusals apply, any of them will do.
  assert.equal(others.length, 31, others.join('\n'));
});

test('the drops of the browsers suite come out byte for byte under the stream of their name', async () => {
  const drops = ['drop-1-of-1-aes', 'drop-8-of-8-aes', 'right/drop-1-of-8-aes', 'right/drop-72-chunks-aes'];
  for (const name of drops) {
    const { lines } = await vectors.lines(name);
    const editors = Number(said(lines, 'editors'));
    const quorum = Number(said(lines, 'k'));
    const keys = Array.from({ length: editors }, (_, place) => keyPair(new Uint8Array(32).fill(0x11 + place)).publicKey);
    const recipients = { epoch: Number(said(lines, 'epoch')), keys, quorum };
    const bodies = filesOf(lines).map(({ size }) => new Blob([fileOf(size)]));
    const random = stream(name.replace('right/', ''));
    const parcel = await sealParcel(random, recipients, manifestOf(lines), bodies);
    const whole = await sealed(parcel);
    assert.equal(hex(sha256(whole.subarray(0, 12_288))), said(lines, 'SHA-256(header)'), name);
    assert.equal(whole.length, Number(said(lines, 'length')), name);
    assert.equal(hex(sha256(whole)), said(lines, 'SHA-256(envelope)'), name);
    assert.equal(hex(await treeOf(parcel.length, whole)), said(lines, 'tree hash'), name);
  }
});

test('the manifests of the vectors come out as they are', async () => {
  for (const name of names('right')) {
    const { lines } = await vectors.lines(name);
    if (said(lines, 'as') !== 'drop') continue;
    const { encodeManifest } = await import('../src/envelope/manifest.ts');
    assert.equal(hex(encodeManifest(manifestOf(lines)).subarray(4)), hex(octets(said(lines, 'manifest'))), name);
  }
  assert.equal(hex(encode(new Map([[1, 2n ** 64n - 1n]]))), 'a1011bffffffffffffffff');
});

async function sealed(parcel: Parcel): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(parcel.length);
  // Not in their order: lanes ask for them like this.
  const order = Array.from({ length: parcel.segments }, (_, at) => at).reverse();
  const size = 4_194_304;
  for (const index of order) whole.set(await parcel.segment(index), index * size);
  return whole;
}

async function treeOf(length: number, whole: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < length; at += 4_194_304) hashes.push(await segmentHash(whole.slice(at, at + 4_194_304)));
  return treeHash(length, hashes);
}
