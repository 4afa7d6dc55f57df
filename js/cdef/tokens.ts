/** C declarations as tokens, each with its place. */
import { ffiError, type ErrorCode } from '../errors';

/** Both counted from 1; a column is a character. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Token extends Place {
  readonly kind: 'name' | 'number' | 'char' | 'string' | 'pack' | 'given' | 'mark' | 'end';
  readonly text: string;
  /** The value that stands here, of a template. */
  readonly given?: unknown;
}

/** Texts of the user's in a message are cut off here. */
const maxMessage = 500;

/** An error at a place. `owner` is the function that was given the text. */
export function failAt(
  owner: string,
  { line, column }: Place,
  message: string,
  code: ErrorCode = 'ERR_FFI_INVALID_TYPE',
): Error {
  // A name may be as long as the text.
  const short = message.replaceAll(/[\w$]{60,}/g, (name) => `${name.slice(0, 59)}…`);
  const shown = short.length > maxMessage ? `${short.slice(0, maxMessage)}…` : short;
  return ffiError(code, `${owner}: line ${line}, column ${column}: ${shown}`);
}

/** What a token is called in messages. */
export function naming({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : kind === 'given' ? 'a value of the template' : `'${text}'`;
}

/** Blanks and comments, then what a token can be; strings, and the preprocessor's lines, are read by hand. */
const blank = /\s+|\/\/[^\n]*/y;
const continuation = /\\\r?\n/y;
const patterns = [
  ['name', /[\p{L}_$][\p{L}\p{M}\p{N}_$]*/uy],
  ['number', /\.?\d[\w.]*(?:(?<=[eEpP])[+-][\w.]*)*/y],
  ['mark', /\.\.\.|<<|>>|->|[<>=!]=|&&|\|\||[-+*/%&|^~!<>=()[\]{},;:?.]/y],
] as const;
/** What begins a string or a character. */
const quote = /(?:u8|[uUL])?["']/y;

/** The lines by which the preprocessor tells where a text comes from, and the empty one. */
const marker = /^#[ \t]*(?:line\b|\d|$)/;
const pack = /^#[ \t]*pragma[ \t]+pack[ \t]*\(([^)]*)\)\s*$/;
/** Pragmas that change no layout. */
const harmless =
  /^#[ \t]*pragma[ \t]+(?:once|GCC|STDC|region|endregion|warning|message|comment|mark|clang[ \t]+(?:diagnostic|assume_nonnull|system_header|module|deprecated|final))\b/;

/** Longer texts are refused, before they use up memory. */
const maxLength = 2 ** 23;

/** More tokens than this are refused, before they use up memory. */
const maxTokens = 1_000_000;

class Tokenizer {
  readonly tokens: Token[] = [];
  #line = 1;
  #lineStart = 0;
  #source = '';
  #at = 0;

  constructor(readonly owner: string) {}

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0];
  }

  #skip(text: string): void {
    const from = this.#at;
    this.#at += text.length;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
      this.#line++;
      this.#lineStart = from + end + 1;
    }
  }

  #push(kind: Token['kind'], text: string): void {
    if (this.tokens.length === maxTokens)
      throw failAt(this.owner, this.#place(), `more than ${maxTokens} tokens`);
    this.tokens.push({ kind, text, ...this.#place() });
  }

  read(source: string): void {
    // A line goes on across the values of a template.
    this.#lineStart -= this.#at;
    this.#source = source;
    this.#at = 0;
    if (source.length > maxLength)
      throw failAt(this.owner, this.#place(), `a text of more than ${maxLength} characters`);
    while (this.#at < source.length) {
      const skipped = this.#comment() ?? this.#match(blank) ?? this.#match(continuation);
      if (skipped !== undefined) this.#skip(skipped);
      else this.#token();
    }
  }

  #comment(): string | undefined {
    if (!this.#source.startsWith('/*', this.#at)) return undefined;
    const end = this.#source.indexOf('*/', this.#at + 2);
    if (end === -1) throw failAt(this.owner, this.#place(), 'the comment has no end');
    return this.#source.slice(this.#at, end + 2);
  }

  /** Whether nothing but blanks stands before this place in its line. */
  #beginsLine(): boolean {
    const start = this.#source.lastIndexOf('\n', this.#at - 1) + 1;
    return this.#at === 0 || this.#source.slice(start, this.#at).trim() === '';
  }

  /** A line of the preprocessor's, with those that it goes on in. */
  #directive(): boolean {
    if (this.#source[this.#at] !== '#' || !this.#beginsLine()) return false;
    const source = this.#source;
    let end = source.indexOf('\n', this.#at);
    while (end !== -1 && /\\\r?$/.test(source.slice(Math.max(this.#at, end - 2), end)))
      end = source.indexOf('\n', end + 1);
    const line = source.slice(this.#at, end === -1 ? source.length : end);
    const plain = line
      .replaceAll(/\\\r?\n/g, ' ')
      .replaceAll(/\/\*.*?\*\/|\/\/.*$/g, ' ')
      .trim();
    const found = pack.exec(plain);
    if (found !== null) this.#push('pack', found[1]!);
    else if (!marker.test(plain) && !harmless.test(plain)) throw this.#unknownDirective(plain);
    this.#skip(line);
    return true;
  }

  #unknownDirective(line: string): Error {
    const name = /^#[ \t]*(?:pragma[ \t]+)?[\w]*/.exec(line)![0];
    const message = `'${name}': of the preprocessor, only '#pragma pack' is known here; give what 'cc -E -P' prints`;
    return failAt(this.owner, this.#place(), message);
  }

  /** A string or character, up to its quote. */
  #quoted(): boolean {
    const start = this.#match(quote);
    if (start === undefined) return false;
    const end = start.at(-1)!;
    const source = this.#source;
    let at = this.#at + start.length;
    for (; at < source.length && source[at] !== end && source[at] !== '\n'; at++)
      if (source[at] === '\\') at++;
    const what = end === '"' ? 'string' : 'character';
    if (source[at] !== end) throw failAt(this.owner, this.#place(), `the ${what} has no end`);
    const text = source.slice(this.#at, at + 1);
    if (what === 'character' && text.length === start.length + 1)
      throw failAt(this.owner, this.#place(), 'a character is missing between the quotes');
    this.#push(what === 'string' ? 'string' : 'char', text);
    this.#skip(text);
    return true;
  }

  #token(): void {
    if (this.#directive() || this.#quoted()) return;
    for (const [kind, pattern] of patterns) {
      const text = this.#match(pattern);
      if (text === undefined) continue;
      this.#push(kind, text);
      this.#skip(text);
      return;
    }
    const found = String.fromCodePoint(this.#source.codePointAt(this.#at)!).replace('\0', '\\0');
    throw failAt(this.owner, this.#place(), `'${found}' is not C`);
  }

  give(given: unknown): void {
    this.tokens.push({ kind: 'given', text: '', given, ...this.#place() });
  }

  end(): Token[] {
    this.#push('end', '');
    return this.tokens;
  }
}

/** The tokens of a text; of a template, its texts with a value between each two. */
export function tokenize(owner: string, texts: readonly string[], values: readonly unknown[]): Token[] {
  const tokenizer = new Tokenizer(owner);
  texts.forEach((text, index) => {
    tokenizer.read(text);
    if (index >= values.length || index === texts.length - 1) return;
    const value = values[index];
    if (typeof value === 'string') tokenizer.read(value);
    else if (typeof value === 'number' || typeof value === 'bigint') tokenizer.read(String(value));
    else tokenizer.give(value);
  });
  return tokenizer.end();
}
