/** The golden vectors, as their README.md says how to read them. They come as text, so that a browser can read them too. */
import { type Bytes, fromHex, join, u32, u64, u8, ascii } from '../../src/envelope/bytes.ts';
import { Chain } from '../../src/envelope/chain.ts';
import { decode, type Fields } from '../../src/envelope/cbor.ts';
import { sha256 } from '../../src/envelope/digest.ts';
import { CHUNK, HEADER, PIECE } from '../../src/envelope/pad.ts';
import { nonce } from '../../src/envelope/slot.ts';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { gcm } from '@noble/ciphers/aes.js';

export type Lines = ReadonlyMap<string, string>;
/** Reads a file of the folder of vectors. */
export type Read = (name: string) => Promise<Bytes>;

const FIRST_FIVE = ['drop-1-of-1', 'drop-1-of-1-aes', 'drop-2-of-3', 'drop-8-of-8-aes', 'drop-18-chunks'];

export class Vectors {
  readonly #read: Read;

  constructor(read: Read) {
    this.#read = read;
  }

  /** The lines of a vector; what it does not say is as it is in its base. `edit` may stand there often. */
  async lines(name: string): Promise<{ lines: Lines; edits: readonly string[] }> {
    const own = new Map<string, string>();
    const edits: string[] = [];
    let last = '';
    for (const line of new TextDecoder().decode(await this.#read(`${name}.txt`)).split('\n')) {
      if (line.startsWith('  ')) own.set(last, `${own.get(last) ?? ''} ${line.slice(2)}`);
      else if (line.startsWith('edit: ')) edits.push(line.slice(6));
      else if (line !== '') {
        const at = line.indexOf(': ');
        last = line.slice(0, at);
        own.set(last, line.slice(at + 2));
      }
    }
    if (FIRST_FIVE.includes(name)) own.set('as', 'drop').set('header', `${name}.header`);
    const base = own.get('base');
    if (base === undefined) return { lines: own, edits };
    const below = await this.lines(base);
    return { lines: new Map([...below.lines, ...own]), edits };
  }

  async chain(name: string): Promise<Chain> {
    const { lines } = await this.lines(name);
    return Chain.verify(octets(said(lines, 'bytes')), octets(said(lines, 'fingerprint')));
  }

  async header(lines: Lines): Promise<Bytes> {
    const name = said(lines, 'header').replace(/\.header$/, '');
    return await this.#read(`${name}.header`);
  }

  /** Puts an envelope together. */
  async envelope(lines: Lines, edits: readonly string[]): Promise<Bytes> {
    const header = await this.header(lines);
    const chunks = Number(said(lines, 'n'));
    const padded = new Uint8Array(chunks * PIECE);
    padded.set(plaintext(lines));
    const key = octets(said(lines, 'K'));
    const cipher = said(lines, 'suite') === '1' ? chacha20poly1305 : gcm;
    const seal: Reseal = (index, counter, flag) => {
      const iv = join(nonce(counter, -1).subarray(0, 11), u8(flag));
      return cipher(key, iv).encrypt(padded.subarray(index * PIECE, (index + 1) * PIECE)) as Bytes;
    };
    let envelope = join(header, ...Array.from({ length: chunks }, (_, i) => seal(i, i, i === chunks - 1 ? 1 : 0)));
    for (const edit of edits) envelope = edited(envelope, edit, seal);
    return envelope;
  }
}

export function said(lines: Lines, line: string): string {
  const value = lines.get(line);
  if (value === undefined) throw new Error(`the vector does not say: ${line}`);
  return value;
}

/** Pieces with a space between them; `00*3` is three zero bytes. */
export function octets(value: string): Bytes {
  return join(
    ...value.split(' ').map((piece) => {
      const [digits = '', count = '1'] = piece.split('*');
      const bytes = fromHex(digits);
      if (bytes === undefined) throw new Error(`no digits: ${piece}`);
      return repeated(bytes, Number(count));
    }),
  );
}

/** Byte i of every file is i mod 251. */
export function fileOf(size: number): Bytes {
  return Uint8Array.from({ length: size }, (_, at) => at % 251);
}

export function filesOf(lines: Lines): { name: string; size: number }[] {
  const manifest = decode(octets(said(lines, 'manifest'))) as Fields;
  return (manifest.get(5) as Fields[]).map((file) => ({ name: file.get(1) as string, size: file.get(2) as number }));
}

/** The stream of random bytes that has this name (FORMAT.md §18). */
export function stream(name: string): (length: number) => Bytes {
  let held = new Uint8Array();
  let block = 0;
  return (length) => {
    while (held.length < length) {
      held = join(held, sha256(ascii('knothole/v1 vector'), u8(0), ascii(name), u8(0), u64(block)));
      block += 1;
    }
    const taken = held.slice(0, length);
    held = held.slice(length);
    return taken;
  };
}

type Reseal = (index: number, counter: number, flag: number) => Bytes;

function plaintext(lines: Lines): Bytes {
  const whole = lines.get('plaintext');
  if (whole !== undefined) return octets(whole);
  const manifest = octets(said(lines, 'manifest'));
  const files = said(lines, 'as') === 'drop' ? filesOf(lines) : [];
  return join(u32(manifest.length), manifest, ...files.map(({ size }) => fileOf(size)));
}

function edited(envelope: Bytes, edit: string, seal: Reseal): Bytes {
  const [what, ...rest] = edit.split(' ');
  if (what === 'append') return join(envelope, octets(rest.join(' ')));
  const [at = 0, second = 0, third = 0] = rest.map(Number);
  if (what === 'cut') return envelope.slice(0, at);
  if (what === 'set') return written(envelope, at, octets(rest.slice(1).join(' ')));
  if (what === 'xor') {
    const mask = octets(rest.slice(1).join(' '));
    return written(envelope, at, mask.map((byte, place) => byte ^ (envelope[at + place] ?? 0)));
  }
  if (what === 'reseal') return written(envelope, HEADER + CHUNK * at, seal(at, second, third));
  const length = what === 'copy' || what === 'swap' ? third : second;
  const stretch = envelope.slice(at, at + length);
  if (what === 'remove') return join(envelope.slice(0, at), envelope.slice(at + length));
  if (what === 'double') return join(envelope.slice(0, at), stretch, envelope.slice(at));
  if (what === 'copy') return written(envelope, second, stretch);
  if (what === 'swap') return written(written(envelope, at, envelope.slice(second, second + length)), second, stretch);
  throw new Error(`no such edit: ${edit}`);
}

function written(envelope: Bytes, at: number, stretch: Uint8Array): Bytes {
  const copy = envelope.slice();
  copy.set(stretch, at);
  return copy;
}

function repeated(bytes: Bytes, count: number): Bytes {
  const whole = new Uint8Array(bytes.length * count);
  for (let at = 0; at < count; at += 1) whole.set(bytes, at * bytes.length);
  return whole;
}
