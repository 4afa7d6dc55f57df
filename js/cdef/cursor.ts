/** Where a parser is among the tokens. */
import type { ErrorCode } from '../errors';
import { failAt, naming, type Place, type Token } from './tokens';

/** Declarators, structs and expressions may be nested so deep. */
const maxDepth = 200;

export class Cursor {
  readonly owner: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(owner: string, tokens: readonly Token[]) {
    this.owner = owner;
    this.#tokens = tokens;
  }

  /** The next token, or one of those behind it; the last is always 'end'. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  /** Whether the next token is that word or mark. */
  sees(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === 'name' || token.kind === 'mark');
  }

  /** Takes the word or mark where it comes next. */
  take(text: string): boolean {
    const found = this.sees(text);
    if (found) this.#at++;
    return found;
  }

  expect(text: string, where: string): void {
    if (!this.take(text)) throw this.fail(`expected '${text}' ${where}, found ${naming(this.peek())}`);
  }

  fail(message: string, at: Place = this.peek(), code?: ErrorCode): Error {
    return failAt(this.owner, at, message, code);
  }

  /** Runs a part of the parser; where it finds nothing, the cursor stays. */
  attempt<T>(parse: () => T | undefined): T | undefined {
    const start = this.#at;
    const found = parse();
    if (found === undefined) this.#at = start;
    return found;
  }

  /** Runs a part of the parser that may come to itself again. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > maxDepth) throw this.fail(`nested deeper than ${maxDepth} levels`);
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  /** Leaves out what stands between two marks, and gives the words in it. */
  skipBalanced(open: string, close: string): Token[] {
    const start = this.peek();
    this.expect(open, 'here');
    const inside: Token[] = [];
    for (let depth = 1; ;) {
      const token = this.next();
      if (token.kind === 'end') throw this.fail(`'${open}' is not closed`, start);
      if (token.kind === 'mark' && token.text === open) depth++;
      if (token.kind === 'mark' && token.text === close && --depth === 0) return inside;
      inside.push(token);
    }
  }
}
