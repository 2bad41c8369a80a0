// What was measured, printed when a test file is through.

export class Figures {
  private readonly lines: string[] = [];

  constructor(private readonly title: string) {}

  add(what: string, facts: Record<string, string | number>): void {
    const text = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
    this.lines.push(`  ${what}: ${text.join(', ')}`);
  }

  /** To be called after all tests. */
  print(): void {
    process.stdout.write(`\n${this.title}\n${this.lines.join('\n')}\n\n`);
  }
}
