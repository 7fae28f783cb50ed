import { hex } from '../envelope/bytes.ts';
import { small } from './papers.ts';
import { DropBoxError } from './trouble.ts';
import type { DropBox } from './wire.ts';

/** Bytes of a sealed reply. */
const REPLY = 77_824;
const ENVELOPES = 4;
/** The erase secret and four names. */
const ERASURE = 160;
const PLACE = 32;

/**
 * The four envelopes of a mailbox; which of them are replies, only its key tells. Rejects with `DropBoxError`.
 *
 * A browser sends it on the circuit of everything else of this page: never look while an upload runs.
 */
export async function poll(box: DropBox, mailbox: Uint8Array): Promise<Uint8Array<ArrayBuffer>[]> {
  const request = { method: 'GET', path: path(mailbox), most: ENVELOPES * REPLY } as const;
  const { body } = await small(box, request, 200);
  if (body.length !== ENVELOPES * REPLY) throw new DropBoxError('nonsense');
  return Array.from({ length: ENVELOPES }, (_, at) => body.slice(at * REPLY, (at + 1) * REPLY));
}

/**
 * Asks that these replies be erased: the first four at most, as many as one look gives. The answer is the
 * same whatever was there. Rejects with `DropBoxError`.
 */
export async function erase(
  box: DropBox,
  mailbox: Uint8Array,
  secret: Uint8Array,
  names: readonly Uint8Array[],
): Promise<void> {
  const body = new Uint8Array(ERASURE);
  box.random(body);
  [secret, ...names.slice(0, ENVELOPES)].forEach((part, place) => {
    if (part.length !== PLACE) throw new RangeError('a name or secret of another length');
    body.set(part, place * PLACE);
  });
  try {
    await small(box, { method: 'POST', path: path(mailbox), body, most: 0 }, 204);
  } finally {
    body.fill(0);
  }
}

function path(mailbox: Uint8Array): string {
  if (mailbox.length !== PLACE) throw new RangeError('a mailbox of another length');
  return `/mailbox/${hex(mailbox)}`;
}
