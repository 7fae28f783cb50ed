/** What stands before the files of a drop (FORMAT.md §6). */
import { type Bytes, join, u32 } from './bytes.ts';
import { encode, type Value } from './cbor.ts';
import type { ReplyBlock } from './codename.ts';
import { need } from './refused.ts';
import { byteLength, wellFormed } from './text.ts';

export const MOST_FILES = 500;
export const MOST_NAME = 255;
export const MOST_MESSAGE = 32_768;

export interface Entry {
  readonly name: string;
  readonly size: number;
}

export interface Manifest {
  /** The hash of the epoch sheet. */
  readonly sheet: Uint8Array;
  readonly quorum: number;
  readonly way?: ReplyBlock;
  readonly files: readonly Entry[];
  readonly message: string;
}

/** The length and the manifest: the beginning of the plaintext. */
export function encodeManifest(manifest: Manifest): Bytes {
  const { sheet, quorum, way, files, message } = manifest;
  need(files.length <= MOST_FILES, 'too many');
  need(files.every(({ name }) => isName(name)), 'value');
  need(byteLength(message) <= MOST_MESSAGE, 'too many');
  const fields = new Map<number, Value>([
    [1, 1],
    [2, sheet],
    [3, quorum],
    [5, files.map(({ name, size }) => new Map<number, Value>([[1, name], [2, size]]))],
    [6, message],
  ]);
  if (way !== undefined) {
    fields.set(4, new Map<number, Value>([[1, way.key], [2, way.mailbox], [3, way.eraseHash]]));
  }
  const bytes = encode(fields);
  return join(u32(bytes.length), bytes);
}

/**
 * The name as it goes into a manifest: a browser gives no path, but what it gives is made legal, and cut to 255 bytes
 * between two letters, before its ending.
 */
export function legalName(given: string): string {
  const name = wellFormed(given).replace(/[/\0]/g, '_');
  if (name === '' || name === '.' || name === '..') return '_';
  if (byteLength(name) <= MOST_NAME) return name;
  const ending = /\.[^.]{1,20}$/u.exec(name)?.[0] ?? '';
  const letters = [...new Intl.Segmenter().segment(name.slice(0, name.length - ending.length))];
  let kept = '';
  for (const { segment } of letters) {
    if (byteLength(kept + segment + ending) > MOST_NAME) break;
    kept += segment;
  }
  return kept + ending;
}

function isName(name: string): boolean {
  const length = byteLength(name);
  return length >= 1 && length <= MOST_NAME && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}
