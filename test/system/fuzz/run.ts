import { parseArgs } from 'node:util'
import { fuzz, type FuzzResult } from './fuzz.js'

const SHOWN = 10

function readArguments (): { requests: number, seed: number } {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) }
    }
  })
  const requests = Number(values.requests)
  const seed = Number(values.seed)
  if (!Number.isInteger(requests) || requests < 1) throw new Error('--requests must be a whole number from 1')
  if (!Number.isInteger(seed) || seed < 0) throw new Error('--seed must be a whole number from 0')
  return { requests, seed }
}

function print ({ requests, seed, statuses, queueFull, unanswered, logLines, errors, findings }: FuzzResult, seconds: number): void {
  console.log(`${requests} requests in ${seconds.toFixed(0)} s, ${logLines} lines of log, seed ${seed}`)
  for (const [status, count] of Object.entries(statuses)) console.log(`${status}  ${count}`)
  console.log(`503 because the queue was full: ${queueFull}; broken requests without an answer: ${unanswered}`)
  for (const error of errors) console.log(`logged: ${error}`)
  for (const kind of new Set(findings.map(({ kind }) => kind))) {
    const list = findings.filter((finding) => finding.kind === kind)
    console.log(`\n${kind}: ${list.length}`)
    for (const { index, detail, request } of list.slice(0, SHOWN)) console.log(`  ${index === null ? '' : `#${index} `}${detail}${request === null ? '' : `\n    ${JSON.stringify(request.slice(0, 500))}`}`)
  }
  console.log(findings.length === 0 ? 'nothing found' : `\n${findings.length} findings`)
}

// The temporary folder goes in a handler of 'exit', which a signal alone would not run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  const options = readArguments()
  console.log(`seed ${options.seed}`)
  const start = performance.now()
  const result = await fuzz(options)
  print(result, (performance.now() - start) / 1000)
  process.exitCode = result.findings.length === 0 ? 0 : 1
} catch (error) {
  console.error(`fuzz: ${(error as Error).message}`)
  process.exitCode = 1
}
