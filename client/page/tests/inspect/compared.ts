// A cleaned copy as it is compared with the one that client/inspect makes.
import { createHash } from 'node:crypto';
import { unzlibSync } from 'fflate';
import { row, type Bytes } from './made.ts';

/** What stands in rust.txt for a file: the hash of its cleaned copy, or that there is none. */
export function compared(copy: Bytes | undefined): string {
  return copy === undefined ? '-' : createHash('sha256').update(plain(copy)).digest('hex');
}

/**
 * Two programs pack a PNG's colour profile differently, so it stands there unpacked, with neither a length nor a
 * checksum.
 */
function plain(copy: Bytes): Bytes {
  const view = Buffer.from(copy);
  if (view.toString('latin1', 1, 4) !== 'PNG') return copy;
  const parts: Uint8Array[] = [copy.subarray(0, 8)];
  let at = 8;
  while (at + 12 <= copy.length) {
    const end = at + 12 + view.readUInt32BE(at);
    if (end > copy.length) break;
    const chunk = copy.subarray(at + 4, end);
    const isProfile = view.toString('latin1', at + 4, at + 13) === 'iCCPicc\0\0';
    // Not the checksum, as the other side leaves it out with the rest of what follows.
    parts.push(isProfile ? unzlibSync(chunk.subarray(9, chunk.length - 4)) : chunk);
    at = end;
  }
  return row(...parts, copy.subarray(at));
}
