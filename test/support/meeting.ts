// Holds those who attend until all that are expected have come: for things that have to happen at
// the same time.
export class Meeting {
  private missing = 0;
  private waiting: (() => void)[] = [];

  expect(people: number): void {
    this.missing = people;
  }

  async attend(): Promise<true> {
    this.missing -= 1;
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      if (this.missing > 0) return;
      for (const release of this.waiting) release();
      this.waiting = [];
    });
    return true;
  }
}
