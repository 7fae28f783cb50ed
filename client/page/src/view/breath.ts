/** Lets the browser draw, and hear the key that leaves, between two steps that take long. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
