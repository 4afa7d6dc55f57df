import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist', 'target', '**/build', 'js/generated']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['js/**/*.ts', 'index.d.ts', 'composites.d.ts', 'ownership.d.ts', 'jest.d.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off', // slots and parallel arrays have known lengths
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-invalid-void-type': 'off', // a result type may be void
      '@typescript-eslint/no-empty-object-type': 'off', // no definitions: {}
      '@typescript-eslint/related-getter-setter-pairs': 'off', // variables accept more than they give
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '__test__/**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: { '@typescript-eslint/no-require-imports': 'off', eqeqeq: 'error' },
  },
);
