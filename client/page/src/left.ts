/** Whether the source has left. The document lives on until the harmless page is there, which may take a minute over Tor. */
let isLeft = false;

/** Nothing of this page goes on after this. */
export function endAll(): void {
  isLeft = true;
}

export function hasLeft(): boolean {
  return isLeft;
}

/** What a step of the work gives, or nothing ever more: whoever waits for it does nothing then. */
export async function unlessLeft<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } finally {
    // A request that leaving has cut fails: nobody is to be told.
    if (isLeft) await new Promise<never>(() => undefined);
  }
}
