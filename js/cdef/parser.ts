/** Declarations of C, parsed. */
import { takeAttributes } from './attributes';
import { TypeParser } from './grammar';
import type { CType, SymbolDeclaration } from './syntax';
import { naming } from './tokens';

export class Parser extends TypeParser {
  readonly symbols: SymbolDeclaration[] = [];
  readonly #packs: (number | undefined)[] = [];

  /** All declarations to the end. */
  declarations(): void {
    let isOpen = false;
    for (;;) {
      const { kind, text } = this.cursor.peek();
      if (kind === 'end') {
        if (isOpen) throw this.cursor.fail(`extern "C" is not closed`);
        return;
      }
      if (kind === 'pack') this.#setPack();
      else if (this.cursor.take(';')) continue;
      else if (isOpen && this.cursor.take('}')) isOpen = false;
      else if (text === 'extern' && this.cursor.peek(1).kind === 'string') {
        this.cursor.next();
        this.cursor.next();
        if (this.cursor.take('{')) isOpen = true;
      } else this.#declaration();
    }
  }

  /** Declarations, and a type at the end. */
  type(): CType {
    for (;;) {
      while (this.cursor.peek().kind === 'pack') this.#setPack();
      const specified = this.specifiers();
      const { name, build } = this.declarator(specified);
      const goesOn = this.cursor.take(';') && this.cursor.peek().kind !== 'end';
      if (!goesOn && this.cursor.peek().kind === 'end') return build(specified.type);
      if (name === undefined && goesOn) continue;
      if (name === undefined || !goesOn || !specified.isTypedef) throw this.#unexpected('the type');
      this.scope.typedefs.set(name.text, build(specified.type));
    }
  }

  #unexpected(after: string): Error {
    const token = this.cursor.peek();
    if (token.text === '=') return this.cursor.fail('a declaration for arkffi has no initial value');
    if (token.text === '{') return this.cursor.fail("a body; a prototype ends with ';'");
    return this.cursor.fail(`expected ';' after ${after}, found ${naming(token)}`);
  }

  #setPack(): void {
    const token = this.cursor.next();
    const words = token.text.split(',').map((word) => word.trim());
    for (const word of words.filter((given) => given !== '')) {
      if (word === 'push') this.#packs.push(this.pack);
      else if (word === 'pop') this.pack = this.#packs.pop();
      else if (['1', '2', '4', '8', '16'].includes(word)) this.pack = Number(word);
      else throw this.cursor.fail(`'${word}' in #pragma pack is not push, pop, 1, 2, 4, 8 or 16`, token);
    }
    if (token.text.trim() === '') this.pack = undefined;
  }

  #declaration(): void {
    const specified = this.specifiers();
    if (this.cursor.take(';') || this.cursor.peek().kind === 'end') return;
    do {
      const { name, build } = this.declarator(specified);
      if (name === undefined) throw this.cursor.fail(`expected a name, found ${naming(this.cursor.peek())}`);
      const type = build(specified.type);
      const symbol = this.#label();
      takeAttributes(this.cursor, specified.attributes);
      if (specified.isTypedef) this.scope.typedefs.set(name.text, type);
      else this.symbols.push({ name: name.text, type, symbol, at: name });
    } while (this.cursor.take(','));
    if (this.cursor.peek().kind !== 'end' && !this.cursor.take(';'))
      throw this.#unexpected('the declaration');
  }

  /** The name in the library, as GCC lets it be given: `asm("name")`. */
  #label(): string | undefined {
    const isLabel = ['asm', '__asm', '__asm__'].some((word) => this.cursor.take(word));
    if (!isLabel) return undefined;
    this.cursor.expect('(', 'after asm');
    const { kind, text } = this.cursor.next();
    if (kind !== 'string') throw this.cursor.fail('asm takes the name of a symbol in quotes');
    this.cursor.expect(')', 'after the name');
    return text.slice(1, -1);
  }
}
