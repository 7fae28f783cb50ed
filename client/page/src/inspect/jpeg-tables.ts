// Frames and tables of JPEG: each exactly as long as what it holds (ITU-T T.81, B.2).

/** Whether a segment has nothing behind what it holds. Readers refuse most that have. */
export function fits(marker: number, body: Uint8Array): boolean {
  return whole(marker, body) === body.length;
}

/** How long a segment has to be. */
function whole(marker: number, body: Uint8Array): number | undefined {
  switch (marker) {
    // Quantization: a table of 64 numbers of one byte or two.
    case 0xdb:
      return each(body, (at) => {
        const first = body[at] ?? 0xff;
        return first < 0x10 ? 65 : first < 0x20 ? 129 : undefined;
      });
    // Codes: how many of each length, then what they stand for.
    case 0xc4:
      return each(body, (at) => {
        if (at + 17 > body.length) return undefined;
        return body.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 17);
      });
    // Arithmetic coding: pairs.
    case 0xcc:
      return each(body, () => 2);
    case 0xdc:
    case 0xdd:
      return 2;
    case 0xda:
      return counted(body[0], 2, 4);
    default:
      return counted(body[5], 3, 6);
  }
}

function counted(count: number | undefined, each: number, head: number): number | undefined {
  return count === undefined ? undefined : count * each + head;
}

/** How long things are together that follow each other up to the end. */
function each(body: Uint8Array, length: (at: number) => number | undefined): number | undefined {
  let at = 0;
  while (at < body.length) {
    const one = length(at);
    if (one === undefined) return undefined;
    at += one;
  }
  return at;
}
