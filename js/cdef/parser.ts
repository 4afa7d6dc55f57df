/** Declarations of C, parsed. */
import { takeAttributes } from './attributes';
import type { Declarator, Specified } from './declarators';
import { TypeParser } from './grammar';
import type { CType } from './syntax';
import { naming } from './tokens';

export class Parser extends TypeParser {
  /** All declarations to the end. */
  declarations(): void {
    let open = 0;
    for (;;) {
      const { kind, text } = this.cursor.peek();
      if (kind === 'end') {
        if (open > 0) throw this.cursor.fail(`extern "C" is not closed`);
        return;
      }
      if (kind === 'pack') this.setPack();
      else if (this.cursor.take(';') || this.assertion()) continue;
      else if (open > 0 && this.cursor.take('}')) open--;
      else if (text === 'extern' && this.cursor.peek(1).kind === 'string') {
        this.cursor.next();
        this.cursor.next();
        if (this.cursor.take('{')) open++;
      } else this.#declaration();
    }
  }

  /** Declarations, and a type at the end. */
  type(): CType {
    for (;;) {
      if (this.cursor.peek().kind === 'pack') {
        this.setPack();
        continue;
      }
      if (this.assertion()) {
        this.cursor.expect(';', 'after the assertion');
        continue;
      }
      const at = this.cursor.peek();
      const specified = this.specifiers();
      const declarator = this.declarator(specified);
      takeAttributes(this.cursor, declarator.attributes);
      const { name } = declarator;
      const goesOn = this.cursor.take(';') && this.cursor.peek().kind !== 'end';
      const isLast = !goesOn && this.cursor.peek().kind === 'end';
      // A type that arkffi lacks is refused where it stands.
      const type = () => this.finish({ ...specified, isTypedef: true }, declarator, name ?? at);
      if (isLast) return type();
      if (name === undefined && goesOn) continue;
      if (name === undefined || !goesOn || !specified.isTypedef) throw this.#unexpected('the type');
      this.scope.typedefs.set(name.text, type());
    }
  }

  #unexpected(after: string): Error {
    const token = this.cursor.peek();
    if (token.text === '=') return this.cursor.fail('a declaration for arkffi has no initial value');
    if (token.text === '{') return this.cursor.fail("a body; a prototype ends with ';'");
    const macro = token.kind === 'name' ? '; is a word before it a macro?' : '';
    return this.cursor.fail(`expected ';' after ${after}, found ${naming(token)}${macro}`);
  }

  #declaration(): void {
    const { cursor } = this;
    const specified = this.specifiers();
    if (cursor.take(';') || cursor.peek().kind === 'end') return;
    do {
      const declarator = this.declarator(specified);
      if (declarator.name === undefined) throw cursor.fail(`expected a name, found ${naming(cursor.peek())}`);
      const hasBody = this.#declared(specified, declarator);
      if (hasBody) return;
    } while (cursor.take(','));
    if (cursor.peek().kind !== 'end' && !cursor.take(';')) throw this.#unexpected('the declaration');
  }

  /** Declares what one declarator names; true where a body has ended the declaration. */
  #declared(specified: Specified, declarator: Declarator): boolean {
    const { cursor } = this;
    const name = declarator.name!;
    takeAttributes(cursor, declarator.attributes);
    const symbol = this.label();
    takeAttributes(cursor, declarator.attributes);
    const type = this.finish(specified, declarator, name);
    // What a header defines in itself is in no library.
    const isOwn = specified.isStatic || specified.isInline;
    const hasBody = isOwn && type.kind === 'function' && cursor.sees('{');
    const isInitialized = specified.isStatic && cursor.sees('=');
    if (!specified.isTypedef) this.scope.variables.set(name.text, type);
    if (hasBody) cursor.skipBalanced('{', '}');
    if (isInitialized) this.#skipValue();
    if (specified.isTypedef) this.scope.typedefs.set(name.text, type);
    else if ((!hasBody && !isInitialized) || specified.isExtern)
      this.symbols.push({ name: name.text, type, symbol, at: name });
    return hasBody;
  }

  /** Leaves an initial value out. */
  #skipValue(): void {
    const { cursor } = this;
    const marks: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
    while (!cursor.sees(',') && !cursor.sees(';') && cursor.peek().kind !== 'end') {
      const { kind, text } = cursor.peek();
      if (kind === 'mark' && Object.hasOwn(marks, text)) cursor.skipBalanced(text, marks[text]!);
      else cursor.next();
    }
  }
}
