import tseslint from 'typescript-eslint';

/** Type-aware rules: an operator lives on promises, and a forgotten one is its commonest silent failure. */
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'imports/**', 'manifests/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // Functions of declarations are written as methods, which are checked bivariantly; none of them has a `this`.
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // Syntax that is more than types cannot be stripped by Node; generated bindings, which have enums, are not linted.
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'TSParameterProperty', message: 'Declare the field.' },
        { selector: 'TSModuleDeclaration[declare!=true]', message: 'Use a module.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    // chai's assertions are property reads.
    rules: { '@typescript-eslint/no-unused-expressions': 'off' },
  },
);
