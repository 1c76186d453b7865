import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/', '.cache/', '**/generated/'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // node:test's describe and it return promises that its runner awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    // What reads clocks, sockets and files is told by its folder (docs: the design's determinism rule).
    ignores: [
      'src/flow/world/**',
      'src/pair/channel/**',
      'src/pair/arbiter/**',
      'src/host/**',
      'src/cli/**',
      'src/bench/**',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^node:(fs|net|dgram|http|https|http2|tls|child_process|os|dns|crypto|timers|perf_hooks|worker_threads)',
              message: 'this folder is pure: the world comes in as parameters',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto', 'fetch'].map(
          (name) => ({
            name,
            message: 'this folder is pure: take a clock or the like as a parameter',
          }),
        ),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'take the time as a parameter' },
        { object: 'performance', property: 'now', message: 'take the time as a parameter' },
        { object: 'Math', property: 'random', message: 'take randomness as a parameter' },
        { object: 'process', property: 'hrtime', message: 'take the time as a parameter' },
      ],
    },
  },
);
