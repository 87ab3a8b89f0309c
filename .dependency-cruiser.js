// From the bottom to the top: a file may import what is in its own folder, and what stands in the lines before.
const LAYERS = [
  ['src/errors.ts'],
  ['src/safe-error.ts'],
  ['src/options/'],
  ['src/database/'],
  ['src/identity/'],
  ['src/tokens/'],
  ['src/authentication/'],
  ['src/passwords/'],
  ['src/users/'],
  ['src/host/'],
  ['src/api/'],
  ['src/client/', 'src/remote/', 'src/import/'],
  ['src/open-authtoken.ts'],
  ['plugins/http/'],
  ['plugins/*'],
  ['plugins/routes/'],
  ['src/service/'],
  ['src/commands/'],
  ['src/cli.ts', 'src/index.ts', 'src/sqlite.ts', 'src/postgres.ts', 'src/remote.ts', 'src/client.ts', 'src/testing.ts']
]

const CORE = LAYERS.slice(0, LAYERS.findIndex(([first]) => first.startsWith('plugins/'))).flat()

export default {
  forbidden: [
    ...LAYERS.flatMap((layer, i) => layer.map((place) => ({
      name: `${place} may import only what is below it`,
      severity: 'error',
      from: { path: pattern(place) },
      to: { path: [...layer.filter((other) => other !== place), ...LAYERS.slice(i + 1).flat()].map(pattern) }
    }))).filter(({ to }) => to.path.length > 0),
    {
      name: 'each file needs a place in the layers of .dependency-cruiser.js',
      severity: 'error',
      from: {},
      to: { path: '^(src|plugins)/', pathNot: LAYERS.flat().map(pattern) }
    },
    {
      name: 'the core knows no Fastify, but its errors',
      severity: 'error',
      from: { path: CORE.map(pattern) },
      to: { path: '(^|node_modules/)(fastify|fastify-plugin|@fastify/(?!error(/|$))[^/]+)(/|$)' }
    },
    { name: 'no imports in a circle', severity: 'error', from: {}, to: { circular: true } }
  ],
  options: {
    // Imports of types count too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' }
  }
}

function pattern (place) {
  if (place.endsWith('/*')) return `^${place.slice(0, -1)}[^/]+$`
  return `^${place.replace('.', '\\.')}${place.endsWith('/') ? '' : '$'}`
}
