/** The TypeScript blocks of the documentation, checked by the compiler against `index.d.ts`. */
import { join } from 'node:path';
import ts from 'typescript';
import { isAsynchronous, type Block } from './blocks';

const root = join(__dirname, '..', '..');

/** What the compiler says of the blocks in TypeScript, by page and line. */
export function typeErrors(blocks: readonly (Block & { readonly name: string })[]): string[] {
  const files = new Map(
    blocks
      .filter(({ language }) => language === 'ts')
      .map((block, index) => [
        join(__dirname, `block-${index}.${isAsynchronous(block) ? 'mts' : 'ts'}`),
        block,
      ]),
  );
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(
    { ...config.config, include: [], files: [] },
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost({ ...options, skipLibCheck: true });
  const [{ getSourceFile, fileExists, readFile }] = [{ ...host }];
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.code ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const block = files.get(path);
    // A module, even without an import: the blocks' names do not meet.
    if (block === undefined) return getSourceFile(path, target, ...rest);
    return ts.createSourceFile(path, `${block.code}\nexport {};`, target);
  };
  const program = ts.createProgram([...files.keys()], { ...options, skipLibCheck: true }, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const block = file && files.get(file.fileName);
    const line = file && block ? block.line + 1 + file.getLineAndCharacterOfPosition(start ?? 0).line : 0;
    return `${block?.file ?? file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
