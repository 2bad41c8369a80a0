// References: what a person reads out to the support, and the log finds.

/** Ten characters that stand in the answer and in the log. */
export function newRef({ randomBytes }: { randomBytes(size: number): Buffer }): string {
  return randomBytes(5).toString('hex').toUpperCase();
}
