/** Sealing: a header for the newsroom's keys, then the chunks (FORMAT.md §3). */
import { type Bytes, join, u8 } from './bytes.ts';
import * as hpke from './hpke.ts';
import { isOnScale, PIECE } from './pad.ts';
import { need } from './refused.ts';
import { split } from './share.ts';
import { DROP, head, header, nonce, Schedule, slotInfo, SLOTS, type Suite } from './slot.ts';
import { ENCAPSULATION_RANDOMNESS, keyPair } from './xwing.ts';

/** Gives so many random bytes. Tests give a stream that is known. */
export type Random = (length: number) => Bytes;

/** What the browser has. */
export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Whom a drop is sealed to. */
export interface Recipients {
  readonly epoch: number;
  readonly keys: readonly Uint8Array[];
  readonly quorum: number;
}

/** The page's suite: nothing else is fast enough in Tor Browser. */
const SUITE: Suite = 2;
const ALGORITHM = 'AES-GCM';

/** A new header, and what seals the chunks behind it. */
export interface Envelope {
  readonly header: Bytes;
  readonly sealer: ChunkSealer;
}

/** Makes the header of a new drop. Between two slots it lets the page breathe: each takes a tenth of a second at Safer. */
export async function newEnvelope(
  random: Random,
  recipients: Recipients,
  chunks: number,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<Envelope> {
  need(isOnScale(chunks), 'chunks');
  const { epoch, keys, quorum } = recipients;
  need(keys.length <= SLOTS && quorum >= 1 && quorum <= keys.length, 'quorum');
  const [m, salt] = [random(32), random(32)];
  const h0 = head(DROP, epoch, chunks, salt);
  const schedule = new Schedule(salt, m);
  const commitment = schedule.commitment(SUITE, quorum, h0);
  const info = slotInfo(h0, commitment);

  const shares = split(m, quorum, keys.length, random);
  const slots: Bytes[] = [];
  for (const place of shuffled(random, keys.length)) {
    const [key, share] = place === undefined ? [] : [keys[place], shares[place]];
    const isReal = place !== undefined && key !== undefined && share !== undefined;
    // An encapsulation can be told from random bytes: nobody's slot is sealed like the others.
    const to = isReal ? key : keyPair(random(32)).publicKey;
    const text = isReal ? join(u8(SUITE), u8(quorum), u8(place + 1), share) : new Uint8Array(35);
    slots.push(hpke.seal(to, info, u8(slots.length), text, random(ENCAPSULATION_RANDOMNESS)));
    text.fill(0);
    await breathe();
  }
  const bytes = header(h0, commitment, slots);
  const key = schedule.payloadKey(SUITE, bytes);
  const sealer = await ChunkSealer.from(key, chunks);
  schedule.erase();
  for (const secret of [m, key, ...shares]) secret.fill(0);
  return { header: bytes, sealer };
}

/** Seals the chunks of one envelope. Nothing can take the key out of it. */
export class ChunkSealer {
  readonly chunks: number;
  readonly #key: CryptoKey;
  readonly #sealed = new Set<number>();

  private constructor(key: CryptoKey, chunks: number) {
    this.#key = key;
    this.chunks = chunks;
  }

  static async from(key: Bytes, chunks: number): Promise<ChunkSealer> {
    return new ChunkSealer(await crypto.subtle.importKey('raw', key, ALGORITHM, false, ['encrypt']), chunks);
  }

  /** Seals a chunk, once: the same key and nonce over two texts would give both away. */
  async seal(index: number, text: Bytes): Promise<Bytes> {
    need(index >= 0 && index < this.chunks && text.length === PIECE, 'chunks');
    if (this.#sealed.has(index)) throw new Error('a chunk is sealed once');
    this.#sealed.add(index);
    const algorithm = { name: ALGORITHM, iv: nonce(index, this.chunks), tagLength: 128 };
    return new Uint8Array(await crypto.subtle.encrypt(algorithm, this.#key, text));
  }
}

/** The places of the editors and of nobody, in an order that is drawn as FORMAT.md §18 says. */
function shuffled(random: Random, editors: number): (number | undefined)[] {
  const places = Array.from({ length: SLOTS }, (_, at) => (at < editors ? at : undefined));
  for (let last = SLOTS - 1; last >= 1; last -= 1) {
    const other = uniform(random, last + 1);
    [places[last], places[other]] = [places[other], places[last]];
  }
  return places;
}

/** A number below `choices`, without the bias of a remainder. */
function uniform(random: Random, choices: number): number {
  for (;;) {
    const [byte = 0] = random(1);
    if (byte < 256 - (256 % choices)) return byte % choices;
  }
}
