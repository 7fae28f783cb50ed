// What cameras and encoders write into the coded picture itself. It is told, and it stays.
import { Gone, find, latin } from '../bytes.ts';
import { jpeg } from '../jpeg.ts';
import { Seen } from '../seen.ts';
import { Source } from '../source.ts';
import type { Stretch } from './chunks.ts';
import { Reader } from './reader.ts';

/** So many samples at the beginning of a track are looked into. */
export const MOST_SAMPLES = 8;
/** So much of each. */
const MOST_OF_A_SAMPLE = 1 << 20;
/** Fewer letters in a row are no word. */
const LETTERS = 6;

/** A coding that has places for words: how many bytes the lengths of its units have, or that each picture is a file. */
export type Coding = { readonly kind: 'avc' | 'hevc'; readonly width: number } | { readonly kind: 'jpeg' };

/** Tells what is written into the first pictures of a track. */
export async function tellCoded(file: Source, coding: Coding, samples: readonly Stretch[], seen: Seen): Promise<void> {
  for (const { begin, end } of samples) {
    const bytes = await file.take(begin, Math.min(end - begin, MOST_OF_A_SAMPLE));
    if (coding.kind === 'jpeg') await picture(bytes, seen);
    else for (const unit of units(bytes, coding.width)) (coding.kind === 'avc' ? avcUnit : hevcUnit)(unit, seen);
  }
}

/** Tells what a unit of H.265 says, if it holds messages. */
export function hevcUnit(unit: Uint8Array, seen: Seen): void {
  const kind = ((unit[0] ?? 0) >> 1) & 0x3f;
  if (unit.length >= 2 && (kind === 39 || kind === 40)) messages(unit.subarray(2), seen);
}

function avcUnit(unit: Uint8Array, seen: Seen): void {
  if (((unit[0] ?? 0) & 0x1f) === 6) messages(unit.subarray(1), seen);
}

/** A picture of a film of photographs. Not all of them are files as they stand elsewhere. */
async function picture(bytes: Uint8Array<ArrayBuffer>, seen: Seen): Promise<void> {
  const own = new Seen();
  try {
    await jpeg(new Source(new Blob([bytes])), own);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
  for (const finding of own.findings()) seen.add(finding);
}

/** The units of a picture, each behind its length. */
function* units(sample: Uint8Array, width: number): Generator<Uint8Array> {
  for (let at = 0; at + width <= sample.length; ) {
    const length = sample.subarray(at, at + width).reduce((sum, byte) => 256 * sum + byte, 0);
    at += width;
    yield sample.subarray(at, at + length);
    at += length;
  }
}

/** The messages of a unit (H.264, 7.3.2.3; H.265, 7.3.5). */
function messages(unit: Uint8Array, seen: Seen): void {
  const from = new Reader(plain(unit));
  try {
    for (;;) {
      const kind = number(from);
      const length = number(from);
      const body = from.take(Math.min(length, from.bytes.length - from.at));
      // Anybody's, behind a name of 16 bytes; or of somebody who is registered: captions, brightness, and what makers
      // like.
      if (kind === 5) seen.note('in-picture');
      if (kind === 5 || kind === 4) seen.say('in-picture', words(body.subarray(kind === 5 ? 16 : 0)));
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

/** A number that goes on as long as there are 255s. */
function number(from: Reader): number {
  let sum = 0;
  for (;;) {
    const byte = from.small();
    sum += byte;
    if (byte !== 0xff) return sum;
  }
}

/** The unit without the bytes that keep it from looking like a beginning. */
function plain(unit: Uint8Array): Uint8Array {
  if (find(unit, '\0\0\x03') < 0) return unit;
  const out = new Uint8Array(unit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of unit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}

/** Letters that stand in a row. */
function words(bytes: Uint8Array): string {
  // Only so many are told.
  const found = latin(bytes.subarray(0, 4_096)).split(/[^\x20-\x7e]/);
  return found.filter((word) => word.length >= LETTERS).join(' ');
}
