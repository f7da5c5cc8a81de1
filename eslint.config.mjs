import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
  {
    ignores: [
      '**/node_modules',
      '.venv',
      'labextension/lib',
      'jupyter_ext',
      'site',
      'coverage',
      'ui-tests/test-results',
      'ui-tests/playwright-report'
    ]
  },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...ts.configs.strictTypeChecked],
    plugins: { jupyter },
    languageOptions: {
      globals: globals.browser,
      parserOptions: { project: ['./tsconfig.test.json', './ui-tests/tsconfig.json'] }
    },
    rules: {
      ...jupyter.configs.recommended[0].rules,
      'jupyter/no-untranslated-string': 'off', // the panel speaks English only
      'jupyter/prefer-lazy-imports': 'off', // the graph, which is large, is loaded lazily
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, varsIgnorePattern: '^_$' }
      ],
      '@typescript-eslint/unbound-method': 'off', // signals are connected with their receiver
      eqeqeq: ['error', 'always', { null: 'ignore' }]
    }
  },
  { files: ['**/*.js'], languageOptions: { globals: globals.node, sourceType: 'commonjs' } },
  { files: ['labextension/style/*.js'], languageOptions: { sourceType: 'module' } },
  prettier
);
