/** What is sent: files and words as one sealed drop, in segments of which each is made when it is asked for. */
import { type Bytes, equal } from './envelope/bytes.ts';
import { encodeManifest, type Manifest } from './envelope/manifest.ts';
import { CHUNK, chunksFor, HEADER, lengthOf, PIECE } from './envelope/pad.ts';
import { type ChunkSealer, newEnvelope, type Random, type Recipients } from './envelope/seal.ts';
import { SEGMENT, segmentHash } from './envelope/tree.ts';

export { SEGMENT };

/** What an upload takes. */
export interface Parcel {
  /** Bytes of the whole envelope. */
  readonly length: number;
  readonly segments: number;
  /** The sealed bytes from `index * SEGMENT` on. Each is asked for once, in any order. */
  segment(index: number): Promise<Bytes>;
}

/** A file vanished, shrank or was replaced while it was being sealed. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
  /** Its place among the files, from 0. */
  readonly file: number;

  constructor(file: number) {
    super(`file ${file} changed`);
    this.file = file;
  }
}

/** Seals a new drop. `bodies` are in the manifest's order, and as long as it says. */
export async function sealParcel(
  random: Random,
  recipients: Recipients,
  manifest: Manifest,
  bodies: readonly Blob[],
  breathe?: () => Promise<void>,
): Promise<Parcel> {
  const plaintext = new Plaintext(encodeManifest(manifest), bodies);
  const { header, sealer } = await newEnvelope(random, recipients, chunksFor(plaintext.length), breathe);
  return new SealedParcel(header, sealer, plaintext);
}

class SealedParcel implements Parcel {
  readonly length: number;
  readonly segments: number;
  readonly #header: Bytes;
  readonly #sealer: ChunkSealer;
  readonly #plaintext: Plaintext;
  /** Chunks that lie in two segments, until the second one takes them: none is sealed twice. */
  readonly #shared = new Map<number, Promise<Bytes>>();
  #asked = 0;

  constructor(header: Bytes, sealer: ChunkSealer, plaintext: Plaintext) {
    this.length = lengthOf(sealer.chunks);
    this.segments = Math.ceil(this.length / SEGMENT);
    this.#header = header;
    this.#sealer = sealer;
    this.#plaintext = plaintext;
  }

  async segment(index: number): Promise<Bytes> {
    this.#asked += 1;
    const segment = await this.#sealed(index);
    // Without its last segment no drop is made of the others.
    if (this.#asked === this.segments) await this.#plaintext.checkUnchanged();
    return segment;
  }

  async #sealed(index: number): Promise<Bytes> {
    const from = index * SEGMENT;
    const to = Math.min(from + SEGMENT, this.length);
    const segment = new Uint8Array(to - from);
    if (index === 0) segment.set(this.#header);
    const first = Math.max(0, Math.floor((from - HEADER) / CHUNK));
    const end = Math.ceil((to - HEADER) / CHUNK);
    const text = await this.#text(first, end, from, to);
    await Promise.all(
      Array.from({ length: end - first }, async (_, count) => {
        const chunk = first + count;
        const at = HEADER + chunk * CHUNK;
        const sealed = await this.#chunk(chunk, from, to, text);
        segment.set(sealed.subarray(Math.max(0, from - at), Math.min(CHUNK, to - at)), Math.max(0, at - from));
      }),
    );
    return segment;
  }

  /** The plaintext of those chunks, read at once. One that was sealed for the segment beside this one is not read. */
  async #text(first: number, end: number, from: number, to: number): Promise<(chunk: number) => Promise<Bytes>> {
    const isHere = (chunk: number): boolean => {
      const at = HEADER + chunk * CHUNK;
      return at >= from && at + CHUNK <= to;
    };
    const whole = Array.from({ length: end - first }, (_, count) => first + count).filter(isHere);
    const start = whole[0] ?? first;
    const text = await this.#plaintext.read(start * PIECE, whole.length * PIECE);
    return async (chunk) => {
      if (!isHere(chunk)) return await this.#plaintext.read(chunk * PIECE, PIECE);
      const at = (chunk - start) * PIECE;
      return text.subarray(at, at + PIECE);
    };
  }

  #chunk(chunk: number, from: number, to: number, text: (chunk: number) => Promise<Bytes>): Promise<Bytes> {
    const at = HEADER + chunk * CHUNK;
    const seal = async (): Promise<Bytes> => await this.#sealer.seal(chunk, await text(chunk));
    if (at >= from && at + CHUNK <= to) return seal();
    const held = this.#shared.get(chunk);
    if (held !== undefined) {
      this.#shared.delete(chunk);
      return held;
    }
    const sealing = seal();
    this.#shared.set(chunk, sealing);
    return sealing;
  }
}

/** The manifest, the files and the zeros behind them, by their place. */
class Plaintext {
  readonly length: number;
  readonly #prefix: Bytes;
  readonly #bodies: readonly { readonly from: number; readonly body: Blob }[];
  readonly #samples: Sample[] = [];

  constructor(prefix: Bytes, bodies: readonly Blob[]) {
    let at = prefix.length;
    this.#prefix = prefix;
    this.#bodies = bodies.map((body) => {
      const from = at;
      at += body.size;
      return { from, body };
    });
    this.length = at;
  }

  async read(from: number, length: number): Promise<Bytes> {
    const text = new Uint8Array(length);
    const to = from + length;
    if (from < this.#prefix.length) text.set(this.#prefix.subarray(from, Math.min(to, this.#prefix.length)));
    await Promise.all(
      this.#bodies.map(async ({ from: start, body }, file) => {
        const [first, last] = [Math.max(from, start), Math.min(to, start + body.size)];
        if (first >= last) return;
        const bytes = await readBody(body, file, first - start, last - start);
        text.set(bytes, first - from);
        this.#samples.push(await sample(file, first - start, bytes));
      }),
    );
    return text;
  }

  /** Reads a little of each stretch again: a file that was replaced gives its new bytes without a word. */
  async checkUnchanged(): Promise<void> {
    for (const { file, from, length, hash } of this.#samples) {
      const { body } = this.#bodies[file] ?? {};
      if (body === undefined) continue;
      const again = await sample(file, from, await readBody(body, file, from, from + length));
      if (!equal(again.hash, hash)) throw new FileChanged(file);
    }
  }
}

/** The beginning of a stretch of a file, as it was when it was sealed. */
interface Sample {
  readonly file: number;
  readonly from: number;
  readonly length: number;
  readonly hash: Bytes;
}

const SAMPLE = 4_096;

async function sample(file: number, from: number, bytes: Bytes): Promise<Sample> {
  const beginning = bytes.subarray(0, SAMPLE);
  return { file, from, length: beginning.length, hash: await segmentHash(beginning) };
}

/** A slice beyond the end of a file that shrank is shorter, and that is no error of its own. */
async function readBody(body: Blob, file: number, from: number, to: number): Promise<Bytes> {
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(await body.slice(from, to).arrayBuffer());
  } catch {
    throw new FileChanged(file);
  }
  if (bytes.length !== to - from) throw new FileChanged(file);
  return bytes;
}
