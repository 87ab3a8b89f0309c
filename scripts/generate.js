// A migration for each dialect: `npm run generate -- --name <what-changes>`.
import { spawnSync } from 'node:child_process'

for (const dialect of ['sqlite', 'postgres']) {
  const { status } = spawnSync('drizzle-kit', ['generate', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, DIALECT: dialect, DATABASE_URL: '' }
  })
  if (status !== 0) process.exit(status ?? 1)
}
