import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.d.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-imports': ['error', { patterns: [{ group: ['@/features/*'], message: 'features do not import each other; what two of them need is in components, panels or lib' }] }],
    },
  },
  { files: ['src/app/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/components/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['@/api/hooks', '@/api/client', '@/features/*', '@/panels/*'], message: 'components do not fetch' }] }] },
  },
  {
    files: ['src/lib/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['react', '@mantine/*', '@/components/*', '@/api/*', '@/view/*'], message: 'lib is pure' }] }] },
  },
  { files: ['*.js', 'bench/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
