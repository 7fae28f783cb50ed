/** Opening a reply, with the key that a source's words lead to (FORMAT.md §7 and §8). */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { type Bytes, equal, equalInConstantTime, hex, u8 } from './bytes.ts';
import { decode, encode, type Fields, type Uint } from './cbor.ts';
import type { Chain } from './chain.ts';
import { sha256 } from './digest.ts';
import { open } from './hpke.ts';
import { MOST_MESSAGE } from './manifest.ts';
import { CHUNK, HEADER, PIECE } from './pad.ts';
import { Record } from './record.ts';
import { need, Refused } from './refused.ts';
import { isValid, signedBytes } from './signing.ts';
import type { KeyPair } from './xwing.ts';
import { MAGIC, nonce, REPLY, Schedule, SLOT, slotInfo, SLOTS, SLOTS_AT, type Suite, VERSION, ZEROS_AT } from './slot.ts';

export const REPLY_LENGTH = HEADER + CHUNK;

export interface Reply {
  /** Rises with each reply of the conversation. */
  readonly number: Uint;
  readonly message: string;
  readonly editor: Bytes;
  /** Whether who wrote it is an editor still. */
  readonly isByCurrentEditor: boolean;
}

/**
 * Opens what lies in a mailbox. 'not for these keys' is no damage: a decoy, or another's. Between two slots the page may
 * breathe: each takes a tenth of a second at Safer.
 */
export async function openReply(
  envelope: Bytes,
  key: KeyPair,
  chain: Chain,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<Reply> {
  const { suite, payloadKey } = await unlock(envelope, key.secretKey, breathe);
  const text = await openChunk(suite, payloadKey, envelope.subarray(HEADER));
  return readManifest(text, key.publicKey, chain);
}

async function unlock(
  envelope: Uint8Array,
  secretKey: Uint8Array,
  breathe: () => Promise<void>,
): Promise<{ suite: Suite; payloadKey: Bytes }> {
  const header = checkedHeader(envelope);
  const [h0, commitment] = [header.subarray(0, 56), header.subarray(56, SLOTS_AT)];
  const info = slotInfo(h0, commitment);
  const opened: Bytes[] = [];
  for (let place = 0; place < SLOTS; place += 1) {
    const at = SLOTS_AT + place * SLOT;
    const text = open(secretKey, info, u8(place), header.subarray(at, at + SLOT));
    if (text !== undefined) opened.push(text);
    await breathe();
  }
  const [slot, second] = opened;
  if (slot === undefined) throw new Refused('not for these keys');
  need(second === undefined, 'two slots');
  const [suite, quorum, x] = slot;
  need(suite === 1 || suite === 2, 'suite');
  need(quorum === 1, 'quorum');
  need(x === 1, 'share');
  const schedule = new Schedule(header.subarray(24, 56), slot.subarray(3));
  need(equalInConstantTime(schedule.commitment(suite, quorum, h0), commitment), 'commitment');
  need(envelope.length === REPLY_LENGTH, 'reply length');
  return { suite, payloadKey: schedule.payloadKey(suite, header) };
}

function checkedHeader(envelope: Uint8Array): Uint8Array {
  need(envelope.length >= HEADER, 'short');
  const header = envelope.subarray(0, HEADER);
  const fields = new DataView(header.buffer, header.byteOffset, HEADER);
  need(equal(header.subarray(0, 8), MAGIC), 'magic');
  need(header[8] === VERSION, 'version');
  need(header[9] === REPLY, 'kind');
  need(fields.getUint16(10) === 0, 'reserved');
  need(fields.getUint32(12) === 0, 'epoch');
  need(fields.getBigUint64(16) === 1n, 'chunks');
  need(header.subarray(ZEROS_AT).every((byte) => byte === 0), 'reserved');
  return header;
}

async function openChunk(suite: Suite, key: Bytes, chunk: Bytes): Promise<Uint8Array> {
  const iv = nonce(0, 1);
  try {
    if (suite === 1) return chacha20poly1305(key, iv).decrypt(chunk);
    const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, tagLength: 128 }, imported, chunk));
  } catch {
    throw new Refused('damaged');
  }
}

function readManifest(text: Uint8Array, key: Uint8Array, chain: Chain): Reply {
  const length = new DataView(text.buffer, text.byteOffset, 4).getUint32(0);
  need(length >= 1 && length <= PIECE - 4, 'manifest length');
  need(text.subarray(4 + length).every((byte) => byte === 0), 'trailing');
  const value = decode(text.subarray(4, 4 + length));
  const record = Record.of(value, [1, 2, 3, 6, 7, 8]);
  record.version();
  const source = record.bytes(2, 32);
  const number = record.uint(3);
  const message = record.text(6, MOST_MESSAGE);
  const editor = record.bytes(7, 32).slice() as Bytes;
  const signature = record.bytes(8, 64);
  need(equal(source, sha256(key)), 'other source');
  need(chain.hasEditor(editor), 'foreign editor');
  const unsigned = new Map([...(value as Fields)].filter(([field]) => field !== 8));
  need(isValid(signature, signedBytes('reply', chain.fingerprint, encode(unsigned)), editor), 'bad signature');
  return { number, message, editor, isByCurrentEditor: chain.current.editors.includes(hex(editor)) };
}
