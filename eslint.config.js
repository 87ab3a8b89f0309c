import neostandard, { plugins } from 'neostandard'

const layer = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] }
})

const framework = { group: ['fastify', '@fastify/*', '!@fastify/error', 'fastify-plugin'], message: 'The core knows no Fastify.' }
const upwards = { group: ['**/plugins/*', '**/app.js', '**/server.js', '**/cli.js', '**/commands/*'], message: 'Imports only go downwards: entry → plugins → core.' }

export default [
  ...neostandard({ ts: true, ignores: ['dist', '.tap', 'coverage', 'compiled', 'migrations'] }),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error'
    }
  },
  { files: ['test/**/*.test.ts'], rules: { '@typescript-eslint/no-floating-promises': 'off' } },
  layer(['src/{client,database,import,remote,tokens,users,wire}/**/*.ts', 'src/service/settings.ts', 'src/errors.ts', 'src/open-authtoken.ts', 'src/client.ts'], [framework, upwards]),
  layer(['plugins/**/*.ts'], [{ group: ['**/app.js', '**/server.js', '**/cli.js', '**/commands/*'], message: 'A plugin does not know the service.' }])
]
