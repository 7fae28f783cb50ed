/** Whether these are the 64 digits of 32 bytes. */
export function are64Digits(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A whole number in decimal digits, as a length or an offset is written; nothing if it is anything else. */
export function decimal(text: string | null): number | undefined {
  if (text === null || !/^[0-9]{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
