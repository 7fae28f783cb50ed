import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SEGMENT, type Parcel } from '../../src/parcel.ts';

/** A parcel of bytes that are there already. It holds that each segment is asked for once. */
export class TestParcel implements Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly asked: number[] = [];
  onAsk: (index: number) => void = () => undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  static of(length: number): TestParcel {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4_093) bytes[at] = at / 4_093;
    return new TestParcel(bytes);
  }

  get length(): number {
    return this.bytes.length;
  }

  get segments(): number {
    return Math.ceil(this.length / SEGMENT);
  }

  async segment(index: number): Promise<Uint8Array<ArrayBuffer>> {
    assert.ok(!this.asked.includes(index), `segment ${index} is sealed once`);
    this.asked.push(index);
    this.onAsk(index);
    return this.bytes.slice(index * SEGMENT, (index + 1) * SEGMENT);
  }
}

/** The tree hash, written a second time from FORMAT.md §8. */
export function treeHash(bytes: Uint8Array): string {
  const tree = createHash('sha256').update('knothole/v1 tree');
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes.length));
  tree.update(length);
  for (let at = 0; at < bytes.length; at += SEGMENT) {
    tree.update(createHash('sha256').update(bytes.subarray(at, at + SEGMENT)).digest());
  }
  return tree.digest('hex');
}
